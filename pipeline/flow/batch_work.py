"""A run's way through its datasets: whatever goes wrong in one is that dataset's outcome, and the batch goes on.

Only a service that does not answer stops the run: it waits for a while, goes on with the dataset where it was, and in
the end gives the rest back. Nothing of that costs a dataset an attempt.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from pipeline.errors import EngineDown, ServiceError
from pipeline.flow.failure_words import sentence_of, trace_of
from pipeline.panics import panics_as_errors
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.tries import Patience, Spent, Work
from pipeline.wording import time_of_day

GIVE_UP_AFTER = 3  # errors of services in a row, each tried twice: then the rest of the batch need not ask them, too
PAUSE_AFTER = timedelta(minutes=1)
OUTAGE_PATIENCE_S = 3_600.0
"""While these services are away no other run is started. What a run has begun it cannot give back without the catalog,
and where Dagster's storage is away too, it would seem to have crashed."""
ENGINE_PATIENCE_S = 300.0
"""A cluster is wanted by few datasets, and others wait for the run's place."""
_LOOK_EVERY_S = 2.0
_SECOND_TRY_S = 1.0
# What may be over the next moment. Errors of SQL that are not the catalog's come from where Dagster keeps its events.
PASSING = (ServiceError, SQLAlchemyError)


class ServiceDown(ServiceError):
    """A service does not answer for longer than a run waits; the run ends, and its datasets are asked for again."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A dataset for which a try came to nothing."""

    dataset_id: str
    sentence: str
    trace: str
    spent: Spent | None
    """None where the try does not count."""

    def said(self) -> str:
        """A sentence for the run's log."""
        again = f"; tried again at {time_of_day(self.spent.retry_at, seconds=True)}" if self.spent else ""
        return f"{self.dataset_id}: {self.sentence}{again}"


@dataclass(frozen=True, slots=True)
class Means:
    """What working through a batch needs."""

    catalog: Catalog
    patience: Patience
    outage: Callable[[], str]
    """Asks the services, and says what is wrong with them, or nothing."""
    log: Callable[[str], None]
    now: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    engine_outage: Callable[[], str] = lambda: ""
    """The same of the cluster, which only those wait for who need it."""
    passing: tuple[type[Exception], ...] = ()
    """Errors beside `PASSING` that may be over the next moment."""


@dataclass(slots=True)
class BatchWork:
    """One kind of work on the datasets of a run."""

    means: Means
    work: Work
    run_id: str
    request_key: str
    """The request that the run answers; empty for one that a person started, which does what it was given."""
    report: Callable[[Failed], None]
    failed: list[Failed] = field(default_factory=list)

    def go_through(self, dataset_ids: Sequence[str], do: Callable[[str], None]) -> list[Failed]:
        """Do it for one after the other; returns the failures.

        Raises:
            ServiceDown: a service is down, or so many datasets failed for services that the rest is left for later.
        """
        in_a_row = 0
        for number, dataset_id in enumerate(dataset_ids):
            left = dataset_ids[number:]
            try:
                error = self._one(dataset_id, do)
            except ServiceDown:
                self._give_back(left)
                raise
            in_a_row = in_a_row + 1 if isinstance(error, ServiceError) else 0
            if in_a_row == GIVE_UP_AFTER and len(left) > 1:
                self._give_back(left[1:], self.means.now() + PAUSE_AFTER)
                raise ServiceDown(
                    f"{GIVE_UP_AFTER} datasets in a row failed for services, the others are left for later; the last: "
                    f"{error}"
                )
        return self.failed

    def _one(self, dataset_id: str, do: Callable[[str], None]) -> Exception | None:
        """Do it for one dataset, a second time if a service erred; returns what made it fail."""
        for is_last in (False, True):
            try:
                self._through_outages(lambda: self._try(dataset_id, do))
            except ServiceDown:
                raise
            except Exception as error:
                if isinstance(error, (*PASSING, *self.means.passing)) and not is_last:
                    self.means.sleep(_SECOND_TRY_S)
                    continue
                self._note(dataset_id, error)
                return error
            return None
        raise AssertionError("the last try returns")

    def _try(self, dataset_id: str, do: Callable[[str], None]) -> None:
        self.means.catalog.begin_try(self.work, dataset_id, self.run_id)
        with panics_as_errors():
            do(dataset_id)

    def _through_outages(self, act: Callable[[], None]) -> None:
        """Act; when it fails while a service is down, wait for the service and act again.

        Raises:
            ServiceDown: it does not come back for too long.
        """
        while True:
            try:
                return act()
            except Exception as error:
                means = self.means
                if isinstance(error, EngineDown):
                    is_over = self._sit_out(means.engine_outage, ENGINE_PATIENCE_S)
                else:
                    is_over = self._sit_out(means.outage, OUTAGE_PATIENCE_S)
                if not is_over:
                    raise

    def _sit_out(self, ask: Callable[[], str], patience_s: float) -> bool:
        """Wait until all services answer that are asked; returns whether one did not."""
        outage, began_s = ask(), self.means.clock()
        if not outage:
            return False
        self._say(f"waiting: {outage}")
        while outage := ask():
            if self.means.clock() - began_s > patience_s:
                raise ServiceDown(f"stopped, nothing is lost, what is left is asked for again: {outage}") from None
            self.means.sleep(_LOOK_EVERY_S)
        return True

    def _note(self, dataset_id: str, error: Exception) -> None:
        sentence, trace = sentence_of(error), trace_of(error)
        spent: list[Spent | None] = []

        def spend() -> None:
            means = self.means
            spent.append(
                means.catalog.spend_try(self.work, dataset_id, self.run_id, sentence, means.patience, means.now())
            )

        try:
            self._through_outages(spend)
        except ServiceDown:
            raise
        except Exception as second:  # then it is asked for again when the run is over
            self._say(f"{dataset_id}: its failure could not be noted: {sentence_of(second)}")
        failed = Failed(dataset_id, sentence, trace, spent[-1] if spent else None)
        self.failed.append(failed)
        try:
            self._through_outages(lambda: self.report(failed))
        except ServiceDown:
            raise
        except Exception as second:
            self._say(f"{dataset_id}: its failure could not be shown: {sentence_of(second)}")

    def _say(self, message: str) -> None:
        """What cannot be logged is not: the log is kept where Dagster keeps its events, which may be what is away."""
        with suppress(Exception):
            self.means.log(message)

    def _give_back(self, dataset_ids: Sequence[str], retry_at: datetime | None = None) -> None:
        """Best effort: what the catalog cannot note now is found by the sensor when the run is over."""
        try:
            self.means.catalog.release(self.work, dataset_ids, self.request_key or None, retry_at)
        except Exception as error:
            self._say(f"{len(dataset_ids)} datasets are given back later: {sentence_of(error)}")
