"""`python -m resources.doctor`: what `lora-pipeline doctor` wants to know of Dagster, a JSON object a line.

Opens no storage that is not there yet, and writes nothing.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import dagster as dg

from pipeline.preflight import Line
from resources.dagster_home import DATABASES, PROFILE, RUNS, profile_problem, storage_problem
from resources.dagster_internals import InstigatorType, TickStatus
from resources.run_coordinator import LOCK, OneDaemonRunCoordinator, holder

_SILENT_S = 180.0  # Dagster's daemon sends a heartbeat each 30 s
_THOROUGH_BYTES = 500_000_000
_LOST = "docs/operations.md, Lost parts"


def lines(home: Path) -> Iterator[Line]:
    """Yield what was found in Dagster's home."""
    if not home.is_dir():
        yield Line("Dagster", "warn", f"{home} is not there yet", "start `lora-pipeline dev`, which makes it")
        return
    if problem := profile_problem(home):
        yield Line("Dagster", "fail", problem, f"copy deploy/{PROFILE} there")
        return
    problems = [found for database in DATABASES if (found := _problem(home, database))]
    yield from (Line("Dagster", "fail", problem, _LOST) for problem in problems)
    if problems:
        return
    is_made = (home / RUNS).exists() or "storage:" in (home / PROFILE).read_text("utf-8")
    if not is_made:
        yield Line("Dagster", "warn", "its databases are not made yet", "start `lora-pipeline dev`, which makes them")
        return
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield from _instance(instance, home)


def _problem(home: Path, database: Path) -> str | None:
    path = home / database
    is_small = path.is_file() and path.stat().st_size < _THOROUGH_BYTES
    return storage_problem(home, database, is_thorough=is_small)


def _instance(instance: dg.DagsterInstance, home: Path) -> Iterator[Line]:
    revision, head = instance.run_storage.alembic_version() or (None, None)
    if revision and revision != head:
        yield Line(
            "Dagster", "warn", f"its storage is at {revision}, this version at {head}", "dagster instance migrate"
        )
    else:
        yield Line("Dagster", "ok", "its storage can be used")
    if not isinstance(instance.run_coordinator, OneDaemonRunCoordinator):
        yield Line(
            "Dagster", "warn", f"{home / PROFILE} keeps no second daemon away",
            f"take run_coordinator from deploy/{PROFILE}",
        )  # fmt: skip
    yield _heartbeats(instance, holder(home / LOCK))
    yield from _ticks(instance)


def _heartbeats(instance: dg.DagsterInstance, who: str | None) -> Line:
    beats = instance.get_daemon_heartbeats()
    now_s = time.time()
    silent = sorted(
        kind
        for kind in instance.get_required_daemon_types()
        if kind not in beats or now_s - beats[kind].timestamp > _SILENT_S
    )
    if silent:
        return Line("Dagster's daemon", "warn", f"no heartbeat for minutes of: {', '.join(silent)}", "start it")
    return Line("Dagster's daemon", "ok", f"sends heartbeats ({who or 'on another machine'})")


def _ticks(instance: dg.DagsterInstance) -> Iterator[Line]:
    failed = []
    states = instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
    for state in states:
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
        if ticks and ticks[0].status is TickStatus.FAILURE:
            error = ticks[0].error
            failed.append(f"{state.instigator_name}: {error.message.strip().splitlines()[0] if error else 'failed'}")
    for each in failed:
        yield Line("sensors", "warn", f"the last tick failed: {each}", "Dagster's UI, Automation, says where")
    if not failed:
        yield Line("sensors", "ok", f"no last tick of {len(states)} failed")


if __name__ == "__main__":
    for each in lines(Path(os.environ["DAGSTER_HOME"])):
        sys.stdout.write(json.dumps(asdict(each)) + "\n")
