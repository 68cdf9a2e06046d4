"""A publication goes on from the file that stands; the file is the same as if it had been made of everything."""

import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import WarehouseIncomplete
from pipeline.flow import folding
from pipeline.flow.folding import fold_lake
from pipeline.state.catalog import changed_keys as changes_module
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import PUBLISH_ORDER, LocalLake
from pipeline.state.warehouse import build, build_warehouse, standing
from pipeline.state.warehouse.lineage import LINEAGE_VIEWS
from pipeline.state.warehouse.views import VIEWS
from tests.postgres import postgres_server, postgres_url
from tests.state.catalog.job_examples import planned
from tests.state.lake.examples import NOON, ONE_REJECTED_LINE, REFUSED, TWO_CONVERSATIONS
from tests.state.warehouse.examples import Installation

__all__ = ["postgres_server", "postgres_url"]

COMMENTS = (
    "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE NOT internal ORDER BY ALL",
    "SELECT view_name, comment, sql FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
    "SELECT function_name, macro_definition FROM duckdb_functions() WHERE function_name LIKE 'files_of_%' ORDER BY ALL",
)

_FIRST_BLOCK_AT, _BLOCK_BYTES = 12_288, 262_144  # of DuckDB
VIEWED = [f"SELECT * FROM {view} ORDER BY ALL" for view in VIEWS]


def contents(installation: Installation) -> dict[str, list[tuple]]:
    """All that the file has: rows in any order, columns with their comments, views as they are written."""
    with closing(duckdb.connect(str(installation.warehouse), read_only=True)) as connection:
        names = [row[0] for row in connection.execute("SHOW TABLES").fetchall()]
        asked = [*COMMENTS, *(f"SELECT * FROM {name} ORDER BY ALL" for name in names)]
        return {sql: connection.execute(sql).fetchall() for sql in asked}


def viewed(installation: Installation) -> list[list[tuple]]:
    """What the views over the lake show."""
    with closing(duckdb.connect(str(installation.warehouse), read_only=True)) as connection:
        return [connection.execute(sql).fetchall() for sql in VIEWED]


def go_on(installation: Installation, **chosen: bool):
    return build_warehouse(installation.warehouse, installation.catalog, installation.lake, NOON, **chosen)


class Somebody:
    """Does to an installation what people and runs do, at random but always the same."""

    def __init__(self, installation: Installation, seed: int) -> None:
        self.installation, self.choice = installation, random.Random(seed)
        self.now, self.names, self.runs = NOON, [], 0

    def act(self) -> None:
        self.now += timedelta(minutes=1)
        twice = (self.upload, self.validate)
        self.choice.choice((*twice, *twice, self.delete, self.restore, self.retry, self.plan, self.fold))()

    def upload(self) -> None:
        self.names.append(f"d{len(self.names)}")
        self.installation.register(self.names[-1], f"uploads/ann/{self.choice.randrange(4)}.jsonl")
        self.validate(self.names[-1])

    def validate(self, name: str = "") -> None:
        if name or self.names:
            self.runs += 1
            data = self.choice.choice([TWO_CONVERSATIONS, TWO_CONVERSATIONS, ONE_REJECTED_LINE, REFUSED])
            self.installation.validate(name or self.choice.choice(self.names), data, f"run-{self.runs}")

    def delete(self) -> None:
        if self.names:
            self.installation.catalog.soft_delete(self.choice.choice(self.names), "ann", self.now)

    def restore(self) -> None:
        if self.names:
            self.installation.catalog.restore(self.choice.choice(self.names), "ann", self.now)

    def retry(self) -> None:
        """Validated again: what is published of it may go for a while."""
        if self.names:
            name = self.choice.choice(self.names)
            self.installation.catalog.request_again([name], self.now)
            self.validate(name)

    def fold(self) -> None:
        """And nobody who has the published file open notices."""
        place = self.installation
        before = viewed(place)
        self.now += timedelta(hours=13)
        fold_lake(place.warehouse, place.catalog, place.lake, 10**6, self.now)
        assert viewed(place) == before

    def plan(self) -> None:
        catalog = self.installation.catalog
        ready = [each for each in catalog.list_datasets(None, limit=100).items if each.status == "ready"]
        if ready:
            planned(catalog, self.choice.choice(ready), now=self.now)
        catalog.mark_all_read("ann", self.now)


class WithoutFolds(LocalLake):
    """The same files of datasets, and nothing else."""

    def all_made(self, kind):
        return {}


def _unfolded(installation: Installation) -> list[list[tuple]]:
    """What the views say over each dataset's own files."""
    lake = WithoutFolds(Path(installation.lake.place))
    beside = replace(installation, lake=lake, warehouse=installation.warehouse.with_name("unfolded.duckdb"))
    go_on(beside, is_full=True)
    return viewed(beside)


def _equal_after_acts(installation: Installation, seed: int, rounds: int, *, is_thorough: bool) -> None:
    somebody = Somebody(installation, seed)
    go_on(installation)
    for _ in range(rounds):
        for _ in range(10):
            somebody.act()
        report = go_on(installation, is_thorough=is_thorough)
        somebody.fold()
        go_on(installation, is_thorough=is_thorough)
        grown = contents(installation)
        assert _unfolded(installation) == [grown[sql] for sql in VIEWED]
        go_on(installation, is_full=True)

        assert report.changed is not None
        assert contents(installation) == grown


@pytest.fixture(autouse=True)
def _folds_are_merged_soon(monkeypatch):
    monkeypatch.setattr(folding, "FAN_IN", 2)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_happens_the_file_is_as_if_made_of_everything(installation, seed):
    _equal_after_acts(installation, seed, 1, is_thorough=False)


def test_also_where_all_files_are_looked_for(installation):
    _equal_after_acts(installation, 7, 1, is_thorough=True)


@pytest.mark.needs_postgres
def test_also_with_the_catalog_on_postgresql(postgres_url, tmp_path):
    with Catalog.open(postgres_url) as catalog:
        place = Installation(catalog, LocalLake(tmp_path / "lake"), tmp_path / "warehouse.duckdb")
        _equal_after_acts(place, 11, 1, is_thorough=False)


def test_only_what_changed_is_looked_at(installation, monkeypatch):
    for name in ("d1", "d2"):
        installation.add(name)
    go_on(installation)
    installation.add("d3")
    asked = []
    real = LocalLake.profile_versions
    monkeypatch.setattr(LocalLake, "profile_versions", lambda lake, ids=None: asked.append(ids) or real(lake, ids))

    first = go_on(installation, is_thorough=False)
    second = go_on(installation, is_thorough=False)

    assert (first.changed, first.profiles_read, first.datasets) == (1, 1, 3)
    assert (second.changed, second.profiles_read, second.datasets) == (0, 0, 3)
    assert asked == [{"d3"}, set()]
    assert first.row_counts == second.row_counts


def test_rows_that_are_lost_are_seen_by_a_thorough_look(installation):
    installation.add("d1")
    go_on(installation)
    for table in PUBLISH_ORDER:
        shutil.rmtree(f"{installation.lake.place}/{table}/dataset_id=d1")

    unseen = go_on(installation, is_thorough=False)
    with pytest.raises(WarehouseIncomplete) as failure:
        go_on(installation)

    assert unseen.changed == 0
    assert failure.value.lost == ("d1",)


def test_a_refusal_forgets_nothing(installation):
    installation.add("d1")
    go_on(installation)
    installation.register("d2")
    installation.judge("d2")  # a verdict without rows
    for _ in range(2):
        with pytest.raises(WarehouseIncomplete):
            go_on(installation, is_thorough=False)

    installation.validate("d2")
    report = go_on(installation, is_thorough=False)

    assert (report.changed, report.datasets) == (1, 2)


@pytest.mark.parametrize(
    "why", ["other rules", "another file", "a restored catalog", "too many changes", "too large", "asked for"]
)
def test_everything_is_copied_where_the_file_is_no_base(installation, monkeypatch, tmp_path, why):
    installation.add("d1")
    if why == "a restored catalog":
        with closing(sqlite3.connect(tmp_path / "catalog.db")) as connection:
            connection.execute("VACUUM INTO ?", [str(tmp_path / "backup.db")])
    go_on(installation)
    installation.add("d2")
    if why == "other rules":
        monkeypatch.setattr(build, "rules_of", lambda _: "those of another version")
    elif why == "another file":
        elsewhere = replace(installation, warehouse=tmp_path / "elsewhere.duckdb")
        go_on(elsewhere)  # the catalog says of the changes that they are published
    elif why == "too large":
        go_on(installation, is_thorough=False)
        installation.catalog.soft_delete("d2", "ann", NOON)
        monkeypatch.setattr(standing, "_SMALL_BYTES", 0)
        monkeypatch.setattr(standing, "_MOST_GROWN", 0.5)
    elif why == "too many changes":
        monkeypatch.setattr(changes_module, "MOST_CHANGES", 1)
    elif why == "a restored catalog":
        installation.catalog.close()
        for path in tmp_path.glob("catalog.db*"):
            path.unlink()
        shutil.copy(tmp_path / "backup.db", tmp_path / "catalog.db")
        installation.add("d2")

    report = go_on(installation, is_thorough=False, is_full=why == "asked for")

    assert (report.changed, report.datasets) == (None, 1 if why == "too large" else 2)
    assert go_on(installation, is_thorough=False).changed == 0


def test_who_was_slower_is_not_taken_for_the_last(installation):
    """Two publications of one catalog into two files: what the second has published, the first does not know."""
    installation.add("d1")
    with installation.catalog.snapshot() as snapshot:
        slower = snapshot.changes()
    installation.add("d2")
    go_on(installation)

    assert installation.catalog.note_published(slower, "slower") is False
    installation.add("d3")
    assert go_on(installation, is_thorough=False).changed == 1


@pytest.mark.parametrize("is_thorough", [False, True])
def test_a_file_that_is_damaged_in_its_middle_is_made_anew(installation, is_thorough):
    """What it says of itself can be read, so that it looks like a base."""
    installation.add("d1")
    go_on(installation)
    with installation.warehouse.open("r+b") as file:
        file.seek(_FIRST_BLOCK_AT + _BLOCK_BYTES)
        file.write(bytes(100))
    assert standing.read_standing(installation.warehouse) is not None
    assert not standing.is_whole(installation.warehouse)
    installation.add("d2")

    report = go_on(installation, is_thorough=is_thorough)

    assert (report.changed, report.datasets) == (None, 2)
    assert standing.is_whole(installation.warehouse)


@pytest.mark.parametrize("table", ["turns", "target_acceptance"])
def test_a_file_of_the_lake_that_is_damaged_is_lost_and_keeps_out_nobody_else_for_good(installation, table):
    for name in ("d1", "d2"):
        installation.add(name)
    go_on(installation)
    place = Path(installation.lake.uri(table, "d2"))
    place.write_bytes(b"broken" * 1_000)

    with pytest.raises(WarehouseIncomplete) as failure:
        go_on(installation)

    assert failure.value.lost == ("d2",)
    assert f"d2: {table}" in str(failure.value)


def test_views_are_for_analysts_only(installation):
    """What the file says of itself is no table."""
    installation.add("d1")
    go_on(installation)

    assert {*LINEAGE_VIEWS} < {row[0] for row in installation.ask("SELECT table_name FROM duckdb_columns()")}
    macros = installation.ask("SELECT function_name FROM duckdb_functions() WHERE NOT internal")
    assert {row[0] for row in macros} == {
        "published_as",
        *(f"files_of_{kind}{view}" for view in VIEWS for kind in ("", "folded_")),
    }
