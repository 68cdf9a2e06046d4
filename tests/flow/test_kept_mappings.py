"""How uploads are read outlives a catalog that was lost, and only what describes a format is believed."""

import contextlib
import io
import json

import pytest

from pipeline.clock import utc_now
from pipeline.errors import ObjectChanged, ObjectUnreadable, StoreError
from pipeline.flow.intake import look
from pipeline.flow.kept_mappings import KeptMappings, keep_all_mappings, keep_mappings
from pipeline.flow.scan import Cursor
from pipeline.state.catalog.catalog import Catalog
from tests.flow.test_reconcile import Parts
from tests.state.catalog.examples import start_upload

MAPPING = '{"prompt":"request","answer":"reply"}'
OTHER = '{"prompt":"q","answer":"a"}'
KEY = "uploads/ana/file.jsonl"
FILE = "uploads/ana/.mappings"


@pytest.fixture
def parts(tmp_path):
    made = Parts(tmp_path / "data")
    yield made
    made.catalog.close()


def written(parts) -> dict[str, str]:
    return json.loads((parts.settings.data_dir / FILE).read_bytes())


def write(parts, text: bytes) -> None:
    parts.store.put(FILE, io.BytesIO(text), len(text))


def mapped(parts, name: str = "file", mapping: str | None = MAPPING) -> str:
    parts.drop(name)
    [dataset_id] = parts.register()
    parts.catalog.set_mapping(dataset_id, "ana", mapping, utc_now())
    keep_mappings(parts.store, parts.catalog, f"uploads/ana/{name}.jsonl")
    return dataset_id


@pytest.mark.parametrize("made_again_by", ["register", "reconcile"])
def test_a_catalog_that_was_lost_has_the_mapping_again(parts, made_again_by):
    dataset_id = mapped(parts)
    lose_catalog(parts)

    getattr(parts, made_again_by)()

    assert parts.catalog.get(dataset_id).mapping == MAPPING


def test_a_mapping_that_is_taken_back_is_written_down_no_more(parts):
    dataset_id = mapped(parts)

    parts.catalog.set_mapping(dataset_id, "ana", None, utc_now())
    keep_mappings(parts.store, parts.catalog, KEY)

    assert written(parts) == {}


def test_a_reconciliation_writes_what_was_not_written_down(parts):
    mapped(parts)
    write(parts, b"{}")

    parts.reconcile()

    assert written(parts) == {KEY: MAPPING}


def test_what_the_catalog_has_no_row_of_stays(parts):
    write(parts, json.dumps({"uploads/ana/lost.jsonl": OTHER}).encode())

    mapped(parts)
    keep_all_mappings(parts.store, parts.catalog)

    assert written(parts) == {KEY: MAPPING, "uploads/ana/lost.jsonl": OTHER}


def test_a_reconciliation_writes_down_no_mapping_any_more_where_there_is_none(parts):
    dataset_id = mapped(parts)
    parts.catalog.set_mapping(dataset_id, "ana", None, utc_now())

    parts.reconcile()

    assert written(parts) == {}


def test_what_is_said_of_the_files_of_others_is_written_down_no_more(parts):
    write(parts, json.dumps({"uploads/bob/x.jsonl": OTHER, "elsewhere": OTHER, "uploads/ana/\0": OTHER}).encode())

    mapped(parts)

    assert written(parts) == {KEY: MAPPING}


class Failing:
    """A store in which one file of mappings cannot be opened."""

    def __init__(self, store, error):
        self._store, self._error = store, error

    def __getattr__(self, name):
        return getattr(self._store, name)

    def open(self, key, *args, **options):
        if key == FILE:
            raise self._error
        return self._store.open(key, *args, **options)


def lose_catalog(parts) -> None:
    parts.catalog.close()
    for file in parts.settings.data_dir.glob("catalog*"):
        file.unlink()
    parts.catalog = Catalog.open(parts.settings.catalog_url)


@pytest.mark.parametrize("error", [StoreError("timed out"), ObjectUnreadable("not yours"), ObjectChanged("it changed")])
def test_what_cannot_be_read_now_is_read_later_and_nothing_is_lost(parts, caplog, error):
    dataset_id = mapped(parts)
    lose_catalog(parts)
    whole, parts.store = parts.store, Failing(parts.store, error)

    with contextlib.suppress(StoreError):
        parts.register()
    keep_mappings(parts.store, parts.catalog, KEY)
    keep_all_mappings(parts.store, parts.catalog)
    kept, told = written(parts), caplog.text
    parts.store = whole
    parts.register()

    assert (kept, parts.catalog.get(dataset_id).mapping) == ({KEY: MAPPING}, MAPPING)
    assert f"mappings of ana are not written down: {error}" in told


def test_a_folder_whose_mappings_may_not_be_read_keeps_out_nobody_else(parts):
    parts.drop("file")
    other = parts.settings.data_dir / "uploads" / "bob" / "file.jsonl"
    other.parent.mkdir()
    other.write_bytes(b"{}\n")
    parts.store = Failing(parts.store, ObjectUnreadable("not yours"))

    found = look(parts.store, parts.catalog, parts.settings, Cursor(), utc_now())

    assert ([parts.catalog.get(each).user_id for each in found.registered], found.unreadable) == (
        ["bob"],
        {"uploads/ana/file.jsonl": "not yours"},
    )


def test_every_folder_is_visited_whatever_its_name(parts):
    folder = parts.settings.data_dir / "uploads" / "ana  of spring"
    folder.mkdir(parents=True)
    (folder / "file.jsonl").write_bytes(b"{}\n")
    parts.register()
    (folder / ".mappings").write_text(json.dumps({"uploads/ana  of spring/file.jsonl": MAPPING}))
    start_upload(parts.catalog, "d1", user_id="../\0a")

    keep_all_mappings(parts.store, parts.catalog)

    assert (folder / ".mappings").read_text() == "{}"


def test_the_file_is_no_upload_and_nobody_is_told_of_it(parts):
    mapped(parts)

    found = parts.reconcile()

    assert (found.registered, found.ignored.total) == ((), 0)


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"\xff", b'{"uploads/ana/file.jsonl": "/etc/passwd"}', b'{"uploads/ana/file.jsonl": 1}']
)
def test_what_describes_no_format_is_none(parts, text):
    write(parts, text)

    assert KeptMappings(parts.store).of(KEY) is None
    assert KeptMappings(parts.store).of("uploads/a\\b/x") is None


def test_a_store_that_cannot_be_written_is_logged(parts, caplog):
    mapped(parts)
    folder = parts.settings.data_dir / "uploads" / "ana"
    (folder / ".mappings").unlink()
    (folder / ".mappings").mkdir()

    keep_mappings(parts.store, parts.catalog, KEY)

    assert "mappings of ana are not written down" in caplog.text
