"""What becomes of datasets whose run is over without an outcome for them.

A run that ended by itself has noted the outcome of each dataset that it tried: what is left costs nothing, and is asked
for again. Where the run's process died, the dataset that it was at work on loses an attempt, and no other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.tries import OpenRequest, Patience, Work

# A tick notes its requests before Dagster stores the runs, which takes long for many partitions.
LOST_AFTER = timedelta(minutes=2)
# Before a request that nobody could begin is made again: the first one more at once, then ever later.
_PAUSES_S = (0.0, 5.0, 15.0, 30.0, 60.0)
FAILED_AFTER_REQUESTS = 6  # runs in a row that did not even begin
MANY_REQUESTS = 10


def patience_of(settings: Settings) -> Patience:
    """How often an installation tries, and when."""
    pauses_s = tuple(float(each) for each in settings.retry_pauses_s.split())
    return Patience(settings.max_attempts, pauses_s, bool(settings.operator_webhook_url or settings.operator_email))


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the run of a request.

    living: queued or at work. lost: Dagster knows no such run. ended: it is over, and said so itself. died: its process
    ended without a word.
    """

    state: Literal["living", "lost", "ended", "died"]
    run_id: str = ""
    reason: str = ""
    """What it said, or what is known."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Ids of datasets asked for again at no cost, and of those at which a process died; runs that died, and why."""

    released: tuple[str, ...]
    crashed: tuple[str, ...]
    died: dict[str, str]


def settle(
    catalog: Catalog,
    work: Work,
    requests: Sequence[OpenRequest],
    fates: Mapping[str, Fate],
    settings: Settings,
    now: datetime,
) -> Settled:
    """Close the requests whose runs are over, so that what is undecided waits for another run.

    fates: of each request by its key; what was asked for without one, by an older version, is lost.
    """
    released: list[str] = []
    crashed: list[str] = []
    died: dict[str, str] = {}
    by_key: dict[str | None, list[OpenRequest]] = {}
    for request in requests:
        by_key.setdefault(request.request_key, []).append(request)
    for request_key, asked in by_key.items():
        fate = fates[request_key] if request_key else Fate("lost")
        if fate.state == "living":
            continue
        if fate.state == "died":
            died[fate.run_id] = fate.reason
        begun = [each for each in asked if each.begun_by and each.begun_by == fate.run_id]
        left = [each for each in asked if fate.state != "lost" or _is_long_ago(each, now)]
        if fate.state == "died":
            for each in begun:
                _spend(catalog, work, each, fate, settings, now)
                crashed.append(each.dataset_id)
            left = [each for each in left if each not in begun]
        _release(catalog, work, request_key, left, fate.reason, bool(begun), now)
        released += [each.dataset_id for each in left]
    return Settled(tuple(released), tuple(crashed), died)


def _spend(catalog: Catalog, work: Work, request: OpenRequest, fate: Fate, settings: Settings, now: datetime) -> None:
    reason = f"the run's process ended while it was at work on it: {fate.reason}"
    patience = patience_of(settings)
    catalog.spend_try(work, request.dataset_id, fate.run_id, reason, patience, now, has_crashed=True)


def _release(
    catalog: Catalog,
    work: Work,
    request_key: str | None,
    left: Sequence[OpenRequest],
    reason: str,
    has_begun: bool,
    now: datetime,
) -> None:
    """Ask again at once where a run got anywhere, else after a pause; what never gets anywhere has failed."""
    by_asked: dict[int, list[str]] = {}
    for each in left:
        by_asked.setdefault(each.asked, []).append(each.dataset_id)
    for asked, ids in by_asked.items():
        pause_s = _pause_s(asked, has_begun)
        retry_at = now + timedelta(seconds=pause_s) if pause_s else None
        has_failed = bool(reason) and not has_begun and asked >= FAILED_AFTER_REQUESTS
        catalog.release(work, ids, request_key, retry_at, reason, now if has_failed else None)


def _pause_s(asked: int, has_begun: bool) -> float:
    if has_begun:
        return 0.0 if asked < MANY_REQUESTS else _PAUSES_S[-1]
    return _PAUSES_S[min(max(asked, 1), len(_PAUSES_S)) - 1]


def _is_long_ago(request: OpenRequest, now: datetime) -> bool:
    return request.request_key is None or now - request.requested_at > LOST_AFTER
