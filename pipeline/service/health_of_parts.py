"""What the service knows of the parts that it and its users depend on, asked now and then, whoever wants to know.

Store, catalog and lake are needed for nearly every request. Dagster's daemon is not: without it uploads are taken, and
validated when it is back. Nor is the cluster of `LORA_ENGINE`: without it large uploads wait.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from anyio import to_thread

from pipeline.engines import is_cluster
from pipeline.errors import PipelineError
from pipeline.flow.health import Part, ask_engine, probe
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake
from pipeline.state.store import Store

_LOG = logging.getLogger(__name__)
SENSOR = "new_uploads"
NEEDED = ("store", "catalog", "lake")
ENGINE = "engine"
SILENT_AFTER_S = 180.0  # a tick that finds much to do takes up to a minute
_LIMIT_S = 4.5  # of one part; two are asked one after the other, and an answer takes 10 s at most
_VALID_S = 5.0
_ENGINE_VALID_S = 30.0  # a connection to a scheduler costs it and us some 50 ms


@dataclass(frozen=True, slots=True)
class State:
    """How it was when it was asked last."""

    problems: dict[str, str]
    """By the part's name, sentences for the operator."""
    looked_at: datetime | None
    """When the daemon looked last, None for never."""
    is_daemon_silent: bool
    has_cluster: bool = False
    """Whether large uploads are read by one."""

    @property
    def parts(self) -> tuple[str, ...]:
        """What was asked."""
        return (*NEEDED, ENGINE) if self.has_cluster else NEEDED

    @property
    def down(self) -> list[str]:
        """Those without which nothing can be done."""
        return sorted(self.problems.keys() & set(NEEDED))

    @property
    def is_degraded(self) -> bool:
        """Whether uploads are taken, and some or all are not validated."""
        return self.is_daemon_silent or ENGINE in self.problems


def is_silent(looked_at: datetime | None, now: datetime, settings: Settings) -> bool:
    """Whether the daemon should have looked at the store by now."""
    wait = timedelta(seconds=max(SILENT_AFTER_S, 3.0 * settings.sensor_interval_s))
    return looked_at is None or now - looked_at > wait


class HealthWatch:
    """Asks the parts, once for all who want to know within some seconds."""

    def __init__(
        self, settings: Settings, store: Store, catalog: Catalog, lake: Lake, now: Callable[[], datetime]
    ) -> None:
        self.latest: State | None = None
        self._settings = settings
        self._parts = (store, catalog, lake)
        self._now = now
        self._asking: asyncio.Task[State] | None = None
        self._asked_at_s = 0.0
        self._engine: Callable[[], tuple[Part, ...]] = tuple
        self._engine_asked_at_s = float("-inf")

    async def current(self) -> State:
        """Return an answer that is some seconds old at most; it takes ten at most."""
        if self._asking is None or (self._asking.done() and time.monotonic() - self._asked_at_s > _VALID_S):
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> State:
        try:
            found = await to_thread.run_sync(self._probe)
        finally:
            self._asked_at_s = time.monotonic()
        before = self.latest.problems.keys() if self.latest else frozenset[str]()
        for name in found.problems.keys() - before:
            _LOG.error("the %s does not answer: %s", name, found.problems[name])
        for name in before - found.problems.keys():
            _LOG.info("the %s answers again", name)
        self.latest = found
        return found

    def _probe(self) -> State:
        store, catalog, lake = self._parts
        engine = self._ask_engine()
        asked = (*probe(store, catalog, lake, _LIMIT_S), *engine())
        problems: dict[str, str] = {part.name: part.problem for part in asked if part.problem}
        looked_at = None
        if "catalog" not in problems:
            try:
                looked_at = catalog.looks().get(SENSOR)
            except PipelineError as error:
                problems["catalog"] = str(error)
        is_daemon_silent = is_silent(looked_at, self._now(), self._settings)
        return State(problems, looked_at, is_daemon_silent, is_cluster(self._settings.engine))

    def _ask_engine(self) -> Callable[[], tuple[Part, ...]]:
        if time.monotonic() - self._engine_asked_at_s > _ENGINE_VALID_S:
            self._engine = ask_engine(self._settings.engine, _LIMIT_S)
            self._engine_asked_at_s = time.monotonic()
        return self._engine


def banner(state: State | None) -> str:
    """What people who are signed in should know; empty where all is well. No paths, no addresses."""
    if state is None:
        return ""
    if state.down:
        parts = " and ".join(f"the {name}" for name in state.down)
        return f"Not everything works at present: no answer from {parts}. Nothing is lost; an operator can see why."
    if state.is_daemon_silent:
        return (
            "Uploads are taken, but not validated at present: what validates them has not looked for a while. "
            "Nothing is lost; they are validated as soon as it works again."
        )
    if ENGINE in state.problems:
        return (
            "Large uploads are taken, but not validated at present: the cluster that reads them does not answer. "
            "Nothing is lost; they are validated as soon as it works again."
        )
    return ""
