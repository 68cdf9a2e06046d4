"""Promises of `pipeline.flow.folding`: few files with what is current, made of datasets' own, which stay the truth.

That views show the same whatever happens is tried at random in `tests/state/warehouse/test_going_on.py`.
"""

import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipeline.errors import LakeError, WarehouseIncomplete
from pipeline.flow import folding
from pipeline.flow.folding import Folded, fold_lake
from pipeline.flow.publishing import publish
from pipeline.state.lake import PUBLISH_ORDER
from pipeline.state.lake import fold_writer as writer
from pipeline.state.lake.folds import FOLDED, list_folds, read_members, retire_fold
from pipeline.state.warehouse import build_warehouse
from pipeline.state.warehouse.portable import write_portable
from tests.state.lake.examples import NOON, ONE_REJECTED_LINE, conversation, jsonl
from tests.state.warehouse.examples import Installation, open_installation
from tests.state.warehouse.test_going_on import VIEWED, viewed

DAY = timedelta(days=1)
LARGE = jsonl(conversation("a", "Hello there, " * 200, "Hi"))
SMALL_BYTES = 1_000


@pytest.fixture
def place(tmp_path):
    opened = open_installation(tmp_path)
    with opened.catalog:
        yield opened


def fold(place: Installation, now=NOON) -> Folded:
    return fold_lake(place.warehouse, place.catalog, place.lake, SMALL_BYTES, now)


def add(place: Installation, *names: str) -> None:
    """Upload, validate and publish."""
    for name in names:
        place.add(name)
    place.build()


def files_of(place: Installation, view: str) -> list[list[str]]:
    """What the view opens: files of datasets, and folded ones."""
    with duckdb.connect(str(place.warehouse), read_only=True) as connection:
        there = connection.execute("SELECT sql FROM duckdb_views() WHERE view_name = ?", [view]).fetchall()[0][0]
        macros = [each for each in (f"files_of_{view}", f"files_of_folded_{view}") if each in there]
        return [connection.execute(f"SELECT {macro}()").fetchall()[0][0] for macro in macros]


def test_small_datasets_share_files_large_ones_keep_theirs_and_a_portable_copy_has_all(place, tmp_path):
    place.add("bad", ONE_REJECTED_LINE)
    place.add("large", LARGE)
    add(place, "d1", "d3", "d2")
    before = viewed(place)

    folded = fold(place)
    place.build()

    assert folded == Folded(datasets=4, made=1)
    assert viewed(place) == before
    [[own], [shared]] = files_of(place, "turns")
    assert own == place.lake.uri("turns", "large")
    rows = pq.read_table(shared)
    assert rows["dataset_id"].to_pylist() == [name for name in ("d1", "d2", "d3") for _ in range(4)]
    assert rows["content"].to_pylist()[:4] == ["Hello there", "Hi", "Grüß Gott 🙂", "Servus, du"]
    assert fold(place) == Folded()
    write_portable(place.warehouse, tmp_path / "copy.duckdb")
    shutil.rmtree(tmp_path / "lake")
    with duckdb.connect(str(tmp_path / "copy.duckdb"), read_only=True) as connection:
        assert [connection.execute(sql).fetchall() for sql in VIEWED] == before


def test_rows_that_must_not_show_do_not_and_come_back(place):
    add(place, "d1", "d2", "d3")
    fold(place)
    place.catalog.soft_delete("d1", "ann", NOON)
    place.add("newer", path="uploads/ann/d2.jsonl")
    place.validate("d3", jsonl(conversation("x", "Ja?", "Nein!")), run_id="run-2")

    place.build()
    then = place.ask("SELECT dataset_id, count(*) FROM turns GROUP BY ALL ORDER BY ALL")
    place.catalog.restore("d1", "ann", NOON)
    place.build()

    assert then == [("d3", 2), ("newer", 4)]
    assert place.ask("SELECT DISTINCT dataset_id FROM turns ORDER BY 1") == [("d1",), ("d3",), ("newer",)]
    shown = place.ask("SELECT dataset_id, run_id FROM folded_datasets WHERE is_shown")
    assert shown == [("d1", "run-1")]


def test_folds_of_like_size_become_one_and_are_removed_when_nobody_can_have_them_open(place, monkeypatch):
    monkeypatch.setattr(folding, "FAN_IN", 3)
    monkeypatch.setattr(writer, "PIECE_DATASETS", 2)
    for number in range(3):
        add(place, f"d{number}", f"e{number}")
        fold(place)
    place.build()
    before = viewed(place)
    old = files_of(place, "turns")[0]

    merged = fold(place)
    place.build()
    after = viewed(place)
    retired = fold(place, NOON + DAY)
    unpublished = fold(place, NOON + 3 * DAY)
    place.build()
    early, gone = (fold(place, NOON + DAY + each) for each in (DAY - timedelta(seconds=1), DAY))

    assert (merged, retired) == (Folded(made=1, merged=3), Folded(retired=3))
    assert after == before
    assert all(Path(each).exists() == (each not in old) for each in [*old, *files_of(place, "turns")[0]])
    assert [unpublished, early, gone] == [Folded(), Folded(), Folded(removed=3)]
    assert viewed(place) == before
    [shared] = files_of(place, "turns")[0]
    assert pq.read_table(shared)["dataset_id"].to_pylist() == [
        each for each in ("d0", "d1", "d2", "e0", "e1", "e2") for _ in range(4)
    ]
    assert pq.ParquetFile(shared).num_row_groups == 3


def test_a_fold_of_which_less_than_a_half_is_shown_is_made_anew(place):
    add(place, "d1", "d2", "d3")
    fold(place)
    for name in ("d1", "d2"):
        place.catalog.soft_delete(name, "ann", NOON)
    place.build()

    folded = fold(place)
    place.build()

    assert folded == Folded(made=1, merged=1)
    [newest] = {row[0] for row in place.ask("SELECT fold_id FROM folded_datasets WHERE is_shown")}
    assert read_members(place.lake, newest)["dataset_id"].to_pylist() == ["d3"]


def test_a_fold_that_is_gone_is_done_without_and_made_anew(place):
    add(place, "d1", "d2")
    fold(place)
    place.build()
    before = viewed(place)
    [made] = list_folds(place.lake)
    Path(place.lake.made_uri(FOLDED, made.fold_id), "turns.parquet").unlink()

    build_warehouse(place.warehouse, place.catalog, place.lake, NOON, is_thorough=False)
    without = viewed(place)
    again = fold(place)
    place.build()

    assert without == viewed(place) == before
    assert again == Folded(datasets=2, made=1, retired=1)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def change_a_byte_of_a_text(path: Path) -> None:
    content = pq.ParquetFile(path).metadata.row_group(0).column(pq.ParquetFile(path).schema.names.index("content"))
    data = bytearray(path.read_bytes())
    data[content.data_page_offset + content.total_compressed_size - 3] ^= 1
    path.write_bytes(data)


def test_a_publication_does_without_a_fold_that_is_no_parquet(place):
    add(place, "d1", "d2")
    fold(place)
    place.build()
    before = viewed(place)
    [made] = list_folds(place.lake)
    cut(Path(place.lake.made_uri(FOLDED, made.fold_id), "turns.parquet"))

    build_warehouse(place.warehouse, place.catalog, place.lake, NOON, is_thorough=False)

    assert viewed(place) == before
    assert place.ask("SELECT * FROM folded_datasets") == []


@pytest.mark.parametrize(
    ("table", "damage"),
    [("profiles", cut), ("turns", change_a_byte_of_a_text)],
)
def test_a_fold_that_is_damaged_is_made_anew_by_whoever_folds(place, table, damage):
    add(place, "d1", "d2")
    fold(place)
    place.build()
    before = viewed(place)
    [made] = list_folds(place.lake)
    damage(Path(place.lake.made_uri(FOLDED, made.fold_id), f"{table}.parquet"))

    again = fold(place)
    place.build()

    assert again == Folded(datasets=2, made=1, retired=1)
    assert viewed(place) == before
    assert [each for (each,) in place.ask("SELECT DISTINCT fold_id FROM folded_datasets")] > [made.fold_id]
    assert fold(place) == Folded()


def test_folds_of_which_one_turns_out_damaged_while_they_are_merged_are_made_anew(place, monkeypatch):
    """Who folds what is new has looked at the ends of files alone."""
    monkeypatch.setattr(folding, "FAN_IN", 2)
    for name in ("d1", "d2"):
        add(place, name)
        fold(place)
    place.build()
    before = viewed(place)
    change_a_byte_of_a_text(Path(place.lake.made_uri(FOLDED, list_folds(place.lake)[1].fold_id), "turns.parquet"))

    given_up = fold_lake(place.warehouse, place.catalog, place.lake, SMALL_BYTES, NOON, is_thorough=False)
    place.build()
    again = fold(place)
    place.build()

    assert (given_up, again) == (Folded(), Folded(datasets=2, made=1))
    assert viewed(place) == before


@pytest.mark.parametrize("said", ["", "2026-03-01T12:00:00"])
def test_a_fold_of_which_nobody_can_read_since_when_it_is_retired_has_another_day(place, said):
    add(place, "d1")
    fold(place)
    [made] = list_folds(place.lake)
    Path(place.lake.made_uri(FOLDED, made.fold_id), "retired").write_text(said)

    folded = [fold(place, NOON + DAY), fold(place, NOON + 2 * DAY)]

    assert [each.removed for each in folded] == [0, 1]


def test_two_who_fold_at_once_remove_what_is_retired_together(place, monkeypatch):
    add(place, "d1")
    fold(place)
    [made] = list_folds(place.lake)
    retire_fold(place.lake, made.fold_id, NOON - DAY)
    real = folding.list_folds

    def overtaken(lake):
        found = real(lake)
        lake.remove_made(FOLDED, made.fold_id)
        return found

    monkeypatch.setattr(folding, "list_folds", overtaken)

    assert fold(place) == Folded(datasets=1, made=1)


def test_datasets_that_are_lost_are_asked_for_although_their_rows_are_folded(place):
    add(place, "d1", "d2")
    fold(place)
    place.build()
    for table in PUBLISH_ORDER:
        shutil.rmtree(f"{place.lake.place}/{table}/dataset_id=d1")

    with pytest.raises(WarehouseIncomplete) as failure:
        place.build()

    assert failure.value.lost == ("d1",)


def test_a_lake_that_is_away_is_not_folded_and_loses_nothing(place, tmp_path):
    add(place, "d1", "d2")
    publish(place.warehouse, place.catalog, place.lake, NOON)  # the lake gets its mark
    fold(place)
    place.build()
    before = viewed(place)
    shutil.move(tmp_path / "lake", tmp_path / "away")

    with pytest.raises(LakeError, match="expected the lake of this installation"):
        fold(place)
    with pytest.raises(WarehouseIncomplete):
        build_warehouse(place.warehouse, place.catalog, place.lake, NOON, is_thorough=False)

    shutil.move(tmp_path / "away", tmp_path / "lake")
    assert viewed(place) == before


def test_what_changes_while_it_is_folded_is_left_out(place, monkeypatch):
    """Its turns would be of one attempt, its findings of another."""
    add(place, "d1", "d2")
    real = writer.read_whole

    def replaced(path, columns=None):
        monkeypatch.setattr(writer, "read_whole", real)
        place.validate("d1", ONE_REJECTED_LINE, "run-2")
        return real(path, columns)

    monkeypatch.setattr(writer, "read_whole", replaced)
    folded = fold(place)
    late = fold(place)  # the published file still says the attempt before
    place.build()

    assert (folded, late) == (Folded(datasets=1, made=1), Folded(datasets=1, made=1))
    assert place.ask("SELECT dataset_id, count(*) FROM turns GROUP BY ALL") == [("d2", 4)]
    assert place.ask("SELECT dataset_id FROM folded_datasets WHERE is_shown") == [("d2",)]


def test_nothing_is_done_where_nothing_is_published(place):
    place.add("d1")

    assert fold(place) == Folded()
