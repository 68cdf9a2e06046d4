"""Cards as they change: one stream of server-sent events for all datasets that a page follows.

Browsers open six connections to a host, so a stream a card would use them up. The stream of one dataset for programs
is in `pipeline/service/dataset_events.py`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime

from anyio import to_thread

from pipeline.errors import DatasetNotFound, ServiceError
from pipeline.service.access import Access
from pipeline.service.followed import HEARTBEAT_S, LONGEST_S, POLL_S
from pipeline.service.pages.dataset_card import LIVE, dataset_card
from pipeline.service.pages.render import render
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.catalog.statuses import Status

MOST_FOLLOWED = 50
_SAID: dict[Status, str] = {
    "ready": "is ready",
    "error": "has errors",
    "validating": "is being validated",
    "uploading": "is uploading",
    "failed": "could not be validated yet",
}


async def card_events(
    access: Access, seen: Mapping[str, str], render_card: Callable[[Dataset], str], poll_s: float = POLL_S
) -> AsyncIterator[str]:
    """The new card of each dataset whenever its status changes, until none will change by itself any more.

    seen: the status that the page shows of each dataset.
    """
    known = dict(list(seen.items())[:MOST_FOLLOWED])
    silent_s = open_s = 0.0
    while open_s < LONGEST_S:
        try:
            found = await to_thread.run_sync(_read, access, list(known))
        except ServiceError:  # the browser comes back by itself
            return
        changed = [each for each in found if known[each.id] != each.status]
        for each in changed:
            yield _event("card", _card(each, render_card(each)))
        known = {each.id: each.status for each in found}
        if not any(status in LIVE for status in known.values()):
            yield _event("end", {})
            return
        silent_s = 0.0 if changed else silent_s + poll_s
        if silent_s >= HEARTBEAT_S:
            yield ": still there\n\n"
            silent_s = 0.0
        await asyncio.sleep(poll_s)
        open_s += poll_s


def seen_by_page(text: str) -> dict[str, str]:
    """What a page says it shows: `ID:STATUS`, with commas between."""
    pairs = (each.partition(":") for each in text.split(",") if each)
    return {dataset_id: status for dataset_id, _, status in pairs}


def card_html(dataset: Dataset, now: datetime) -> str:
    """A card by itself."""
    return render("card", card=dataset_card(dataset, now))


def _card(dataset: Dataset, html: str) -> dict[str, object]:
    return {
        "id": dataset.id,
        "html": html,
        "said": f"{dataset.name} {_SAID[dataset.status]}",
        "is_live": dataset.status in LIVE,
    }


def _read(access: Access, ids: Sequence[str]) -> list[Dataset]:
    found = []
    for dataset_id in ids:
        try:
            found.append(access.dataset(dataset_id))
        except DatasetNotFound:
            continue
    return found


def _event(name: str, data: Mapping[str, object]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
