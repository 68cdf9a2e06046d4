"""What has to be true before something is changed, a line each: settings, rights, space, the catalog, its clock, locks.

Quick, and nothing is made, migrated or started. What an operator looks at when something is wrong is `doctor.py`, which
asks more, and of more parts.
"""

import difflib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pipeline.errors import PipelineError
from pipeline.llm.backends import OTHER_KEY, place_of
from pipeline.llm.call_prices import load_inference_prices, price_of
from pipeline.settings import Settings
from pipeline.state.catalog.catalog_engine import catalog_url
from pipeline.state.catalog.live_catalog import LiveCatalog
from pipeline.state.catalog.migrate import HEAD
from pipeline.state.catalog.sqlite_catalog import database_path
from pipeline.wording import count_of, size

Level = Literal["ok", "warn", "fail"]
# Read elsewhere than in the settings.
OTHER_VARIABLES = frozenset({"LORA_TOKEN", "LORA_DEBUG", "LORA_LLM_API_KEY"})
_LITTLE_BYTES, _NO_BYTES = 5_000_000_000, 500_000_000
_SKEW_S, _WRONG_S = 5.0, 300.0  # S3 refuses requests from 15 minutes away


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    name: str
    level: Level
    found: str
    remedy: str = ""
    """What to do, empty where all is well."""


def as_json(line: Line) -> str:
    """A line for programs."""
    return json.dumps(asdict(line), ensure_ascii=False)


def examine_before_changes(settings: Settings, variables: Mapping[str, str], now: datetime) -> Iterator[Line]:
    """Yield a line for each thing, as it is found."""
    yield from unknown_variables(variables)
    yield from models(settings, variables)
    yield from folders(settings)
    yield from buckets(settings)
    yield from events(settings)
    yield from space(settings)
    yield from _catalog(settings, now)


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


def models(settings: Settings, variables: Mapping[str, str]) -> Iterator[Line]:
    """Whether who writes conversations is a provider, with a key and prices; nobody is asked."""
    if not settings.llm:
        return
    named = (settings.llm_model, settings.llm_annotating_model, settings.llm_judging_model)
    try:
        place, prices = place_of(settings.llm), load_inference_prices(settings.llm_prices_file)
        for model in filter(None, named):
            price_of(prices, place.provider, model)
    except PipelineError as error:
        yield Line("models", "fail", str(error).replace("\n", " "), "correct LORA_LLM and the models, or their prices")
        return
    if place.key_variable != OTHER_KEY and not variables.get(place.key_variable):
        yield Line("models", "warn", f"{place.provider} takes a key, found none here", f"set {place.key_variable}")
    else:
        yield Line("models", "ok", f"{place.provider}: {', '.join(filter(None, named)) or 'none named'}")


def folders(settings: Settings) -> Iterator[Line]:
    """Whether this user may write where the installation writes."""
    wrong = False
    for variable, folder in _places(settings).items():
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


def buckets(settings: Settings) -> Iterator[Line]:
    """Whether buckets answer and may be written: an upload is begun in each, and broken off."""
    places = {place for place in (settings.store, settings.lake) if place.startswith("s3://")}
    if not places:
        return
    from pipeline.state.store.s3_client import make_s3_client, try_writing

    wrong = False
    for place in sorted(places):
        try:
            try_writing(make_s3_client(settings.s3_endpoint_url, settings.s3_region), place)
        except PipelineError as error:
            wrong = True
            yield Line("buckets", "fail", str(error).replace("\n", " "), "docs/operations.md, When something is wrong")
    if not wrong:
        yield Line("buckets", "ok", f"{' and '.join(sorted(places))} may be written")


def events(settings: Settings) -> Iterator[Line]:
    """Whether the queue answers that tells of uploads, may be used, and puts aside what nobody can read."""
    if not settings.events:
        return
    from pipeline.state.store.event_queue import make_event_queue

    try:
        queue = make_event_queue(settings)
        assert queue is not None  # noqa: S101  # there are events
        state = queue.state()
        queue.check_rights()
    except PipelineError as error:
        yield Line("events", "fail", str(error).replace("\n", " "), "docs/deployment.md, Uploads told by a queue")
        return
    if not state.redriven_to:
        found = f"{settings.events} has no redrive policy: a message that nobody can read comes again and again"
        yield Line("events", "warn", found, "docs/deployment.md, Uploads told by a queue")
    else:
        yield Line("events", "ok", f"{settings.events} may be read, about {count_of(state.waiting, 'message')} there")


def space(settings: Settings) -> Iterator[Line]:
    """How much room each disk has on which something of the installation lies."""
    seen: set[int] = set()
    for folder in _places(settings).values():
        there = next(each for each in (folder, *folder.parents) if each.exists())
        if there.stat().st_dev in seen:
            continue
        seen.add(there.stat().st_dev)
        free = shutil.disk_usage(there).free
        level: Level = "fail" if free < _NO_BYTES else "warn" if free < _LITTLE_BYTES else "ok"
        remedy = "" if level == "ok" else "free some, or move it"
        yield Line("space", level, f"{size(free)} are free at {there}", remedy)


def revision_line(found: str | None) -> Line:
    """Whether a catalog has the tables of this version."""
    if found == HEAD:
        return Line("migrations", "ok", f"the catalog is at revision {HEAD}")
    told = f"the catalog is at revision {found}, this version at {HEAD}"
    if found is None or found < HEAD:
        return Line("migrations", "warn", told, "start `lora-pipeline dev` or `serve`, which migrates it")
    return Line("migrations", "fail", told, "upgrade this installation: a newer one made the catalog")


def clock_line(whose: str, told: datetime, now: datetime) -> Line:
    """How far another clock is from this machine's."""
    apart_s = abs((told - now).total_seconds())
    level: Level = "fail" if apart_s > _WRONG_S else "warn" if apart_s > _SKEW_S else "ok"
    remedy = "" if level == "ok" else "let all machines follow the same time server"
    return Line("clocks", level, f"{whose} clock and this machine's are {apart_s:,.0f} s apart", remedy)


def _places(settings: Settings) -> dict[str, Path]:
    """Folders in which the installation writes, by the setting of each."""
    local = (("LORA_STORE", settings.store), ("LORA_LAKE", settings.lake))
    return {
        "LORA_DATA_DIR": settings.data_dir,
        "LORA_DAGSTER_HOME": settings.dagster_home,
        "LORA_WAREHOUSE": settings.warehouse.parent,
        **{variable: Path(place) for variable, place in local if not place.startswith("s3://")},
    }


def _catalog(settings: Settings, now: datetime) -> Iterator[Line]:
    path = database_path(catalog_url(settings.catalog_url))
    if path is not None and not path.exists():
        yield Line("catalog", "warn", f"there is none at {path} yet", "start `lora-pipeline dev`, which makes it")
        return
    checks: tuple[Callable[[LiveCatalog], Iterator[Line]], ...] = (
        lambda live: iter([revision_line(live.revision())]),
        _rights,
        _locks,
        lambda live: (clock_line("the database's", told, now) for told in filter(None, [live.clock()])),
    )
    try:
        with closing(LiveCatalog.as_it_is(settings.catalog_url)) as live:
            for check in checks:
                yield from check(live)
    except PipelineError as error:
        yield Line("catalog", "fail", str(error).replace("\n", " "), "docs/operations.md, When something is wrong")


def _rights(live: LiveCatalog) -> Iterator[Line]:
    lacking = live.lacking_rights()
    if lacking:
        found = f"{live.place}: this user lacks the right to {'; '.join(lacking)}"
        yield Line("catalog", "fail", found, "grant it, or connect as who owns the tables")
    else:
        yield Line("catalog", "ok", f"{live.place} may be written")


def _locks(live: LiveCatalog) -> Iterator[Line]:
    found = live.locks()
    for lock in found:
        yield Line("locks", "warn", f"{lock.who} {lock.what}", "wait for it, or end it")
    if not found:
        yield Line("locks", "ok", "nobody keeps others waiting")
