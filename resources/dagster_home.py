"""Dagster's storages on SQLite, looked at before they are used.

A file that nobody has written to is made anew; one that is damaged, or that a newer Dagster made, ends the process with
one sentence. Dagster itself takes an empty `event_log.db` for a whole one, and fails at each event from then on.
"""

import fcntl
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Self

import dagster
import sqlalchemy as sa
import yaml
from alembic.config import Config
from alembic.script import ScriptDirectory

from pipeline.errors import PipelineError, StateError
from pipeline.state.sqlite_files import SqliteFile, examine
from resources.dagster_internals import MIGRATIONS, ConfigurableClassData, SqliteRunStorage, SqliteScheduleStorage
from resources.kept_connections import KeptConnections

RUNS, SCHEDULES, EVENTS = Path("history/runs.db"), Path("schedules/schedules.db"), Path("event_log.db")
DATABASES = {RUNS: "runs", SCHEDULES: "schedules, sensors and their cursors", EVENTS: "events"}
PROFILE = "dagster.yaml"
_LOCK = ".storage.lock"
_PROGRAMS = ("dagster", "dagster-daemon", "dagster-webserver", "dagster-graphql")


class CheckedRunStorage(KeptConnections, SqliteRunStorage):
    """Runs in `history/runs.db` of `base_dir`, where Dagster's default has them."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Called by Dagster."""
        path = Path(config_value["base_dir"]) / RUNS
        with looked_at(Path(config_value["base_dir"]), RUNS) as found:
            if found.revision == newest_revision():
                return cls(_address(path), inst_data)
            return cls.from_local(str(path.parent), inst_data)


class CheckedScheduleStorage(KeptConnections, SqliteScheduleStorage):
    """Schedules, sensors and cursors in `schedules/schedules.db` of `base_dir`, where Dagster's default has them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._built: set[str] = set()  # what was found to be; none of it goes away
        super().__init__(*args, **kwargs)

    def has_built_index(self, migration_name: str) -> bool:
        """Whether rows can be found by it."""
        if migration_name not in self._built and super().has_built_index(migration_name):
            self._built.add(migration_name)
        return migration_name in self._built

    def _has_instigators_table(self, conn: sa.Connection) -> bool:
        if "instigators" not in self._built and super()._has_instigators_table(conn):
            self._built.add("instigators")
        return "instigators" in self._built

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Called by Dagster."""
        path = Path(config_value["base_dir"]) / SCHEDULES
        with looked_at(Path(config_value["base_dir"]), SCHEDULES) as found:
            if found.revision != newest_revision():
                SqliteScheduleStorage.from_local(str(path.parent), inst_data)
        return cls(_address(path), inst_data)


@contextmanager
def looked_at(home: Path, database: Path) -> Iterator[SqliteFile]:
    """Hold the lock under which storages are made; yields what is there.

    Raises:
        StateError: the file cannot be used (one of Dagster's own programs ends instead).
    """
    with files_that_can_be_used(home):
        home.mkdir(parents=True, exist_ok=True)
        with (home / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = examine(home / database)
            if problem := storage_problem(home, database):
                refuse(StateError(problem))
            yield found


@contextmanager
def files_that_can_be_used(home: Path) -> Iterator[None]:
    """Say in one sentence which file or folder of Dagster's home is in the way of another, or may not be written.

    Raises:
        StateError: one is (one of Dagster's own programs ends instead).
    """
    try:
        yield
    except OSError as error:
        found = (error.strerror or str(error)).lower()
        what = f"{error.filename or home}: expected a file or folder of Dagster's home that can be used, found: {found}"
        refuse(StateError(f"{what}; stop everything, then move it away, or correct its rights"))


def storage_problem(home: Path, database: Path, *, is_thorough: bool = False) -> str | None:
    """Why one of `DATABASES` cannot be used, and what to do; None where it can, or will be made."""
    path = home / database
    found = examine(path, is_thorough=is_thorough)
    lost = f"the UI's history of {DATABASES[database]} goes with it, datasets and verdicts stay"
    if found.fault:
        return (
            f"{path}: expected Dagster's database of {DATABASES[database]}, found {found.fault}; stop everything, then "
            f"restore it or move it away with its -wal and -shm: {lost}"
        )
    if found.revision is not None and found.revision not in known_revisions():
        return (
            f"{path}: expected a database of Dagster {dagster.__version__} or older, found revision {found.revision} "
            f"of a newer one; install that version again, or move the file away: {lost}"
        )
    return None


def known_revisions() -> frozenset[str]:
    """Every revision of its databases that the Dagster installed here knows."""
    return frozenset(each.revision for each in _migrations().walk_revisions())


def newest_revision() -> str | None:
    """The one that a database has which needs nothing done: Dagster would read every migration to see that, each time.

    A sensor's tick opens the storages anew.
    """
    return _migrations().get_current_head()


@cache
def _migrations() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return ScriptDirectory.from_config(config)


def _address(path: Path) -> str:
    return f"sqlite:///{path.absolute()}"


def profile_problem(home: Path) -> str | None:
    """Why `dagster.yaml` cannot be used; with an empty one Dagster would work on other databases than before."""
    path = home / PROFILE
    try:
        text = path.read_text("utf-8")
        found = yaml.safe_load(text)
    except FileNotFoundError:
        return None  # Dagster's defaults are wanted
    except OSError as error:
        found = (error.strerror or str(error)).lower()
    except (UnicodeDecodeError, yaml.YAMLError):
        found = "something that is no YAML"
    if isinstance(found, dict):
        return None
    shown = "an empty file" if found is None else found if isinstance(found, str) else type(found).__name__
    return f"{path}: expected Dagster's settings, found {shown[:100]}; copy deploy/{PROFILE} there"


def refuse(error: PipelineError) -> None:
    """End one of Dagster's own programs with one sentence and our exit code; raise in any other process."""
    if not _is_program_of_dagster():
        raise error
    sys.stderr.write(f"error: {error}\n")
    sys.exit(error.exit_code)


def _is_program_of_dagster() -> bool:
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    started = spec.name.partition(".")[0] if spec else Path(sys.argv[0]).name
    return started.replace("_", "-") in _PROGRAMS
