"""An installation with very many small datasets, made of a few by hard links; its folding, and questions to it.

python -m tests.benchmarks.linked_datasets make FOLDER COUNT
python -m tests.benchmarks.linked_datasets publish FOLDER
python -m tests.benchmarks.linked_datasets fold FOLDER
python -m tests.benchmarks.linked_datasets ask FOLDER
"""

import json
import os
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import duckdb

from pipeline.clock import utc_now
from pipeline.flow.folding import fold_lake
from pipeline.flow.publishing import publish as publish_warehouse
from pipeline.settings import Settings, load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import PUBLISH_ORDER, make_lake
from tests.benchmarks.many_datasets import make as make_some

_ORIGINALS = 10
_QUESTIONS = {
    "one_dataset": "SELECT count(*) FROM turns WHERE dataset_id = $id",
    "by_role": "SELECT role, count(*) FROM turns GROUP BY role",
    "first_rows": "SELECT * FROM turns LIMIT 5",
}


def make(settings: Settings, count: int) -> None:
    """Validate a few uploads, and have `count` datasets more, each like one of them."""
    make_some(settings, _ORIGINALS)
    catalog = Path(settings.catalog_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(catalog)) as connection, connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM datasets ORDER BY id")]
        originals = [each for each in ids if each.encode() in _file(settings, "profiles", each).read_bytes()]
        names = [row[1] for row in connection.execute("PRAGMA table_info(datasets)")]
        own = {"id": "?1", "name": "?1", "storage_path": "'uploads/linked/' || ?1", "file_name": "?1"}
        chosen = ", ".join(own.get(name, name) for name in names)
        insert = f"INSERT INTO datasets ({', '.join(names)}) SELECT {chosen} FROM datasets WHERE id = ?2"
        for number in range(len(ids), len(ids) + count):
            original = originals[number % len(originals)]
            dataset_id = f"{number:06d}{original[6:]}"  # as long: it stands in the profile's file
            _link(settings, original, dataset_id)
            connection.execute(insert, (dataset_id, original))


def _file(settings: Settings, table: str, dataset_id: str) -> Path:
    return Path(make_lake(settings).uri(table, dataset_id))


def _link(settings: Settings, original: str, dataset_id: str) -> None:
    for table in PUBLISH_ORDER:
        source, target = (_file(settings, table, each) for each in (original, dataset_id))
        target.parent.mkdir()
        if table == "profiles":
            target.write_bytes(source.read_bytes().replace(original.encode(), dataset_id.encode()))
        else:
            os.link(source, target)


def publish(settings: Settings) -> dict[str, object]:
    """Publish what changed."""
    with Catalog.open(settings.catalog_url) as catalog:
        lake, now = make_lake(settings), utc_now()
        report = publish_warehouse(settings.warehouse, catalog, lake, now, is_thorough=False)
    return {"wall_s": report.duration_s, "changed": report.changed, "size_bytes": report.size_bytes}


def fold(settings: Settings) -> dict[str, object]:
    """Fold the lake."""
    start_s = time.perf_counter()
    with Catalog.open(settings.catalog_url) as catalog:
        folded = fold_lake(settings.warehouse, catalog, make_lake(settings), settings.fold_max_bytes, utc_now())
    return {"wall_s": time.perf_counter() - start_s, "datasets": folded.datasets, "folds": folded.made}


def ask(settings: Settings) -> dict[str, object]:
    """Ask each question three times; the quickest, in milliseconds."""
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        [[middle]] = connection.execute("SELECT quantile_disc(dataset_id, 0.5) FROM dataset_profiles").fetchall()
        return {name: min(_asked_ms(connection, sql, middle) for _ in range(3)) for name, sql in _QUESTIONS.items()}


def _asked_ms(connection: duckdb.DuckDBPyConnection, sql: str, dataset_id: str) -> float:
    start_s = time.perf_counter()
    connection.execute(sql, {"id": dataset_id} if "$id" in sql else None).fetchall()
    return (time.perf_counter() - start_s) * 1_000


def main() -> None:
    """Run one of the four."""
    action, folder, *count = sys.argv[1:]
    settings = load_settings(data_dir=Path(folder), settle_s=0)
    if action == "make":
        make(settings, int(count[0]))
    else:
        print(json.dumps({"publish": publish, "fold": fold, "ask": ask}[action](settings)))


if __name__ == "__main__":
    main()
