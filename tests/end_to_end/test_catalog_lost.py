"""A catalog that is lost, or older than the store: every upload is back under its id, and nobody is told twice."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.installation import Installation, MakeInstallation, bad_file, valid_file
from tests.service.serving import SECRET, Serving, serving

ODD_OWNER = "https://id.example/users/7"  # no folder can be called that


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.needs_s3)])
def installation(request: pytest.FixtureRequest, make_installation: MakeInstallation, monkeypatch) -> Installation:
    if request.param == "local":
        return make_installation(jwt_secret=SECRET)
    gateway = request.getfixturevalue("s3_gateway")
    for name, value in gateway.environment.items():
        monkeypatch.setenv(name, value)
    store = f"s3://{gateway.new_bucket()}/in"
    return make_installation(jwt_secret=SECRET, store=store, s3_endpoint_url=gateway.endpoint_url)


def drop(installation: Installation, name: str, content: bytes) -> None:
    import io

    from pipeline.state.store import make_store

    make_store(installation.settings).put(f"uploads/ana/{name}", io.BytesIO(content), len(content))


@contextmanager
def stopped_service(installation: Installation) -> Iterator[Serving]:
    """A service that runs for the block: whoever replaces a catalog stops it first."""
    with serving(installation.settings) as service:
        yield service


def upload_each_way(installation: Installation, seed: int) -> list[str]:
    """Through the service, under an odd name, and dropped; returns the ids that the service gave."""
    with stopped_service(installation) as service, service.client("ana") as ana, service.client(ODD_OWNER) as odd:
        good = service.upload(ana, valid_file(seed=seed), name="good")
        bad = service.upload(ana, bad_file(seed=seed), name="bad")
        theirs = service.upload(odd, valid_file(seed=seed + 1), name="theirs")
    drop(installation, f"dropped-{seed}.jsonl", valid_file(seed=seed + 2))
    return [good, bad, theirs]


def found(installation: Installation) -> dict[str, tuple[str, str, str]]:
    return {each.id: (each.user_id, each.storage_path, each.status) for each in installation.datasets()}


def told(installation: Installation) -> Counter[tuple[str | None, str]]:
    with installation.catalog() as catalog:
        return Counter((each.dataset_id, each.kind) for each in catalog.notifications(None, limit=1_000))


def test_after_the_catalog_was_lost(installation):
    service_ids = upload_each_way(installation, seed=1)
    installation.ingest()
    before = found(installation)
    installation.lose_catalog()

    assert installation.run("reconcile").success
    installation.ingest()

    assert found(installation) == before
    assert set(service_ids) < set(before)
    assert set(told(installation).values()) == {1}
    assert installation.run("reconcile").success
    assert installation.ingest() == []
    assert found(installation) == before


def test_the_sensor_alone_brings_back_what_has_no_row(installation):
    upload_each_way(installation, seed=1)
    installation.ingest()
    before = found(installation)
    installation.lose_catalog()

    installation.ingest()

    assert found(installation) == before


def test_after_a_catalog_was_restored_that_is_older_than_the_store(installation):
    """Some uploads it never heard of, one it knows unconfirmed, one it knows undeleted."""
    upload_each_way(installation, seed=1)
    installation.ingest()
    content = valid_file(seed=77)
    with stopped_service(installation) as service, service.client("ana") as ana:
        started = service.announce(ana, content, name="late")
        late = started["dataset"]["id"]
        part = started["upload"]["parts"][0]
    kept = installation.settings.data_dir / "kept"
    kept.mkdir()
    for path in installation.settings.data_dir.glob("catalog.db*"):
        shutil.copy(path, kept)
    with stopped_service(installation) as service, service.client("ana") as ana, service.client(None) as sender:
        assert sender.put(part["url"], content=content, headers=part["headers"]).is_success
        assert ana.post(f"/api/datasets/{late}/confirm").is_success
    newer = upload_each_way(installation, seed=5)
    installation.ingest()
    before = found(installation)
    installation.lose_catalog()
    for path in kept.iterdir():
        shutil.copy(path, installation.settings.data_dir)

    assert installation.run("reconcile").success
    installation.ingest()

    assert found(installation) == before
    assert {*newer, late} < set(before)
    assert set(told(installation).values()) == {1}


def test_an_upload_that_arrived_whole_and_was_never_confirmed_is_confirmed_at_expiry(make_installation):
    installation = make_installation(jwt_secret=SECRET, unconfirmed_expiry_h=1e-9)
    content = valid_file(seed=3)
    with stopped_service(installation) as service, service.client("ana") as ana, service.client(None) as sender:
        started = service.announce(ana, content, name="forgotten")
        part = started["upload"]["parts"][0]
        sender.put(part["url"], content=content, headers=part["headers"])
        service.announce(ana, content, name="never sent")

    assert installation.run("expire_uploads").success
    installation.ingest()

    assert installation.statuses() == {"forgotten": "ready", "never sent": "error"}
    assert sorted(kind for kind, _ in installation.notices()) == ["dataset_ready", "upload_expired"]
