"""Looks after what runs were asked for: what they left undone is asked for again, and the operators are told.

It keeps nothing between two ticks: the open requests are in the catalog, and how the runs ended is in Dagster.
"""

from datetime import datetime

import dagster as dg

from pipeline.clock import utc_now
from pipeline.flow.operators import Kind, Operators
from pipeline.flow.retries import settle
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.tries import WORKS, GivenUp
from pipeline.state.lake import Lake
from pipeline.wording import count_of
from resources.upload_store import UploadStore
from sensors.coverage import fates
from sensors.intervals import at_most_every
from sensors.pausing import outage, waits

_NAMED = 5  # of what was given up at one time


@dg.sensor(
    name="failed_runs",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=at_most_every(5),
    description="Sends what runs left undone back to the queue, and tells the operators of crashes and failures.",
)
def failed_runs(
    context: dg.SensorEvaluationContext,
    store: UploadStore,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
) -> dg.SensorResult:
    """Compare the requests without an outcome with the runs that Dagster knows."""
    operators, now = Operators.of_settings(settings), utc_now()
    reason = outage(store.connect(), catalog, lake, settings)
    operators.send_due(now)
    if reason:
        return waits(reason, context.cursor)
    released = crashed = 0
    for work in WORKS:
        requests = catalog.open_requests(work)
        keys = {each.request_key for each in requests if each.request_key}
        found = fates(context.instance, keys, now, settings.stuck_after_s)
        settled = settle(catalog, work, requests, found, settings, now)
        released, crashed = released + len(settled.released), crashed + len(settled.crashed)
        for run_id, why in settled.died.items():
            operators.tell([f"run-{run_id}"], "run_crashed", f"Run {run_id[:8]} crashed", f"{why}.", now)
    _tell_given_up(operators, catalog.given_up(), now)
    told = f"{released} datasets are asked for again, {crashed} were at work when a process died"
    return dg.SensorResult(skip_reason=told, cursor=context.cursor)


def _tell_given_up(operators: Operators, given_up: list[GivenUp], now: datetime) -> None:
    """What failed at one time is told at one time, by kind of work."""
    kinds: tuple[tuple[str, Kind, str], ...] = (
        ("validation", "dataset_given_up", "could not be validated"),
        ("plan", "plan_given_up", "could not be planned"),
    )
    for work, kind, what in kinds:
        by_occasion = {f"{work}-{each.dataset_id}-{each.since}": each for each in given_up if each.work == work}
        new = [by_occasion[each] for each in operators.untold(list(by_occasion))] if by_occasion else []
        if new:
            named = "; ".join(f"{each.dataset_id}: {each.reason}" for each in new[:_NAMED])
            more = f"; and {len(new) - _NAMED} more" if len(new) > _NAMED else ""
            title = f"{count_of(len(new), 'dataset')} {what}"
            operators.tell(list(by_occasion), kind, title, f"{named}{more}. The tries go on hourly.", now)
