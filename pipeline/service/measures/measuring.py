"""Puts the answer of `/metrics` together: what the parts say, what the catalog counts, what this process counted."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from importlib.metadata import version

from pipeline.errors import PipelineError
from pipeline.service.health_of_parts import State
from pipeline.service.measures import measure_families
from pipeline.service.measures.exposition import Family, Sample, exposition
from pipeline.service.measures.request_times import RequestTimes
from pipeline.service.measures.verdict_times import VerdictTimes
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.costs import NANO
from pipeline.state.catalog.measures import Measured, Queue

_LOG = logging.getLogger(__name__)
_VALID_S = 15.0
_COST_VALID_S = 120.0  # summed over all that was ever paid
_ASKED_FOR = ("validation", "planning")  # a publication or a fold is asked for once, for all
_Measure = tuple[Family, Iterable[Sample]]


class Measuring:
    """Asks the catalog once for all who want to know within some seconds."""

    def __init__(self, catalog: Catalog, requests: RequestTimes, now: Callable[[], datetime]) -> None:
        self._catalog = catalog
        self._requests = requests
        self._now = now
        self._verdicts = VerdictTimes(now())
        self._of_catalog: list[_Measure] = []
        self._asked_at_s = float("-inf")
        self._spent_nano_usd = self._made_nano_usd = 0
        self._spent_at_s = float("-inf")
        self._lock = threading.Lock()

    def text(self, state: State) -> str:
        """Return the answer; while the catalog is away, what is known without it."""
        with self._lock:
            if time.monotonic() - self._asked_at_s > _VALID_S:
                self._of_catalog = self._ask() if "catalog" not in state.problems else []
                self._asked_at_s = time.monotonic()
            of_catalog = self._of_catalog
        parts = [Sample(name not in state.problems, {"part": name}) for name in state.parts]
        return exposition(
            [
                (measure_families.BUILD, [Sample(1, {"version": version("lora-dataset-pipeline")})]),
                (measure_families.PARTS, parts),
                *of_catalog,
                (measure_families.VERDICTS, self._verdicts.counts()),
                (measure_families.VERDICT_TIMES, self._verdicts.times()),
                (measure_families.REQUESTS, self._requests.ends()),
                (measure_families.REQUEST_TIMES, self._requests.times()),
            ]
        )

    def _ask(self) -> list[_Measure]:
        try:
            now = self._now()
            self._verdicts.add(self._catalog.decided_since(self._verdicts.since), now)
            looks = self._catalog.looks()
            if time.monotonic() - self._spent_at_s > _COST_VALID_S:
                self._spent_nano_usd = sum(each.nano_usd or 0 for each in self._catalog.spending(None))
                self._made_nano_usd = self._catalog.generation_nano_usd()
                self._spent_at_s = time.monotonic()
            paid = [
                (measure_families.TRAINING_COST, self._spent_nano_usd),
                (measure_families.GENERATION_COST, self._made_nano_usd),
            ]
            return [
                (measure_families.LOOKS, _looks(looks)),
                *_counted(self._catalog.measured(), now),
                *((family, [Sample(nano_usd / NANO)]) for family, nano_usd in paid),
            ]
        except PipelineError as error:
            _LOG.error("the catalog cannot be counted: %s", error)
            return []


def _looks(looks: Mapping[str, datetime]) -> list[Sample]:
    return [Sample(at.timestamp(), {"sensor": name}) for name, at in sorted(looks.items())]


def _counted(found: Measured, now: datetime) -> list[_Measure]:
    waiting = [
        Sample(count, {"stage": stage, "run": run})
        for stage, queue in found.queues.items()
        for run, count in (("unasked", queue.unasked), ("asked", queue.asked))
        if run == "unasked" or stage in _ASKED_FOR
    ]
    longest = [Sample(_waits_s(queue, now), {"stage": stage}) for stage, queue in found.queues.items()]
    return [
        (measure_families.DATASETS, _by("status", found.datasets)),
        (measure_families.WAITING, waiting),
        (measure_families.RETRYING, [Sample(found.retrying)]),
        (measure_families.LONGEST_WAIT, longest),
        (measure_families.IGNORED, [Sample(found.ignored_files)]),
        (measure_families.TRAININGS, _by("state", found.trainings)),
        (measure_families.METERED_COST, [Sample(found.metered_nano_usd / NANO)]),
        (measure_families.BATCHES, _by("status", found.batches)),
    ]


def _waits_s(queue: Queue, now: datetime) -> float:
    return max(0.0, (now - queue.since).total_seconds()) if queue.since else 0.0


def _by(label: str, counts: Mapping[str, int]) -> list[Sample]:
    return [Sample(count, {label: name}) for name, count in counts.items()]
