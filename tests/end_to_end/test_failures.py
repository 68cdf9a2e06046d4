"""What we depend on breaks for real; each time a clear error, another try, and nothing lost once it is mended."""

import base64
import random
import resource
import shutil
import sqlite3
import subprocess
from contextlib import closing, contextmanager

import pytest

from tests.installation import bad_file, conversation, valid_file

DISK_BYTES = 4 * 2**20


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """A run waits for a service for minutes, a sensor for what Dagster lost; neither does here."""
    monkeypatch.setattr("pipeline.flow.batch_work.OUTAGE_PATIENCE_S", 0)
    monkeypatch.setattr("pipeline.flow.batch_work._LOOK_EVERY_S", 0)
    monkeypatch.setattr("pipeline.flow.batch_work._SECOND_TRY_S", 0)


def _fail(installation):
    """Let the requested runs fail, and the sensor take note; return what the last one says."""
    runs = installation.ingest()
    assert [run.success for run in runs] == [False]
    installation.tick("failed_runs")
    return installation.failures()[-1]


def _mended(installation):
    """Whether every dataset gets its verdict now, without having lost an attempt, and was not spoken of before."""
    assert installation.notices() == []
    assert {each.attempt for each in installation.datasets()} == {0}
    assert [run.success for run in installation.ingest()] == [True]
    return installation.statuses()


def _at_once(installation):
    """As if the pauses were over."""
    with installation.catalog() as catalog:
        catalog.retry_now("validation")


@pytest.fixture
def unreachable_s3(monkeypatch):
    """The settings of a store at a port where nobody listens."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return {"s3_endpoint_url": "http://127.0.0.1:9"}


def test_a_store_that_cannot_be_reached(make_installation, unreachable_s3):
    """The run names the address and the setting."""
    installation = make_installation()
    installation.drop("file.jsonl", valid_file())
    [tags] = installation.tick().runs
    broken = make_installation(store="s3://uploads", **unreachable_s3)

    assert not broken.run("ingest", tags).success
    [told] = installation.failures()
    installation.tick("failed_runs")

    assert "Could not connect to the endpoint URL" in told
    assert "check that http://127.0.0.1:9 is up and LORA_S3_ENDPOINT_URL right" in told
    assert _mended(installation) == {"file": "ready"}


def test_a_lake_that_cannot_be_reached(make_installation, unreachable_s3):
    """The same for the lake's bucket."""
    installation = make_installation()
    installation.drop("file.jsonl", valid_file())
    [tags] = installation.tick().runs
    broken = make_installation(lake="s3://lake", **unreachable_s3)

    assert not broken.run("ingest", tags).success
    [told] = installation.failures()
    installation.tick("failed_runs")

    assert "stopped, nothing is lost, what is left is asked for again: " in told
    assert "http://127.0.0.1:9/lake/" in told
    assert "check that http://127.0.0.1:9 is up and LORA_S3_ENDPOINT_URL right" in told
    mended = make_installation()
    assert _mended(mended) == {"file": "ready"}


def test_a_store_folder_that_is_gone_for_a_while(installation):
    """An unmounted disk is no deleted upload: nobody is told so, and there is a verdict when it is back."""
    installation.tick("failed_runs")
    installation.drop("file.jsonl", valid_file())
    tick = installation.tick()
    elsewhere = installation.uploads.with_name("elsewhere")
    installation.uploads.rename(elsewhere)
    assert not installation.run("ingest", tick.runs[0]).success
    assert "expected the store of this installation at" in installation.failures()[0]
    assert installation.statuses() == {"file": "validating"}
    assert installation.notices() == []

    elsewhere.rename(installation.uploads)
    installation.tick("failed_runs")
    installation.ingest()

    assert installation.statuses() == {"file": "ready"}
    assert [kind for kind, _ in installation.notices()] == ["dataset_ready"]


def test_a_store_that_is_down_is_not_asked_for_every_dataset_of_a_batch(installation):
    """Three failures in a row say enough; all five are validated once it is mended."""
    for number in range(5):
        installation.drop(f"file-{number}.jsonl", valid_file(2, seed=number))
    tick = installation.tick()
    owner = installation.uploads / "ana"
    owner.rename(installation.uploads / "hidden")
    owner.symlink_to(owner)

    assert not installation.run("ingest", tick.runs[0]).success
    installation.tick("failed_runs")
    [told] = installation.failures()
    owner.unlink()
    (installation.uploads / "hidden").rename(owner)

    assert "3 datasets in a row failed for services, the others are left for later" in told
    assert sorted(each.attempt for each in installation.datasets()) == [0, 0, 1, 1, 1]
    assert installation.ingest() == []
    _at_once(installation)
    assert {run.success for run in installation.ingest()} == {True}
    assert installation.statuses() == {f"file-{number}": "ready" for number in range(5)}


def test_a_store_folder_that_may_not_be_read(installation):
    """A loop of links refuses everybody, root too; the run says which path."""
    installation.drop("file.jsonl", valid_file())
    tick = installation.tick()
    owner = installation.uploads / "ana"
    owner.rename(installation.uploads / "hidden")
    owner.symlink_to(owner)

    assert not installation.run("ingest", tick.runs[0]).success
    installation.tick("failed_runs")
    [told] = installation.failures()
    owner.unlink()
    (installation.uploads / "hidden").rename(owner)

    assert f"{owner}/file.jsonl" in told
    assert installation.dataset("file").attempt == 1  # the store itself is well
    _at_once(installation)
    assert [run.success for run in installation.ingest()] == [True]
    assert installation.statuses() == {"file": "ready"}


@contextmanager
def small_disk(folder):
    """A folder on a disk of 4 MiB: a file system of its own where we may mount one, else a limit on files."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    if shutil.which("mount") and subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        try:
            yield "No space left on device"
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (DISK_BYTES, hard))
    try:
        yield "File too large"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _incompressible_file():
    rng = random.Random(1)
    texts = [base64.b64encode(rng.randbytes(45_000)).decode() for _ in range(100)]
    return "".join(conversation(number, words=text) for number, text in enumerate(texts)).encode()


def test_a_full_disk(make_installation, tmp_path):
    """Half a dataset is not a dataset: what was written is removed, the neighbour in the run has its verdict."""
    installation = make_installation(lake=str(tmp_path / "disk" / "lake"))
    installation.drop("a-small.jsonl", valid_file())
    installation.drop("large.jsonl", _incompressible_file())
    installation.drop("z-bad.jsonl", bad_file())

    with small_disk(tmp_path / "disk") as reason:
        told = _fail(installation)

        assert reason in told
        assert f"{tmp_path}/disk/lake/_staging/" in told
        assert installation.statuses() == {"a-small": "ready", "large": "validating", "z-bad": "error"}
        assert not installation.lake.has(installation.dataset("large").id)
        assert list((tmp_path / "disk" / "lake" / "_staging").iterdir()) == []
        kept = [installation.dataset(name).id for name in ("a-small", "z-bad")]
        shutil.copytree(tmp_path / "disk" / "lake", tmp_path / "copy")

    shutil.copytree(tmp_path / "copy", tmp_path / "disk" / "lake", dirs_exist_ok=True)
    _at_once(installation)
    assert [run.success for run in installation.ingest()] == [True]
    assert installation.statuses() == {"a-small": "ready", "large": "ready", "z-bad": "error"}
    assert sorted(kind for kind, _ in installation.notices()) == ["dataset_error", "dataset_ready", "dataset_ready"]
    assert [installation.lake.has(each) for each in kept] == [True, True]


def test_a_locked_catalog(installation, monkeypatch):
    """Somebody holds a transaction open for longer than anyone should."""
    monkeypatch.setattr("pipeline.state.catalog.catalog_engine.LOCK_TIMEOUT_S", 0.2)  # 30 s in production
    installation.drop("file.jsonl", valid_file())
    [tags] = installation.tick().runs

    with closing(sqlite3.connect(installation.settings.data_dir / "catalog.db", isolation_level=None)) as intruder:
        intruder.execute("BEGIN EXCLUSIVE")
        assert not installation.run("ingest", tags).success
        [told] = installation.failures()
        intruder.execute("ROLLBACK")
    installation.tick("failed_runs")

    assert "catalog.db is locked: another process wrote to it for 0.2 s; try again" in told
    assert "LORA_CATALOG_URL" in told
    assert _mended(installation) == {"file": "ready"}
