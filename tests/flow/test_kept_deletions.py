"""A deletion outlives a catalog that was lost or restored from before it, and one that was taken back stays so."""

import io
import json
import shutil

import pytest

from pipeline.clock import utc_now
from pipeline.flow.kept_deletions import keep_deletions
from pipeline.state.catalog.catalog import Catalog
from tests.flow.test_kept_mappings import lose_catalog
from tests.flow.test_reconcile import Parts

FILE = "uploads/ana/.deleted"


@pytest.fixture
def parts(tmp_path):
    made = Parts(tmp_path / "data")
    yield made
    made.catalog.close()


def written(parts) -> set[str]:
    return set(json.loads((parts.settings.data_dir / FILE).read_bytes()))


def registered(parts, name: str = "file") -> str:
    parts.drop(name)
    [dataset_id] = parts.register()
    return dataset_id


def delete(parts, dataset_id: str) -> None:
    keep_deletions(parts.store, parts.catalog, parts.catalog.soft_delete(dataset_id, "ana", utc_now()))


def restore(parts, dataset_id: str) -> None:
    keep_deletions(parts.store, parts.catalog, parts.catalog.restore(dataset_id, "ana", utc_now()))


def is_deleted(parts, dataset_id: str) -> bool:
    return parts.catalog.get(dataset_id).deleted_at is not None


@pytest.mark.parametrize("made_again_by", ["register", "reconcile"])
def test_what_was_deleted_does_not_come_back_with_a_new_catalog(parts, made_again_by):
    """It is registered, because its bytes lie there; nobody waits for it, and nobody is told."""
    dataset_id = registered(parts)
    delete(parts, dataset_id)
    lose_catalog(parts)

    getattr(parts, made_again_by)()

    assert is_deleted(parts, dataset_id)
    assert parts.waiting() == []
    assert written(parts) == {dataset_id}


def test_what_was_deleted_after_the_backup_is_deleted_again(parts, tmp_path):
    kept, deleted = registered(parts), registered(parts, "other")
    parts.catalog.close()
    shutil.copytree(parts.settings.data_dir, tmp_path / "backup", ignore=shutil.ignore_patterns("uploads"))
    parts.catalog = Catalog.open(parts.settings.catalog_url)
    delete(parts, deleted)
    parts.catalog.close()
    shutil.copytree(tmp_path / "backup", parts.settings.data_dir, dirs_exist_ok=True)
    for left in parts.settings.data_dir.glob("catalog.db-*"):
        left.unlink()
    parts.catalog = Catalog.open(parts.settings.catalog_url)
    assert not is_deleted(parts, deleted)

    parts.reconcile()

    assert (is_deleted(parts, kept), is_deleted(parts, deleted)) == (False, True)


@pytest.mark.parametrize("is_lost", [False, True])
def test_what_was_taken_back_stays_although_that_could_not_be_written_down(parts, is_lost):
    dataset_id = registered(parts)
    delete(parts, dataset_id)
    if is_lost:
        lose_catalog(parts)
        parts.register()
    parts.catalog.restore(dataset_id, "ana", utc_now())
    assert written(parts) == {dataset_id}

    parts.reconcile()

    assert not is_deleted(parts, dataset_id)
    assert written(parts) == set()


def test_other_bytes_at_its_path_are_not_deleted(parts):
    delete(parts, registered(parts))
    lose_catalog(parts)
    (parts.settings.data_dir / "uploads/ana/file.jsonl").write_bytes(b"other\n")

    [other] = parts.register()

    assert not is_deleted(parts, other)


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"\xff", b'{"ID": "yesterday"}', b'{"ID": "2026-01-01T00:00:00"}', b"{1:"]
)
def test_what_says_no_deletion_is_none(parts, text):
    dataset_id = registered(parts)
    parts.store.put(
        FILE,
        io.BytesIO(text.replace(b"ID", dataset_id.encode())),
        len(text) + text.count(b"ID") * (len(dataset_id) - 2),
    )

    parts.reconcile()

    assert not is_deleted(parts, dataset_id)


def test_nobody_deletes_what_is_anothers(parts):
    dataset_id = registered(parts)
    text = json.dumps({dataset_id: utc_now().isoformat()}).encode()
    parts.drop("../bob/file")
    parts.register()
    parts.store.put("uploads/bob/.deleted", io.BytesIO(text), len(text))

    parts.reconcile()

    assert not is_deleted(parts, dataset_id)


def test_a_store_that_is_not_there_is_logged(parts, caplog):
    dataset_id = registered(parts)
    uploads = parts.settings.data_dir / "uploads"
    uploads.rename(uploads.with_name("away"))

    delete(parts, dataset_id)

    assert "deletions of ana are not written down" in caplog.text
    assert not uploads.exists()
