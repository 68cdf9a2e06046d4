"""Somebody who looks all the time: whether the warehouse lost anything, and how long things take."""

import threading
from contextlib import suppress
from datetime import datetime
from typing import Self

from pipeline.clock import utc_now
from pipeline.errors import PipelineError
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.warehouse.user_query import query
from tests.chaos.places import Places

_EVERY_S = 1.0
_ALL = 100_000


class Watch:
    """Looks each second from the block's begin to its end.

    emptier: each time that the warehouse held less than before, in words; reads: how often it was looked at;
    behind_s: the longest that a verdict was seen not to be in the warehouse.
    """

    def __init__(self, places: Places, *, measures_delay: bool = False) -> None:
        self.emptier: list[str] = []
        self.reads = 0
        self.behind_s = 0.0
        self._places = places
        self._measures_delay = measures_delay
        self._most = (0, 0, 0)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(_EVERY_S):
            with suppress(PipelineError):  # not published yet; the catalog may be gone
                self._look_at_counts()
                if self._measures_delay:  # asks the catalog, which may keep one waiting
                    self._look_at_delay()

    def _look_at_counts(self) -> None:
        local = not self._places.settings.lake.startswith("s3://")  # the views over a bucket need an extension
        rows = "(SELECT count(*) FROM conversations)" if local else "(SELECT sum(conversations) FROM dataset_profiles)"
        counts = f"SELECT (SELECT count(*) FROM datasets), (SELECT count(*) FROM dataset_profiles), {rows}"
        _, [found] = query(self._places.settings.warehouse, counts)
        seen = tuple(count or 0 for count in found)
        self.reads += 1
        if any(now < before for now, before in zip(seen, self._most, strict=True)):
            self.emptier.append(f"{utc_now():%H:%M:%S}: datasets, profiles, conversations: {self._most}, then {seen}")
        self._most = tuple(map(max, seen, self._most))

    def _look_at_delay(self) -> None:
        now = utc_now()
        # First the catalog: what it gains afterwards is not missed in the warehouse.
        with Catalog.open(self._places.settings.catalog_url) as catalog:
            verdicts = {
                each.id: each.validated_at
                for each in catalog.list_datasets(None, limit=_ALL, with_samples=False).items
                if each.validated_at
            }
        _, rows = query(self._places.settings.warehouse, "SELECT id FROM datasets WHERE validated_at IS NOT NULL")
        missing = [verdicts[each] for each in verdicts.keys() - {row[0] for row in rows}]
        self.behind_s = max([self.behind_s, *((now - each).total_seconds() for each in missing)])


def plan_delays_s(places: Places, now: datetime) -> list[float]:
    """From verdict to plan, for each ready dataset, ascending; up to now for those without a plan."""
    with Catalog.open(places.settings.catalog_url) as catalog:
        ready = catalog.list_datasets(None, status="ready", limit=_ALL, with_samples=False).items
        delays = []
        for dataset in ready:
            plan = catalog.plan_of(dataset.id)
            planned_at = (
                plan.updated_at
                if plan and plan.status == "planned" and plan.validation_run_id == dataset.run_id
                else now
            )
            delays.append((planned_at - (dataset.validated_at or now)).total_seconds())
    return sorted(delays)
