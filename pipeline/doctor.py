"""What an operator would look at when something is wrong, a line each: settings, rights, space, clocks, parts, files.

Nothing is made or mended here, and every check answers whatever is down. What only Dagster can say is asked of
`resources.doctor`, in a process of its own.
"""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import duckdb

from pipeline.engines import check_engine, engine_problem, is_cluster
from pipeline.errors import PipelineError, SettingsError
from pipeline.flow.health import probe
from pipeline.installation import environment
from pipeline.preflight import Line, clock_line, events, folders, revision_line, space, unknown_variables
from pipeline.service.health_of_parts import SENSOR, is_silent
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.catalog_engine import catalog_url, make_engine
from pipeline.state.catalog.live_catalog import LiveCatalog
from pipeline.state.catalog.sqlite_catalog import database_path
from pipeline.state.lake import make_lake
from pipeline.state.sqlite_files import examine
from pipeline.state.store import make_store
from pipeline.state.warehouse.standing import is_whole
from pipeline.wording import moment

_THOROUGH_BYTES = 2_000_000_000  # reading more takes longer than one waits
_STALE_S = 600.0
_LEFT_S = 3_600.0
_DAGSTER_S = 120.0
_ANSWER_S = 10.0


def examine_installation(settings: Settings, variables: Mapping[str, str], now: datetime) -> Iterator[Line]:
    """Yield a line for each thing, as it is found."""
    yield from unknown_variables(variables)
    checks: tuple[Callable[[], Iterator[Line]], ...] = (
        lambda: folders(settings),
        lambda: space(settings),
        lambda: _catalog_file(settings),
        lambda: _parts(settings, now),
        lambda: events(settings),
        lambda: _engine(settings),
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
    with LiveCatalog(make_engine(url)) as catalog:
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


def _engine(settings: Settings) -> Iterator[Line]:
    if not is_cluster(settings.engine):
        return
    try:
        check_engine(settings.engine)
        problem = engine_problem(settings.engine, _ANSWER_S / 2)
    except SettingsError as error:
        problem = str(error)
    remedy = "docs/scaling.md, A cluster"
    yield Line("engine", "fail", problem, remedy) if problem else Line("engine", "ok", "answers")


def _revision(catalog: LiveCatalog) -> Line | None:
    """None where the catalog does not answer, which is told elsewhere."""
    try:
        return revision_line(catalog.revision())
    except PipelineError:
        return None


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
            with LiveCatalog(make_engine(url)) as catalog:
                yield from (clock_line("the database's", told, now) for told in filter(None, [catalog.clock()]))
        except PipelineError:
            pass  # it does not answer, which is told
    if settings.store.startswith("s3://") or settings.lake.startswith("s3://"):
        told = _date_of(settings.s3_endpoint_url or f"https://s3.{settings.s3_region}.amazonaws.com")
        if told:
            yield clock_line("S3's", told, datetime.now(UTC))


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
    if path.stat().st_size < _THOROUGH_BYTES and not is_whole(path):
        yield Line("warehouse", "fail", f"{path}: not all of its rows can be read", f"remove it, then {remedy}")
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
