"""Whether store, catalog and lake answer, and are the ones that are meant; and those that only some work needs: the
queue that tells of uploads, the cluster that reads large ones. Asked every few seconds, so it is cheap:
three small queries of the catalog, one request to the store and one to the lake while all is well.

What follows from a problem is decided by who asks: sensors wait, the service says so, a person is told.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pipeline.engines import engine_problem, is_cluster
from pipeline.errors import PipelineError
from pipeline.flow.marks import Site, problem_of, site_of_lake, site_of_store
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.place_marks import Known, Place
from pipeline.state.lake import Lake
from pipeline.state.store import Store

if TYPE_CHECKING:  # boto3 takes half a second, and most have no queue
    from pipeline.state.store.event_queue import EventQueue

LIMIT_S = 8.0
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Part:
    """One of the three, the queue that tells the store's uploads, or the cluster that reads large ones."""

    name: Literal["store", "catalog", "lake", "queue", "engine"]
    problem: str | None
    """A sentence that says what is wrong and what to do; None where all is well."""


def probe(store: Store, catalog: Catalog, lake: Lake, limit_s: float = LIMIT_S) -> tuple[Part, ...]:
    """Ask all three, in this order in the answer; never raises, and ends within twice `limit_s`.

    The catalog comes first, because it knows what should lie in the others; these are asked side by side.
    """
    asked = _call(f"the catalog {catalog.place}", catalog.known_places)
    known, catalog_problem = asked.outcome(limit_s)
    calls = {site.name: _ask(site, known, catalog) for site in (site_of_store(store), site_of_lake(lake))}
    problems: dict[str, str | None] = {"catalog": catalog_problem}
    for name, call in calls.items():
        found, problem = call.outcome(limit_s)
        problems[name] = problem or found
    return tuple(Part(name, problems[name]) for name in ("store", "catalog", "lake"))


def probe_queue(queue: "EventQueue", limit_s: float = LIMIT_S) -> tuple[Part, ...]:
    """Ask the queue in which the store tells of uploads; never raises."""
    _, problem = _call(f"the queue {queue.name}", queue.state).outcome(limit_s)
    return (Part("queue", problem),)


def ask_engine(engine: str, limit_s: float = LIMIT_S) -> Callable[[], tuple[Part, ...]]:
    """Ask the cluster of `LORA_ENGINE`, if it is one, beside whatever else is asked; what is returned gives its answer.

    That never raises, and ends `limit_s` after this call.
    """
    if not is_cluster(engine):
        return tuple
    call = _call(f"the cluster {engine}", lambda: engine_problem(engine, limit_s / 2))  # for scheduler and workers each

    def answer() -> tuple[Part, ...]:
        found, problem = call.outcome(limit_s)
        return (Part("engine", problem or found or None),)

    return answer


def _ask(site: Site, known: dict[Place, Known] | None, catalog: Catalog) -> "_Call[str | None]":
    expected = known[site.name] if known else None
    return _call(f"the {site.name} {site.where}", lambda: problem_of(site, expected, catalog))


class _Call(Generic[_T]):
    """A question in a thread of its own: a mount or a database that hangs keeps it, and not who asks."""

    def __init__(self, what: str, question: Callable[[], _T]) -> None:
        self._what = what
        self._question = question
        self._answer: _T | None = None
        self._problem: str | None = None
        self._began_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"probe of {what}")
        self._thread.start()

    def is_open(self) -> bool:
        """Whether the answer is still to come."""
        return self._thread.is_alive()

    def outcome(self, limit_s: float) -> tuple[_T | None, str | None]:
        """Return the answer, or None with what is wrong."""
        self._thread.join(max(0.0, self._began_s + limit_s - time.monotonic()))
        if self._thread.is_alive():
            waited_s = time.monotonic() - self._began_s
            return None, f"{self._what} has not answered for {waited_s:.0f} s: check that it is up, and the way to it"
        return self._answer, self._problem

    def _run(self) -> None:
        try:
            self._answer = self._question()
        except PipelineError as error:
            self._problem = str(error)
        except Exception as error:  # whatever it is, the question was whether all is well
            self._problem = f"{self._what} could not be asked: {type(error).__name__}: {error}"


_LOCK = threading.Lock()
_CALLS: dict[str, _Call[Any]] = {}  # the last of each place


def _call(what: str, question: Callable[[], _T]) -> _Call[_T]:
    """Ask, or join those who wait already: a place that hangs holds one thread, however often it is asked."""
    with _LOCK:
        before = _CALLS.get(what)
        if before is None or not before.is_open():
            _CALLS[what] = _Call(what, question)
        return _CALLS[what]
