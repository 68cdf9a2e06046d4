"""Cards as they change: one stream of server-sent events for all datasets that a page follows.

Browsers open six connections to a host, so a stream a card would use them up. The stream of one dataset for programs
is in `pipeline/service/events.py`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence

from anyio import to_thread
from fastapi import Request

from pipeline.catalog.records import Dataset
from pipeline.errors import DatasetNotFound
from pipeline.service.pages.dataset_card import dataset_card
from pipeline.service.pages.render import render
from pipeline.service.service import Service
from pipeline.service.user import User

MOST_FOLLOWED = 50
_PAUSE_S = 1.0
_SILENCE_S = 15.0  # proxies close what is silent for longer
_SAID = {"ready": "is ready", "error": "has errors", "validating": "is being validated", "uploading": "is uploading"}


async def card_events(request: Request, service: Service, user: User, ids: Sequence[str]) -> AsyncIterator[str]:
    """The new card of each dataset whenever its status changes, until none will change by itself any more."""
    seen: dict[str, str] = {}
    silent_s = 0.0
    while not await request.is_disconnected():
        found = await to_thread.run_sync(_read, service, user, ids)
        changed = [each for each in found.values() if seen.get(each.id, each.status) != each.status]
        for each in changed:
            yield _event("card", _card(service, each))
        seen = {each.id: each.status for each in found.values()}
        if not any(status in ("uploading", "validating") for status in seen.values()):
            yield _event("end", {})
            return
        silent_s = 0.0 if changed else silent_s + _PAUSE_S
        if silent_s >= _SILENCE_S:
            yield ": still here\n\n"
            silent_s = 0.0
        await asyncio.sleep(_PAUSE_S)


def card_html(service: Service, dataset: Dataset) -> str:
    """A card by itself."""
    return render("card", card=dataset_card(dataset, service.now()))


def _card(service: Service, dataset: Dataset) -> Mapping[str, object]:
    return {
        "id": dataset.id,
        "html": card_html(service, dataset),
        "said": f"{dataset.name} {_SAID[dataset.status]}",
        "is_live": dataset.status in ("uploading", "validating"),
    }


def _read(service: Service, user: User, ids: Sequence[str]) -> dict[str, Dataset]:
    access = service.access(user)
    found = {}
    for dataset_id in ids[:MOST_FOLLOWED]:
        try:
            found[dataset_id] = access.dataset(dataset_id)
        except DatasetNotFound:
            continue
    return found


def _event(name: str, data: Mapping[str, object]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
