"""Promises of `pipeline.state.warehouse.publication`: readers, rivals and killed processes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import WarehouseError
from pipeline.state.warehouse.publication import publication
from tests.state.lake.examples import TWO_CONVERSATIONS
from tests.state.warehouse.examples import Installation, open_installation


def start(program: str, *arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
for _ in sys.stdin:
    count = connection.execute("SELECT count(*) FROM datasets").fetchall()[0][0]
    turns = connection.execute("SELECT count(*) FROM turns").fetchall()[0][0]
    print(count, turns, flush=True)
"""


def ask(reader: subprocess.Popen) -> str:
    reader.stdin.write("again\n")
    reader.stdin.flush()
    return reader.stdout.readline().strip()


def test_a_reader_keeps_its_warehouse_while_a_new_one_is_published(installation):
    installation.add("d1")
    installation.build()
    with start(READER, installation.warehouse) as reader:
        before = ask(reader)
        installation.add("d2")

        installation.build()

        after = ask(reader)
        with start(READER, installation.warehouse) as new_reader:
            found = ask(new_reader)
            new_reader.stdin.close()
        reader.stdin.close()
    assert (before, after, found) == ("1 4", "1 4", "2 8")


def test_a_connection_of_this_process_does_not_hide_the_new_warehouse(installation):
    installation.build()
    with duckdb.connect(str(installation.warehouse), read_only=True) as connection:
        installation.add("d1")

        installation.build()

        assert connection.execute("SELECT count(*) FROM datasets").fetchall() == [(0,)]
        assert installation.ask("SELECT count(*) FROM datasets") == [(1,)]


POLLER = """
import json, sys, time
from pathlib import Path
import duckdb
from pipeline.state.warehouse import query
folder, wrong, rounds = Path(sys.argv[1]), [], 0
lake = "SELECT dataset_id, count(*) FROM read_parquet('{}/lake/{}/*/data.parquet') GROUP BY 1"
while not (folder / "stop").exists() or rounds < 3:
    rounds += 1
    rows = query(folder / "warehouse.duckdb", '''
        SELECT id, c.n, t.n, p.conversations FROM datasets
        LEFT JOIN (SELECT dataset_id, count(*) AS n FROM conversations GROUP BY 1) c ON c.dataset_id = id
        LEFT JOIN (SELECT dataset_id, count(*) AS n FROM turns GROUP BY 1) t ON t.dataset_id = id
        LEFT JOIN dataset_profiles p ON p.dataset_id = id''')[1]
    wrong += [row for row in rows if row[1:] not in ((2, 4, 2), (None, None, None))]
    conversations = duckdb.sql(lake.format(folder, "conversations")).fetchall()
    turns = dict(duckdb.sql(lake.format(folder, "turns")).fetchall())
    wrong += [row for row in conversations if row[1] != 2 or turns.get(row[0]) != 4]
print(json.dumps({"rounds": rounds, "wrong": wrong}))
"""


def test_a_poller_never_sees_half_a_dataset_nor_a_row_twice(installation, tmp_path):
    installation.add("d0")
    installation.build()
    with start(POLLER, tmp_path) as poller:
        for number in range(1, 6):
            installation.add(f"d{number}")
            installation.validate("d0", TWO_CONVERSATIONS, run_id=f"run-{number}")
            installation.build()
        (tmp_path / "stop").touch()
        seen = json.loads(poller.stdout.read())

    assert seen["wrong"] == []
    assert seen["rounds"] >= 3


DIE = """
import os, signal, sys
from pathlib import Path
import pipeline.state.warehouse.build as build
from tests.state.warehouse.examples import open_installation
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
build.write_comments = die  # all tables and views are there, nothing is committed to the name
open_installation(Path(sys.argv[1])).build()
"""


def test_a_killed_publication_leaves_the_old_warehouse_and_the_next_cleans_up(installation, tmp_path):
    installation.add("d1")
    installation.build()
    installation.add("d2")
    with start(DIE, tmp_path) as killed:
        returncode = killed.wait()

    left = leftovers(tmp_path)
    still = installation.ask("SELECT id FROM datasets")
    installation.build()

    assert returncode == -signal.SIGKILL
    assert (left != [], still) == (True, [("d1",)])
    assert (leftovers(tmp_path), installation.ask("SELECT count(*) FROM datasets")) == ([], [(2,)])


def leftovers(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if ".building" in name]


PUBLISH = """
import sys
from pathlib import Path
from tests.state.warehouse.examples import open_installation
installation = open_installation(Path(sys.argv[1]))
for _ in range(2):
    installation.build()
"""


def test_publications_at_the_same_time_do_no_harm(installation, tmp_path):
    installation.add("d1")
    with start(PUBLISH, tmp_path) as one, start(PUBLISH, tmp_path) as other:
        assert (one.wait(), other.wait()) == (0, 0)

    assert installation.ask("SELECT count(*) FROM turns") == [(4,)]
    assert sorted(os.listdir(tmp_path)) == [
        ".warehouse.duckdb.lock",
        "catalog.db",
        "catalog.db-shm",
        "catalog.db-wal",
        "lake",
        "warehouse.duckdb",
    ]


def test_a_publication_that_waited_reads_the_catalog_only_then(installation, tmp_path):
    """Otherwise it would replace a newer warehouse by an older one."""
    installation.build()
    waiting = threading.Thread(target=lambda: build_in(tmp_path))
    with publication(installation.warehouse) as building:
        waiting.start()
        time.sleep(0.2)
        installation.add("d1")
        duckdb.connect(str(building)).close()
    waiting.join()

    assert installation.ask("SELECT id FROM datasets") == [("d1",)]


def build_in(folder: Path) -> None:
    other: Installation = open_installation(folder)
    with other.catalog:
        other.build()


def test_a_publication_that_hangs_is_not_waited_for_for_ever(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    with publication(path) as building:
        with pytest.raises(WarehouseError) as failure, publication(path, lock_timeout_s=0.1):
            pass
        building.touch()

    assert str(failure.value) == (
        f"cannot publish {path}: another publication has been at work for 0 s; "
        "find and stop the process that hangs, then try again"
    )
    assert sorted(os.listdir(tmp_path)) == [".warehouse.duckdb.lock", "warehouse.duckdb"]
