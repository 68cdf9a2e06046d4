"""How uploads are read outlives a catalog that was lost, and only what describes a format is believed."""

import io
import json

import pytest

from pipeline.clock import utc_now
from pipeline.flow.kept_mappings import KeptMappings, keep_all_mappings, keep_mappings
from pipeline.state.catalog.catalog import Catalog
from tests.flow.test_reconcile import Parts

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
    parts.catalog.close()
    for file in parts.settings.data_dir.glob("catalog*"):
        file.unlink()
    parts.catalog = Catalog.open(parts.settings.catalog_url)

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
