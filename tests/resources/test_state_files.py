"""Every file that Dagster keeps on one machine, in every state that a power cut, a full disk or a hand may leave."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from pipeline.errors import StateError
from resources import dagster_home as home_module
from resources.dagster_home import DATABASES, EVENTS, PROFILE, RUNS, SCHEDULES, storage_problem
from resources.preflight import check
from tests.installation import PROJECT_DIR, dagster_home

__all__ = ["dagster_home"]
DAEMON = [sys.executable, "-m", "dagster._daemon", "run", "-w", str(PROJECT_DIR / "workspace.yaml")]
_GARBAGE = b"these are notes, not a database " * 200


def cut(path, size_bytes):
    path.write_bytes(path.read_bytes()[:size_bytes])


def stamp(path, revision="ffffffffffff"):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM alembic_version")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))


def put_folder(path):
    path.unlink()
    path.mkdir()


REPAIRED = {"missing": lambda path: path.unlink(), "empty": lambda path: cut(path, 0)}
TOLD = {
    "a byte": (lambda path: cut(path, 1), "1 bytes that are no database"),
    "header": (lambda path: cut(path, 100), "100 bytes that are damaged ("),
    "half a page": (lambda path: cut(path, 2_048), "2,048 bytes that are damaged"),
    "half": (
        lambda path: cut(path, path.stat().st_size // 8_192 * 4_096),
        "bytes that are damaged (",
    ),
    "garbage": (lambda path: path.write_bytes(_GARBAGE), "6,400 bytes that are damaged (file is not a database)"),
    "a newer version": (stamp, "found revision ffffffffffff of a newer one"),
    "a folder": (put_folder, "found a folder"),
}


@pytest.fixture
def home(tmp_path, dagster_home, monkeypatch):
    """A home whose databases are made."""
    copied = tmp_path / "dagster_home"
    shutil.copytree(dagster_home, copied)
    for left in copied.rglob("*.db-*"):
        left.unlink()
    monkeypatch.setenv("DAGSTER_HOME", str(copied))
    return copied


def tables(path):
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


@pytest.mark.parametrize("damage", REPAIRED)
@pytest.mark.parametrize("database", DATABASES, ids=str)
def test_where_nothing_is_lost_it_is_made_anew(home, database, damage):
    whole = tables(home / database)
    REPAIRED[damage](home / database)

    check(home)

    assert tables(home / database) == whole != set()


@pytest.mark.parametrize("damage", TOLD)
@pytest.mark.parametrize("database", DATABASES, ids=str)
def test_what_would_be_lost_is_told_by_name_and_left(home, database, damage):
    path = home / database
    do, found = TOLD[damage]
    do(path)
    left = path.read_bytes() if path.is_file() else None

    with pytest.raises(StateError) as caught:
        check(home)

    message = str(caught.value)
    assert message.startswith(f"{path}: expected ")
    assert found in message
    assert message.endswith(f"the UI's history of {DATABASES[database]} goes with it, datasets and verdicts stay")
    assert left is None or path.read_bytes() == left


@pytest.mark.parametrize("database", DATABASES, ids=str)
def test_a_file_that_may_not_be_written_is_told(home, database, monkeypatch):
    """Tests may run as root, whom no mode keeps out."""
    may = os.access
    path = home / database
    monkeypatch.setattr(os, "access", lambda asked, mode: asked != path and may(asked, mode))

    assert "found a file that this user may not read and write" in storage_problem(home, database)


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"", "an empty file"), (b"a: [", "something that is no YAML"), (b"\xff\xfe", "something that is no YAML"),
     (b"- a list", "list"), (None, "is a directory")],
)  # fmt: skip
def test_settings_of_dagster_that_say_nothing_are_told(home, content, found):
    """With an empty file Dagster would work on other databases, and everything would look new."""
    path = home / PROFILE
    path.unlink()
    path.mkdir() if content is None else path.write_bytes(content)

    with pytest.raises(StateError) as caught:
        check(home)

    assert str(caught.value) == f"{path}: expected Dagster's settings, found {found}; copy deploy/dagster.yaml there"


@pytest.mark.parametrize(
    ("name", "is_folder", "found"),
    [(".storage.lock", True, "is a directory"), ("daemon.lock", True, "is a directory"),
     ("history", False, "file exists"), ("schedules", False, "file exists")],
)  # fmt: skip
def test_what_is_in_the_way_is_told_by_name(home, name, is_folder, found):
    path = home / name
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    path.mkdir() if is_folder else path.write_bytes(b"")

    with pytest.raises(StateError) as caught:
        check(home)

    assert str(caught.value) == (
        f"{path}: expected a file or folder of Dagster's home that can be used, found: {found}; stop everything, then "
        "move it away, or correct its rights"
    )


def test_events_go_into_a_database_that_was_empty(home):
    cut(home / EVENTS, 0)

    with home_module.dagster.DagsterInstance.from_config(str(home)) as instance:
        instance.report_engine_event("an event", run_id="one", job_name="ingest")

        assert [each.event_log_entry.message for each in instance.get_records_for_run("one").records] == ["an event"]


def test_a_program_of_dagster_ends_with_one_sentence(home):
    (home / "history" / "runs.db").write_bytes(_GARBAGE)
    variables = os.environ | {"DAGSTER_HOME": str(home), "LORA_DATA_DIR": str(home.parent)}

    done = subprocess.run(DAEMON, cwd=PROJECT_DIR, env=variables, capture_output=True, text=True, check=False)

    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith(
        f"error: {home}/history/runs.db: expected Dagster's database of runs"
    )
    assert "Traceback" not in done.stderr


OURS = {
    RUNS: (home_module.CheckedRunStorage, home_module.SqliteRunStorage),
    SCHEDULES: (home_module.CheckedScheduleStorage, home_module.SqliteScheduleStorage),
}


@pytest.mark.parametrize("database", OURS, ids=str)
def test_dagster_opens_only_what_is_new_or_of_an_older_one(home, database, monkeypatch):
    """It reads all its migrations each time."""
    ours, dagsters = OURS[database]
    really, opened = dagsters.from_local, []
    monkeypatch.setattr(dagsters, "from_local", lambda *args: opened.append(args[0]) or really(*args))

    as_it_is = ours.from_config_value(None, {"base_dir": str(home)})
    assert opened == []
    stamp(home / database, "f495c27d5019")  # one before the newest
    of_an_older_one = ours.from_config_value(None, {"base_dir": str(home)})

    assert opened == [str((home / database).parent)]
    assert as_it_is._conn_string == of_an_older_one._conn_string == really(*opened)._conn_string
