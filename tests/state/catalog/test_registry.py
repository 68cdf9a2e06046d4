"""Promises of `pipeline.state.catalog.dropped_files`."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import Dataset
from tests.how_many import examples
from tests.state.catalog.examples import LATER, MUCH_LATER, NOON, READY, start_upload, upload
from tests.state.catalog.statements_seen import plan_of, statements_seen

PATH = "uploads/ann/train.jsonl"


def _dataset(upload, **changes):
    """The row that a new upload gets."""
    empty = dict.fromkeys(field for field in Dataset.__dataclass_fields__)
    return Dataset(
        **empty
        | {
            "id": upload.dataset_id,
            "user_id": upload.user_id,
            "name": upload.name,
            "status": "validating",
            "storage_bucket": upload.storage_bucket,
            "storage_path": upload.storage_path,
            "file_name": upload.file_name,
            "file_size": upload.file_size,
            "training_ready": False,
            "created_at": NOON,
            "updated_at": NOON,
            "content_version": upload.content_version,
            "observed_version": upload.observed_version,
            "attempt": 0,
            "asked": 0,
            "crashes": 0,
        }
        | changes
    )


def test_a_new_upload_becomes_a_dataset_in_validation(catalog):
    drop = upload("d1")

    ids = catalog.register_uploads([drop], NOON)

    assert ids == ["d1"]
    assert catalog.get("d1") == _dataset(drop)


def test_no_uploads_are_no_work(catalog):
    assert catalog.register_uploads([], NOON) == []
    assert catalog.known_versions([]) == {}


def test_new_ids_come_in_the_given_order(catalog):
    catalog.register_uploads([upload("b")], NOON)

    ids = catalog.register_uploads([upload("c"), upload("b"), upload("a"), upload("c")], LATER)

    assert ids == ["c", "a"]


def test_the_same_upload_again_refreshes_only_the_observed_version(catalog):
    drop = upload("d1")
    catalog.register_uploads([drop], NOON)

    ids = catalog.register_uploads([replace(drop, observed_version="touched", name="other", file_size=1)], LATER)

    assert ids == []
    assert catalog.get("d1") == _dataset(drop, observed_version="touched")


def test_other_bytes_at_a_path_supersede_the_dataset_there(catalog):
    first, second = upload("d1", path=PATH), upload("d2", path=PATH)
    catalog.register_uploads([first], NOON)

    ids = catalog.register_uploads([second], LATER)

    assert ids == ["d2"]
    assert catalog.get("d1") == _dataset(first, superseded_by="d2", updated_at=LATER)
    assert catalog.get("d2") == _dataset(second, created_at=LATER, updated_at=LATER)


def test_overwrites_within_one_call_leave_the_last_one_current(catalog):
    drops = [upload(i, path=PATH) for i in ("d1", "d2", "d3")]

    ids = catalog.register_uploads(drops, NOON)

    assert ids == ["d1", "d2", "d3"]
    assert [catalog.get(i).superseded_by for i in ids] == ["d2", "d3", None]


def test_bytes_that_come_back_make_their_dataset_current_again(catalog):
    first, second = upload("d1", path=PATH), upload("d2", path=PATH)
    catalog.register_uploads([first], NOON)
    catalog.register_uploads([second], LATER)

    ids = catalog.register_uploads([first], MUCH_LATER)

    assert ids == []
    assert catalog.get("d1") == _dataset(first, updated_at=MUCH_LATER)
    assert catalog.get("d2") == _dataset(second, superseded_by="d1", created_at=LATER, updated_at=MUCH_LATER)


def test_a_dataset_that_comes_back_unvalidated_is_asked_for_again(catalog):
    first, second = upload("d1", path=PATH), upload("d2", path=PATH)
    catalog.register_uploads([first], NOON)
    catalog.mark_requested(["d1"], "key", NOON)
    catalog.register_uploads([second], LATER)

    catalog.register_uploads([first], MUCH_LATER)

    assert [d.id for d in catalog.unrequested(10, NOON)] == ["d1"]


def test_a_dataset_that_comes_back_keeps_its_verdict(catalog):
    first, second = upload("d1", path=PATH), upload("d2", path=PATH)
    catalog.register_uploads([first], NOON)
    catalog.record_verdict(READY, NOON)
    catalog.register_uploads([second, first], LATER)

    dataset = catalog.get("d1")

    assert (dataset.status, dataset.superseded_by) == ("ready", None)


def test_a_deleted_dataset_keeps_its_path_until_other_bytes_come(catalog):
    first, second = upload("d1", path=PATH), upload("d2", path=PATH)
    catalog.register_uploads([first], NOON)
    catalog.soft_delete("d1", "ann", NOON)

    same_bytes = catalog.register_uploads([first], LATER)
    other_bytes = catalog.register_uploads([second], LATER)

    assert (same_bytes, other_bytes) == ([], ["d2"])
    assert catalog.get("d1") == _dataset(first, deleted_at=NOON, superseded_by="d2", updated_at=LATER)


def test_a_path_whose_upload_is_not_confirmed_is_left_alone(catalog):
    started = start_upload(catalog, "d1", path=PATH)

    ids = catalog.register_uploads([upload("d2", path=PATH)], LATER)

    assert ids == []
    assert catalog.get("d1") == started
    assert catalog.known_versions([PATH]) == {PATH: ""}


def test_a_confirmed_upload_seen_in_the_store_is_the_same_dataset(catalog):
    start_upload(catalog, "d1", path=PATH)
    catalog.confirm_upload("d1", "ann", "v1", "etag-1", NOON)

    ids = catalog.register_uploads([upload("derived-id", path=PATH, version="v1")], LATER)

    assert ids == []
    assert catalog.known_versions([PATH]) == {PATH: "seen-v1"}


def test_an_id_stays_with_its_path(catalog):
    catalog.register_uploads([upload("d1", path=PATH)], NOON)

    ids = catalog.register_uploads([upload("d1", path="elsewhere")], LATER)

    assert ids == []
    assert catalog.known_versions([PATH, "elsewhere"]) == {PATH: "seen-d1"}


def test_a_path_that_is_not_text_is_left_out_and_the_others_go_on(catalog):
    ids = catalog.register_uploads([upload("d1", path="bad\udcff"), upload("d2")], NOON)

    assert ids == ["d2"]
    assert catalog.known_versions(["bad\udcff"]) == {}


def test_known_versions_are_those_of_current_datasets(catalog):
    catalog.register_uploads([upload("d1", path=PATH), upload("d2", path=PATH), upload("d3")], NOON)

    known = catalog.known_versions([PATH, "uploads/ann/d3.jsonl", "never/seen"])

    assert known == {PATH: "seen-d2", "uploads/ann/d3.jsonl": "seen-d3"}


def test_a_page_of_a_thousand_paths_is_one_question_to_an_index(catalog):
    drops = [upload(f"d{number}") for number in range(2_500)]
    catalog.register_uploads(drops, NOON)
    paths = [drop.storage_path for drop in drops]

    with statements_seen(catalog._engine) as seen:
        known = catalog.known_versions(paths[:1_000])

    assert len(known) == 1_000
    assert len(seen) == 1
    assert "uq_datasets_current_storage_path" in plan_of(catalog._engine, seen[0])
    assert len(catalog.known_versions(paths)) == 2_500


_drops = st.lists(st.lists(st.tuples(st.sampled_from("pqr"), st.sampled_from("123")), max_size=5), max_size=6)


@hypothesis_settings(max_examples=examples(40))
@given(ticks=_drops)
def test_any_sequence_of_drops_leaves_the_last_bytes_current(ticks):
    """One current row per path, the one dropped last; no row lost; a repeated tick changes nothing."""
    with TemporaryDirectory() as folder, Catalog.open(f"sqlite:///{Path(folder) / 'catalog.db'}") as catalog:
        _check_ticks(catalog, ticks)


@pytest.mark.needs_postgres
@hypothesis_settings(max_examples=examples(20))
@given(ticks=_drops)
def test_any_sequence_of_drops_on_postgresql(emptied_postgres, ticks):
    with Catalog.open(emptied_postgres()) as catalog:
        _check_ticks(catalog, ticks)


def _check_ticks(catalog, ticks):
    dropped: dict[str, None] = {}
    last_at_path: dict[str, str] = {}
    for tick in ticks:
        drops = [upload(f"{path}{version}", path=path, version=version) for path, version in tick]
        new_ids = list(dict.fromkeys(d.dataset_id for d in drops if d.dataset_id not in dropped))
        dropped |= dict.fromkeys(new_ids)
        last_at_path |= {d.storage_path: d.dataset_id for d in drops}

        assert catalog.register_uploads(drops, NOON) == new_ids
        # The store now holds the last bytes of each path; seeing it again, in any order, changes nothing.
        now_there = [d for d in drops if last_at_path[d.storage_path] == d.dataset_id]
        before = catalog.list_datasets(None, limit=99, include_superseded=True)
        assert catalog.register_uploads(now_there[::-1], LATER) == []
        assert catalog.list_datasets(None, limit=99, include_superseded=True) == before

    rows = catalog.list_datasets(None, limit=99, include_superseded=True).items
    assert {row.id for row in rows} == set(dropped)
    assert {row.storage_path: row.id for row in rows if row.superseded_by is None} == last_at_path
    assert sum(row.superseded_by is None for row in rows) == len(last_at_path)
    successor = {row.id: row.superseded_by for row in rows}
    for row in rows:
        heir = row.id
        for _ in rows:
            heir = successor[heir] or heir
        assert heir == last_at_path[row.storage_path]


def test_processes_that_register_the_same_uploads_agree(url):
    Catalog.open(url).close()
    script = (
        "import sys, time\n"
        "from pipeline.state.catalog.catalog import Catalog\n"
        "from tests.state.catalog.examples import NOON, upload\n"
        "catalog = Catalog.open(sys.argv[1])\n"
        "time.sleep(max(0, float(sys.argv[2]) - time.time()))\n"
        "for tick in range(20):\n"
        "    drops = [upload(f'd{tick}-{n}', path=f'path-{n}', version=f'{tick}') for n in range(10)]\n"
        "    print(*catalog.register_uploads(drops, NOON))\n"
    )
    together = str(time.time() + 2)

    processes = [
        subprocess.Popen([sys.executable, "-c", script, url, together], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]

    inserted = [process.communicate(timeout=60)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    expected = sorted(f"d{tick}-{n}" for tick in range(20) for n in range(10))
    assert sorted(inserted[0] + inserted[1]) == expected
    with Catalog.open(url) as catalog:
        assert catalog.list_datasets(None).total == 10
        assert catalog.list_datasets(None, include_superseded=True).total == 200
