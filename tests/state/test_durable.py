"""Promises of `pipeline.state.durable`, whatever puts a file in place: first the content is on the disk,
then the name appears, then the name is on the disk.

What the disk is asked for is recorded in order; no power has to be cut for it.
"""

import ast
import os
from io import BytesIO
from pathlib import Path

import pytest

from pipeline.installation import prepare
from pipeline.service.private_file import make_private
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.durable import put_in_place, whole_file
from pipeline.state.lake import LocalLake
from pipeline.state.store.local_store import LocalStore
from pipeline.state.warehouse.publication import publication
from tests.installation import local_settings
from tests.state.lake.examples import publish

ROOT = Path(__file__).resolve().parents[2]
# The runner is a program of the standard library alone; what the others rename can be had again.
ALLOWED = {
    *(("pipeline/state/durable.py", name) for name in ("put_in_place", "put_all_in_place", "sync")),
    *(("pipeline/launchers/runner.py", name) for name in ("take_lease", "machine_of", "fetch", "run_synced")),
    *(("pipeline/launchers/local.py", name) for name in ("copy_checkpoints", "_link_or_copy")),
    ("pipeline/client/connection.py", "download"),
    ("pipeline/dataset/browsing/row_tables.py", "_current"),  # of columns of a frame
}


class Disk:
    """What was asked of the disk, in order: ("sync", inode) and ("name", inode, name)."""

    def __init__(self, patch):
        self.asked = []
        for name in ("fsync", "replace", "rename", "link"):
            patch.setattr(os, name, self._recording(name, getattr(os, name)))

    def _recording(self, name, original):
        def recorded(first, *others, **named):
            if name == "fsync":
                self.asked.append(("sync", os.fstat(first).st_ino))
                return original(first)
            inode = os.stat(first).st_ino
            done = original(first, *others, **named)
            self.asked.append(("name", inode, Path(others[0])))
            return done

        return recorded

    def named(self):
        """The names that appeared."""
        return [asked[2] for asked in self.asked if asked[0] == "name"]

    def faults(self):
        """Names that appeared before their content was on the disk, or after which no folder was synced."""
        found = []
        for position, asked in enumerate(self.asked):
            if asked[0] == "name":
                if ("sync", asked[1]) not in self.asked[:position]:
                    found.append(f"{asked[2].name}: content not on the disk")
                if not any(later[0] == "sync" for later in self.asked[position:]):
                    found.append(f"{asked[2].name}: name not on the disk")
        return found


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


def _lake(folder):
    publish(LocalLake(folder / "lake"), "d1")


def _lake_mark(folder):
    LocalLake(folder / "lake").write_mark("mark")


def _job(folder):
    lake = LocalLake(folder / "lake")
    with lake.staging() as staged:
        (staged / "trl").mkdir()
        (staged / "trl/train.py").write_text("pass")
        (staged / "explain.md").write_text("why")
        lake.publish_job("j1", staged)


def _store(folder):
    LocalStore(folder).put("uploads/ana/a.jsonl", BytesIO(b"{}\n"), 3)


def _received(folder):
    store = LocalStore(folder)
    part = store.part_path("one")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"{}\n")
    store.adopt("uploads/ana/id/a.jsonl", part)


def _warehouse(folder):
    with publication(folder / "warehouse.duckdb") as building:
        building.write_bytes(b"built")


def _whole_file(folder):
    with whole_file(folder / "card.html") as aside:
        aside.write_text("<html>")


def _secret(folder):
    make_private(folder / "secret", "s3cret")


def _secret_again(folder):
    make_private(folder / "secret", "s3cret", replaces=True)


def _catalog(folder):
    Catalog.open(f"sqlite:///{folder}/catalog.db").close()


def _dagster_home(folder):
    prepare(local_settings(folder))


def _event_log(folder):
    from resources.event_log import PooledSqliteEventLogStorage

    PooledSqliteEventLogStorage(str(folder / "history")).dispose()


def _mended(folder):
    from tests.cli.goldens import run

    source = folder / "a.jsonl"
    source.write_text('{"messages":[{"role":"human","content":"hi"},{"role":"assistant","content":"ho"}]}\n')
    assert run(["mend", str(source), "-o", str(folder / "b.jsonl")], {}).exit_code in (0, 1)


WRITERS = {
    "lake": (_lake, 6),
    "lake's mark": (_lake_mark, 1),
    "job": (_job, 2),
    "store": (_store, 1),
    "received": (_received, 1),
    "warehouse": (_warehouse, 1),
    "whole file": (_whole_file, 1),
    "secret": (_secret, 1),
    "secret, replaced": (_secret_again, 1),
    "catalog": (_catalog, 1),
    "Dagster's home": (_dagster_home, 1),
    "event log": (_event_log, 1),
    "mended": (_mended, 3),
}


@pytest.mark.parametrize(("write", "files"), WRITERS.values(), ids=WRITERS)
def test_a_name_appears_after_its_content_is_on_the_disk_and_is_there_itself(disk, tmp_path, write, files):
    write(tmp_path)

    assert (len(disk.named()), disk.faults()) == (files, [])


def test_the_lakes_profile_is_the_last_name_and_all_contents_are_on_the_disk_before_the_first(disk, tmp_path):
    _lake(tmp_path)

    kinds = [asked[0] for asked in disk.asked]
    assert disk.named()[-1].parent.parent.name == "profiles"
    assert kinds == ["sync"] * 6 + ["name"] * 6 + ["sync"]


def test_the_recorder_sees_a_rename_without_a_sync(disk, tmp_path):
    """Else the tests above could not fail."""
    (tmp_path / "a").write_text("a")

    os.replace(tmp_path / "a", tmp_path / "b")

    assert disk.faults() == ["b: content not on the disk", "b: name not on the disk"]


def test_a_file_that_is_there_and_is_to_stay_stays(tmp_path):
    (tmp_path / "new").write_text("new")
    (tmp_path / "old").write_text("old")

    with pytest.raises(FileExistsError):
        put_in_place(tmp_path / "new", tmp_path / "old", replaces=False)

    assert (tmp_path / "old").read_text() == "old"


def test_a_folder_that_cannot_be_synced_is_no_failure(tmp_path, monkeypatch):
    """Some network shares refuse it."""
    import stat

    original = os.fsync

    def refusing(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(22, "Invalid argument")
        original(descriptor)

    monkeypatch.setattr(os, "fsync", refusing)
    (tmp_path / "a").write_text("a")

    put_in_place(tmp_path / "a", tmp_path / "b")

    assert (tmp_path / "b").read_text() == "a"


def test_every_rename_and_fsync_of_the_project_is_in_one_module():
    """`os.replace`, `os.rename`, `os.link`, `shutil.move`, `os.fsync`, and the methods of paths of these names."""
    found = {
        (path.relative_to(ROOT).as_posix(), function)
        for folder in ("pipeline", "assets", "resources", "sensors")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for function in _functions_that_rename(ast.parse(path.read_text()))
    }

    assert found == ALLOWED


def _functions_that_rename(tree):
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _renames(node):
                    yield function.name


def _renames(call):
    owner = call.func.value.id if isinstance(call.func.value, ast.Name) else ""
    match call.func.attr:
        case "replace":  # of a text has two arguments, of a date named ones
            return owner == "os" or (len(call.args) == 1 and not call.keywords)
        case "rename" | "renames" | "link" | "hardlink_to" | "symlink_to":
            return len(call.args) >= 1
        case "fsync" | "fdatasync":
            return True
        case "move":
            return owner == "shutil"
    return False


def test_the_guard_sees_each_kind():
    calls = ["os.replace(a, b)", "a.replace(b)", "a.rename(b)", "os.link(a, b)", "shutil.move(a, b)", "os.rename(a, b)"]
    calls += ["os.fsync(a)"]
    others = ["text.replace(a, b)", "day.replace(hour=1)", "replace(record, field=1)"]

    assert [list(_functions_that_rename(ast.parse(f"def f():\n    {call}"))) for call in calls] == [["f"]] * len(calls)
    assert [list(_functions_that_rename(ast.parse(f"def f():\n    {call}"))) for call in others] == [[]] * len(others)
