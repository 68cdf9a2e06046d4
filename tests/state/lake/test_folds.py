"""Promises of `pipeline.state.lake.folds` and `fold_writer.py`, in a folder and on S3."""

from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from pipeline.state.lake.fold_writer import Wanted, fold_datasets, merge_folds
from pipeline.state.lake.folds import (
    FOLDED,
    file_name,
    fold_schema,
    fold_uri,
    list_folds,
    new_fold_id,
    read_members,
    retire_fold,
    retired_at,
)
from pipeline.state.warehouse.views import VIEWS
from tests.state.lake.examples import NOON, ONE_REJECTED_LINE, TWO_CONVERSATIONS, publish
from tests.state.lake.test_older_files import PARTS, made_older


def wanted(dataset_id: str, run_id: str = "run-1", validated_at=NOON) -> Wanted:
    return Wanted(dataset_id, run_id, validated_at, 100, tuple(VIEWS))


def rows_of(lake, table, fold_id):
    with lake.fetch_made(FOLDED, fold_id, file_name(table)) as path:
        return pq.read_table(path)


def test_datasets_share_a_file_a_table_and_folds_become_one(lake):
    publish(lake, "d1")
    publish(lake, "d2", ONE_REJECTED_LINE)
    publish(lake, "d3")
    of_others = [wanted("d3", "run-2"), wanted("d3", validated_at=NOON + timedelta(seconds=1)), wanted("nowhere")]

    first = new_fold_id(list_folds(lake))
    counts = [fold_datasets(lake, first, [wanted("d3"), wanted("d1")])]
    second = new_fold_id(list_folds(lake))
    counts += [fold_datasets(lake, second, [wanted("d2"), *of_others]), fold_datasets(lake, "none", of_others)]
    third = new_fold_id(list_folds(lake))
    counts.append(merge_folds(lake, third, {first: ["d1", "d3"], second: ["d2"]}))

    assert counts == [2, 1, 0, 3]
    assert [fold.fold_id for fold in list_folds(lake)] == [first, second, third] == sorted([first, second, third])
    assert read_members(lake, third).to_pylist() == [
        {"fold_id": third, "dataset_id": each, "run_id": "run-1", "validated_at": NOON} for each in ("d1", "d2", "d3")
    ]
    for table in VIEWS:
        merged = rows_of(lake, table, third)
        assert merged.schema.equals(fold_schema(table))
        for dataset_id in ("d1", "d2", "d3"):
            with lake.fetch(table, dataset_id) as path:
                own = pq.read_table(path, partitioning=None).to_pylist()
            folded = merged.filter(pq.filters_to_expression([("dataset_id", "=", dataset_id)]))
            assert folded.drop_columns(["fold_id", "dataset_id"]).to_pylist() == own


def test_a_retired_fold_says_since_when_and_goes_whole(lake):
    publish(lake, "d1")
    fold_datasets(lake, "00000001-a", [wanted("d1")])
    assert [fold.is_usable for fold in list_folds(lake)] == [True]

    retire_fold(lake, "00000001-a", NOON)

    [fold] = list_folds(lake)
    assert (fold.is_whole, fold.is_usable, retired_at(lake, "00000001-a")) == (True, False, NOON)
    assert new_fold_id([fold]).startswith("00000002-")
    for _ in range(2):
        lake.remove_made(FOLDED, "00000001-a")
    assert list_folds(lake) == []
    assert fold_uri(lake, "turns", "00000001-a") == f"{lake.place}/folded/id=00000001-a/turns.parquet"


def test_a_fold_that_lacks_a_file_is_not_whole(local_lake):
    publish(local_lake, "d1")
    fold_datasets(local_lake, "00000001-a", [wanted("d1")])
    with local_lake.fetch_made(FOLDED, "00000001-a", "splits.parquet") as path:
        path.write_bytes(b"")

    assert [(fold.is_whole, fold.is_usable) for fold in list_folds(local_lake)] == [(False, False)]


@pytest.mark.parametrize("among", [("old",), ("old", "new")])
def test_files_of_older_versions_get_the_columns_of_today(local_lake, among):
    for dataset_id in ("old", "new"):
        publish(local_lake, dataset_id, b"\n" + TWO_CONVERSATIONS + b"{nope}\n")
    made_older(local_lake, "old")

    fold_datasets(local_lake, "00000001-a", [wanted(each) for each in among])

    for table in ("conversations", "turns", "splits", "findings"):
        rows = rows_of(local_lake, table, "00000001-a").to_pylist()
        old = [row for row in rows if row["dataset_id"] == "old"]
        with local_lake.fetch(table, "new") as path:
            new = pq.read_table(path, partitioning=None).to_pylist()
        assert {row["dataset_id"] for row in rows} == set(among)
        gone = dict.fromkeys(PARTS) if table == "findings" else {}
        assert old == [{"fold_id": "00000001-a", "dataset_id": "old"} | row | gone for row in new]


def test_what_others_put_beside_folds_is_none(local_lake, tmp_path):
    publish(local_lake, "d1")
    fold_datasets(local_lake, "00000001-ab", [wanted("d1")])
    place = tmp_path / "lake" / FOLDED
    (place / ".DS_Store").write_bytes(b"\0")
    (place / "notes").mkdir()

    assert [fold.fold_id for fold in list_folds(local_lake)] == ["00000001-ab"]
