"""How new uploads are noticed: by what the bucket's queue tells, where there is one, and by listing the store.

With a queue the store is listed only where something may have been missed: at first, after the queue was away, and
after nobody looked for so long that messages may have been lost. Once a day `reconcile` lists it in any case.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.errors import CatalogError, StoreError
from pipeline.flow.intake import Look, look
from pipeline.flow.scan import Cursor
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.store import Store
from pipeline.wording import count_of

AWAY_AFTER = timedelta(hours=1)
_LOOKED_FOR_S = 4.0  # Dagster's daemon begins a tick each 5 s
_SHARE_OF_TIME = 0.1


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What a tick noticed."""

    registered: tuple[str, ...]
    """Ids of the datasets that were made."""
    cursor: Cursor
    told: str
    """In a sentence, where nothing was new."""
    warnings: tuple[str, ...] = ()
    """What somebody should know of."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How a tick that found nothing goes on looking."""

    again_s: float
    """How soon it looks again; 0 if it does not."""
    is_listing_free: bool
    """Whether the store may be gone through each time: one that bills each question is asked once a tick."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


def watch(
    noticed: Callable[[Cursor], Arrivals],
    waiting: Callable[[], Sequence[Dataset]],
    cursor: Cursor,
    patience: Patience,
) -> tuple[Arrivals, Sequence[Dataset]]:
    """Look until something waits for its run, or until the next tick is near; what was noticed last, and what waits.

    A look takes a tenth of the time at most: where there is much to go through, a tick does so once. Looking again ends
    where that fails.

    Raises:
        as `noticed` and `waiting` do at first.
    """
    began = patience.clock()
    arrived, found = noticed(cursor), waiting()
    pause_s = max(patience.again_s, (patience.clock() - began) / _SHARE_OF_TIME)
    while not found and patience.again_s and patience.clock() - began + pause_s < _LOOKED_FOR_S:
        patience.sleep(pause_s)
        try:
            if patience.is_listing_free:
                arrived = noticed(arrived.cursor)
            found = waiting()
        except (CatalogError, StoreError):
            break  # an outage that has just begun: the next tick finds it before it looks, and says so in one line
    return arrived, found


def notice(
    store: Store,
    catalog: Catalog,
    settings: Settings,
    cursor: Cursor,
    now: datetime,
    last_look: datetime | None = None,
) -> Arrivals:
    """Register what is new, as much as one tick takes. last_look: when a tick was here before.

    Raises:
        StoreError, CatalogError: it does not answer; the next tick starts at the same place.
        QueueError: the queue does not; the store has to be listed when it is back.
    """
    if not settings.events:
        seen = look(store, catalog, settings, cursor, now, settings.tick_budget_s)
        return Arrivals(seen.registered, seen.cursor, _listed(seen), tuple(seen.unreadable.values()))
    if last_look is not None and now - last_look > AWAY_AFTER:
        cursor = Cursor()
    return _from_events(store, catalog, settings, cursor, now)


def _from_events(store: Store, catalog: Catalog, settings: Settings, cursor: Cursor, now: datetime) -> Arrivals:
    from pipeline.flow.event_intake import take_events  # boto3 takes half a second, and only this needs it
    from pipeline.state.store.event_queue import make_event_queue
    from pipeline.state.store.s3_store import S3Store

    queue = make_event_queue(settings)
    assert queue is not None and isinstance(store, S3Store)  # noqa: S101, PT018  # the settings insist on it
    began = time.monotonic()
    taken = take_events(queue, store, catalog, settings, now, settings.tick_budget_s / 2)
    arrived = Arrivals(
        taken.look.registered,
        cursor,
        f"{count_of(taken.messages, 'message')} of uploads, none new; {taken.unread} that nobody can read left in "
        f"{queue.name}",
        taken.left,
    )
    room = settings.tick_max_uploads - len(taken.look.registered)
    if cursor.listed_for == settings.events or room <= 0:
        return arrived
    left_s = settings.tick_budget_s - (time.monotonic() - began)
    seen = look(store, catalog, settings, cursor, now, left_s, cap=room)
    is_done = not seen.cursor.resume_after
    return Arrivals(
        (*arrived.registered, *seen.registered),
        replace(seen.cursor, listed_for=settings.events if is_done else ""),
        f"{arrived.told}; listed, for something may have been missed: {_listed(seen)}",
        (*arrived.warnings, *seen.unreadable.values()),
    )


def _listed(seen: Look) -> str:
    large = f"; {seen.being_read} large being read" if seen.being_read else ""
    return f"{seen.scan.seen:,} uploads seen, none new; {seen.scan.waiting} still being written{large}"
