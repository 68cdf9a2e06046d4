"""What an operator would look at when something is wrong, a line each: settings, rights, space, clocks, parts, files.

Nothing is made or mended here, and every check answers whatever is down. What only Dagster can say is asked of
`resources.doctor`, in a process of its own.
"""

import difflib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
from sqlalchemy import text

from pipeline.errors import PipelineError
from pipeline.flow.health import probe
from pipeline.installation import environment
from pipeline.service.health import SENSOR, is_silent
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.engine import catalog_url, make_engine
from pipeline.state.catalog.migrate import HEAD
from pipeline.state.catalog.sqlite_catalog import database_path
from pipeline.state.lake import make_lake
from pipeline.state.sqlite_files import examine
from pipeline.state.store import make_store
from pipeline.wording import moment, size

Level = Literal["ok", "warn", "fail"]
# Read elsewhere than in the settings.
OTHER_VARIABLES = frozenset({"LORA_TOKEN", "LORA_DEBUG", "LORA_LLM_API_KEY"})
_LITTLE_BYTES, _NO_BYTES = 5_000_000_000, 500_000_000
_THOROUGH_BYTES = 2_000_000_000  # reading more takes longer than one waits
_SKEW_S, _WRONG_S = 5.0, 300.0  # S3 refuses requests from 15 minutes away
_STALE_S = 600.0
_LEFT_S = 3_600.0
_DAGSTER_S = 120.0
_ANSWER_S = 10.0


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at. remedy: what to do, empty where all is well."""

    name: str
    level: Level
    found: str
    remedy: str = ""


def examine_installation(settings: Settings, variables: Mapping[str, str], now: datetime) -> Iterator[Line]:
    """Yield a line for each thing, as it is found."""
    yield from unknown_variables(variables)
    checks: tuple[Callable[[], Iterator[Line]], ...] = (
        lambda: _folders(settings),
        lambda: _space(settings),
        lambda: _catalog_file(settings),
        lambda: _parts(settings, now),
        lambda: _clocks(settings, now),
        lambda: _warehouse(settings),
        lambda: _dagster(settings, variables),
        lambda: _leftovers(settings),
    )
    for check in checks:
        try:
            yield from check()
        except Exception as error:  # one check that breaks leaves the others
            yield Line("doctor", "fail", f"a check broke: {type(error).__name__}: {error}", "report it")


def exit_code(lines: list[Line]) -> int:
    """0 all is well, 1 something is for a person to mend, 3 something is broken."""
    levels = {line.level for line in lines}
    return 3 if "fail" in levels else 1 if "warn" in levels else 0


def as_json(line: Line) -> str:
    """A line for programs."""
    return json.dumps(asdict(line), ensure_ascii=False)


def unknown_variables(variables: Mapping[str, str]) -> Iterator[Line]:
    """Variables that look like settings and are none: mistyped, they change nothing and nobody says so."""
    known = {f"LORA_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES
    unknown = sorted(name for name in variables if name.startswith("LORA_") and name not in known)
    for name in unknown:
        close = difflib.get_close_matches(name, known, 1)
        yield Line("settings", "warn", f"{name} is no setting", f"did you mean {close[0]}?" if close else "unset it")
    if not unknown:
        count = sum(name in known for name in variables)
        yield Line("settings", "ok", f"all can be used, {count} of them set")


def _folders(settings: Settings) -> Iterator[Line]:
    folders = {
        "LORA_DATA_DIR": settings.data_dir,
        "LORA_DAGSTER_HOME": settings.dagster_home,
        "LORA_WAREHOUSE": settings.warehouse.parent,
    }
    folders |= {
        f"LORA_{name.upper()}": Path(place)
        for name, place in (("store", settings.store), ("lake", settings.lake))
        if not place.startswith("s3://")
    }
    wrong = False
    for variable, folder in folders.items():
        if not folder.exists():
            continue  # whether it should be there the store, lake and Dagster know
        if not folder.is_dir():
            yield Line("rights", "fail", f"{folder} is no folder", f"move it away, or set {variable}")
        elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            who = folder.stat().st_uid
            yield Line("rights", "fail", f"{folder} may not be written (it is user {who}'s)", "chown or chmod it")
        elif folder.stat().st_uid != os.geteuid():
            who = folder.stat().st_uid
            yield Line(
                "rights", "warn", f"{folder} is user {who}'s, this is user {os.geteuid()}", "run all as one user"
            )
        else:
            continue
        wrong = True
    if not wrong:
        yield Line("rights", "ok", "all folders may be written")


def _space(settings: Settings) -> Iterator[Line]:
    seen: set[int] = set()
    for folder in (settings.data_dir, settings.dagster_home, settings.warehouse.parent):
        there = next(each for each in (folder, *folder.parents) if each.exists())
        if there.stat().st_dev in seen:
            continue
        seen.add(there.stat().st_dev)
        free = shutil.disk_usage(there).free
        level: Level = "fail" if free < _NO_BYTES else "warn" if free < _LITTLE_BYTES else "ok"
        remedy = "" if level == "ok" else "free some, or move it"
        yield Line("space", level, f"{size(free)} are free at {there}", remedy)


def _catalog_file(settings: Settings) -> Iterator[Line]:
    path = database_path(catalog_url(settings.catalog_url))
    if path is None or not path.exists():
        return
    found = examine(path, is_thorough=path.is_file() and path.stat().st_size < _THOROUGH_BYTES)
    if found.fault or found.is_empty:
        fault = found.fault or "an empty file"
        yield Line("catalog file", "fail", f"{path}: found {fault}", "restore it: docs/operations.md, Lost parts")
    else:
        yield Line("catalog file", "ok", f"{path} is whole")


def _parts(settings: Settings, now: datetime) -> Iterator[Line]:
    url = catalog_url(settings.catalog_url)
    path = database_path(url)
    if path is not None and not path.exists():
        yield Line("catalog", "warn", f"there is none at {path} yet", "start `lora-pipeline dev`, which makes it")
        return
    with Catalog(make_engine(url)) as catalog:
        migrations = _revision(catalog)
        if migrations:
            yield migrations
            if migrations.level != "ok":
                return  # what the parts are asked may be in tables that are not there yet
        parts = probe(make_store(settings), catalog, make_lake(settings), _ANSWER_S / 2)
        for part in parts:
            remedy = "docs/operations.md, When something is wrong"
            yield Line(part.name, "fail", part.problem, remedy) if part.problem else Line(part.name, "ok", "answers")
        if migrations:
            yield _daemon(catalog, settings, now)


def _revision(catalog: Catalog) -> Line | None:
    """None where the catalog does not answer, which is told elsewhere."""
    try:
        with catalog._reading() as connection:
            found = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())
    except PipelineError:
        return None
    if found == HEAD:
        return Line("migrations", "ok", f"the catalog is at revision {HEAD}")
    told = f"the catalog is at revision {found}, this version at {HEAD}"
    if found < HEAD:
        return Line("migrations", "warn", told, "start `lora-pipeline dev` or `serve`, which migrates it")
    return Line("migrations", "fail", told, "upgrade this installation: a newer one made the catalog")


def _daemon(catalog: Catalog, settings: Settings, now: datetime) -> Line:
    looked_at = catalog.looks().get(SENSOR)
    when = f"{(now - looked_at).total_seconds():,.0f} s ago" if looked_at else "never"
    if is_silent(looked_at, now, settings):
        return Line("daemon", "warn", f"looked for uploads {when}", "start it; its log and the sensor's page say more")
    return Line("daemon", "ok", f"looked for uploads {when}")


def _clocks(settings: Settings, now: datetime) -> Iterator[Line]:
    url = catalog_url(settings.catalog_url)
    if url.get_backend_name() != "sqlite":
        try:
            with Catalog(make_engine(url)) as catalog, catalog._reading() as connection:
                yield _clock("the database's", connection.execute(text("SELECT now()")).scalar_one(), now)
        except PipelineError:
            pass  # it does not answer, which is told
    if settings.store.startswith("s3://") or settings.lake.startswith("s3://"):
        told = _date_of(settings.s3_endpoint_url or f"https://s3.{settings.s3_region}.amazonaws.com")
        if told:
            yield _clock("S3's", told, datetime.now(UTC))


def _clock(whose: str, told: datetime, now: datetime) -> Line:
    apart_s = abs((told - now).total_seconds())
    level: Level = "fail" if apart_s > _WRONG_S else "warn" if apart_s > _SKEW_S else "ok"
    remedy = "" if level == "ok" else "let all machines follow the same time server"
    return Line("clocks", level, f"{whose} clock and this machine's are {apart_s:,.0f} s apart", remedy)


def _date_of(address: str) -> datetime | None:
    try:
        with urllib.request.urlopen(address, timeout=_ANSWER_S) as answer:  # noqa: S310  # the setting is checked
            told = answer.headers.get("Date")
    except urllib.error.HTTPError as error:  # an answer, too
        told = error.headers.get("Date")
        error.close()
    except OSError:
        return None
    return parsedate_to_datetime(told) if told else None


def _warehouse(settings: Settings) -> Iterator[Line]:
    path, remedy = settings.warehouse, "publish it: Dagster's UI, Jobs, publish"
    if not path.exists():
        yield Line("warehouse", "warn", f"there is none at {path} yet", remedy)
        return
    try:
        duckdb.connect(str(path), read_only=True).close()
    except (duckdb.Error, OSError) as error:
        yield Line("warehouse", "fail", f"{path}: {str(error).splitlines()[0]}", f"remove it, then {remedy}")
        return
    published = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    change = _last_change(settings)
    if change and change - published > timedelta(seconds=_STALE_S):
        late_s = (change - published).total_seconds()
        yield Line("warehouse", "warn", f"is {late_s / 60:,.0f} minutes behind the catalog", remedy)
    else:
        yield Line("warehouse", "ok", f"was published at {moment(published)}")


def _last_change(settings: Settings) -> datetime | None:
    url = catalog_url(settings.catalog_url)
    path = database_path(url)
    if path is not None and not path.exists():
        return None
    try:
        with Catalog(make_engine(url)) as catalog:
            return catalog.last_change()
    except PipelineError:
        return None


def _dagster(settings: Settings, variables: Mapping[str, str]) -> Iterator[Line]:
    command = [sys.executable, "-m", "resources.doctor"]
    try:
        done = subprocess.run(
            command, env=environment(settings, variables), capture_output=True, text=True, check=False,
            timeout=_DAGSTER_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        yield Line("Dagster", "fail", f"its storage has not answered for {_DAGSTER_S:.0f} s", "check its database")
        return
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        yield Line("Dagster", "fail", f"its storage cannot be opened: {last}", "docs/operations.md, Lost parts")
        return
    found: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    yield from (Line(**each) for each in found)


def _leftovers(settings: Settings) -> Iterator[Line]:
    patterns = (
        (settings.data_dir, ".*.part"),
        (settings.dagster_home, ".event_log-*"),
        (settings.dagster_home, ".*.part"),
    )
    before_s = time.time() - _LEFT_S
    left = [
        path
        for folder, pattern in patterns
        if folder.is_dir()
        for path in sorted(folder.glob(pattern))
        if path.stat().st_mtime < before_s
    ]
    for path in left:
        yield Line("leftovers", "warn", f"{path} was left by a process that died", "remove it")
    if not left:
        yield Line("leftovers", "ok", "none")
