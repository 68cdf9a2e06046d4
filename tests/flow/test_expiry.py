"""At expiry, what is whole is confirmed by itself; what is not is given up with its reason, and its parts go."""

import io
from datetime import timedelta

import pytest

from pipeline.clock import utc_now
from pipeline.errors import StoreError
from pipeline.flow.expiry import Expired, expire_uploads
from pipeline.flow.marks import STORE_KEY
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import AnnouncedUpload
from pipeline.state.store import make_store
from pipeline.state.store.local_store import LocalStore
from tests.permissions import forbid

SIZE = 100
LATER = timedelta(hours=25)


@pytest.fixture
def catalog(settings):
    with Catalog.open(settings.catalog_url) as opened:
        yield opened


@pytest.fixture
def announce(catalog):
    def make(dataset_id: str, size_bytes: int = SIZE) -> str:
        key = f"uploads/ana/{dataset_id}/chat.jsonl"
        catalog.create_upload(
            AnnouncedUpload(dataset_id, dataset_id, "local", key, "chat.jsonl", size_bytes), "ana", utc_now()
        )
        return key

    return make


def write(settings, key: str, size_bytes: int):
    path = settings.data_dir / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size_bytes)
    return path


def expire(settings, catalog) -> Expired:
    return expire_uploads(make_store(settings), catalog, settings, utc_now() + LATER)


def test_what_is_whole_is_confirmed_whether_or_not_it_had_its_name(settings, catalog, announce):
    write(settings, announce("in-place"), SIZE)
    key = announce("aside")
    part = write(settings, "uploads/.incoming/aside.part", SIZE)

    assert expire(settings, catalog) == Expired(confirmed=("in-place", "aside"), given_up=())

    assert not part.exists()
    assert (settings.data_dir / key).stat().st_size == SIZE
    assert [each.status for each in catalog.unrequested(10, utc_now())] == ["validating", "validating"]
    assert catalog.notifications("ana") == []


@pytest.mark.parametrize(
    ("arrived", "why"),
    [
        (None, "expected 100 bytes, found that not all arrived"),
        (99, "expected the 100 bytes that were announced, found 99"),
        (101, "expected the 100 bytes that were announced, found 101"),
    ],
)
def test_what_is_not_whole_is_given_up_with_its_reason(settings, catalog, announce, arrived, why):
    key = announce("d1")
    if arrived is not None:
        write(settings, key, arrived)

    assert expire(settings, catalog) == Expired((), ("d1",))

    assert (catalog.get("d1").status, catalog.get("d1").failure) == ("error", why)
    assert why in catalog.notifications("ana")[0].message


def test_a_deleted_upload_keeps_its_bytes_and_comes_back_with_them(settings, catalog, announce):
    write(settings, announce("d1"), SIZE)
    catalog.soft_delete("d1", "ana", utc_now())

    assert expire(settings, catalog) == Expired(("d1",), ())

    assert catalog.unrequested(10, utc_now()) == []
    assert catalog.restore("d1", "ana", utc_now()).status == "validating"


def test_one_that_cannot_be_looked_at_waits_and_keeps_no_other_waiting(settings, catalog, announce, monkeypatch):
    """Nor is anything removed: its parts may be whole."""
    closed = write(settings, announce("closed"), SIZE)
    write(settings, announce("open"), SIZE)
    forbid(monkeypatch, closed)

    with pytest.raises(StoreError):
        expire(settings, catalog)

    assert [catalog.get(each).status for each in ("closed", "open")] == ["uploading", "validating"]
    monkeypatch.undo()
    assert expire(settings, catalog) == Expired(("closed",), ())


def test_a_manifest_whose_shards_the_store_refuses_is_given_up(settings, catalog, monkeypatch):
    key, manifest = "uploads/ana/m/m.shards.json", b'{"shards": ["a.jsonl"]}'
    announced = AnnouncedUpload("m", "m", "local", key, "m.shards.json", len(manifest))
    catalog.create_upload(announced, "ana", utc_now())
    make_store(settings).put(key, io.BytesIO(manifest), len(manifest))
    stat = LocalStore.stat

    def some(store, key):
        if key.endswith("a.jsonl"):
            raise StoreError("no")
        return stat(store, key)

    monkeypatch.setattr(LocalStore, "stat", some)

    assert expire(settings, catalog) == Expired((), ("m",))
    assert catalog.get("m").failure == f"the shards of {key} cannot be looked at: no"


@pytest.mark.needs_s3
def test_parts_that_all_arrived_in_a_bucket_become_one_object(settings, catalog, announce, s3_gateway, monkeypatch):
    """The others are removed."""
    for name, value in s3_gateway.environment.items():
        monkeypatch.setenv(name, value)
    bucket, endpoint = s3_gateway.new_bucket(), s3_gateway.endpoint_url
    on_s3 = settings.model_copy(update={"store": f"s3://{bucket}", "s3_endpoint_url": endpoint})
    client = s3_gateway.client()
    whole, partly = announce("whole", (5 << 20) + 1), announce("partly", (5 << 20) + 1)
    for key, parts in ((whole, (5 << 20, 1)), (partly, (5 << 20,))):
        upload_id = client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        for number, size in enumerate(parts, start=1):
            client.upload_part(Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=b"x" * size)

    found = expire_uploads(make_store(on_s3), catalog, on_s3, utc_now() + LATER)

    assert found == Expired(("whole",), ("partly",))
    assert {each["Key"] for each in client.list_objects_v2(Bucket=bucket)["Contents"]} - {STORE_KEY} == {whole}
    assert client.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
    client.close()
