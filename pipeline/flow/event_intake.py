"""Uploads that a bucket tells of: its events are taken from their queue, the store is asked what is there, and that is
registered as if it had been listed.

A message is removed when all that it tells of is in the catalog, so whatever dies, it comes again; that costs a look at
the object. What is left in the queue, unread or not done with, keeps no other from its turn.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.errors import ObjectMissing, QueueError, StoreError
from pipeline.flow.intake import Look, register
from pipeline.flow.scan import scan
from pipeline.flow.shards import is_manifest
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.ignored import Walked
from pipeline.state.store.event_queue import EventQueue, Message
from pipeline.state.store.keys import UPLOADS, is_listed, why_left_out
from pipeline.state.store.left_out import LeftOut
from pipeline.state.store.s3_store import S3Store
from pipeline.state.store.store_protocol import StoredObject
from pipeline.state.store.upload_events import read_events
from pipeline.state.store.upload_identity import LONE_SHARD, folder_of_shards

_LOG = logging.getLogger(__name__)
_AT_ONCE = 8  # objects that are asked for: each waits for an answer, and does nothing else
_NOTHING_WALKED = Walked("", "", frozenset())  # what no event tells of may be there all the same


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a queue of events."""

    look: Look
    messages: int
    """How many were received."""
    left: tuple[str, ...] = ()
    """Why some stay in the queue, a sentence each."""
    unread: int = 0
    """How many of them say nothing that anybody can read; they are for a person, where the queue's redrive policy puts
    them."""


@dataclass(slots=True)
class _Reading:
    """Messages with the keys that they tell of."""

    keys_of: dict[Message, tuple[str, ...]] = field(default_factory=dict)
    unread: dict[Message, str] = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        return sorted({key for keys in self.keys_of.values() for key in keys})


def take_events(
    queue: EventQueue, store: S3Store, catalog: Catalog, settings: Settings, now: datetime, budget_s: float
) -> Taken:
    """Register what messages of the queue tell of, and remove these messages.

    Raises:
        QueueError: nothing can be received.
        CatalogError: nothing is registered and no message removed.
    """
    began = time.monotonic()
    messages = list(_received(queue, settings.tick_max_uploads, lambda: time.monotonic() - began > budget_s / 2))
    reading = _read(messages, store)
    entries, failed = _entries(store, reading.keys, lambda: time.monotonic() - began > budget_s)
    found = scan(entries, catalog.known_versions, now, 0.0, len(entries) + 1, lambda: False)
    look = register(store, catalog, settings, found, found.new, _NOTHING_WALKED, now)
    _speak_for_shards(catalog, entries, now)
    waiting = {**failed, **look.unreadable}
    done = [
        each for each, keys in reading.keys_of.items() if each not in reading.unread and waiting.keys().isdisjoint(keys)
    ]
    left = (*reading.unread.values(), *waiting.values(), *_remove(queue, done))
    return Taken(look, len(messages), left, len(reading.unread))


def _received(queue: EventQueue, most: int, out_of_time: Callable[[], bool]) -> Iterator[Message]:
    """Messages until none are left."""
    count = 0
    while count < most and not out_of_time():
        messages = queue.receive()
        yield from messages
        count += len(messages)
        if not messages:
            return


def _read(messages: Iterable[Message], store: S3Store) -> _Reading:
    reading = _Reading()
    for message in messages:
        told = read_events(message.body, store.bucket)
        keys = (store.key_of(name) for name in told.names)
        reading.keys_of[message] = tuple(key for key in keys if key and key.startswith(UPLOADS))
        if told.problem:
            reading.unread[message] = f"message {message.id}: {told.problem}"
    return reading


def _entries(
    store: S3Store, keys: Iterable[str], out_of_time: Callable[[], bool]
) -> tuple[list[StoredObject | LeftOut], dict[str, str]]:
    """What is there now of some keys, as a listing has it, and of which of them nobody can say it, and why."""
    failed: dict[str, str] = {}

    def ask(key: str) -> StoredObject | LeftOut | None:
        if not is_listed(key):
            reason = why_left_out(key)
            return LeftOut(key, reason) if reason else None
        if out_of_time():
            failed[key] = f"{key} is looked at later: no time was left"
            return None
        try:
            return store.stat(key)
        except ObjectMissing:
            return None
        except StoreError as error:
            failed[key] = str(error)
            return None

    with ThreadPoolExecutor(_AT_ONCE, "events") as threads:
        return [found for found in threads.map(ask, keys) if found], failed


def _speak_for_shards(catalog: Catalog, entries: Iterable[StoredObject | LeftOut], now: datetime) -> None:
    """Note of shards whose manifest has come that they lack none: no event tells of them again."""
    for each in entries:
        if isinstance(each, StoredObject) and is_manifest(each.key):
            folder = folder_of_shards(each.key)
            walked = Walked(f"{folder}/", f"{folder}0", {LONE_SHARD.code})  # 0 is next to / in the order of keys
            catalog.note_ignored((), walked, lambda owner: owner, now)


def _remove(queue: EventQueue, done: list[Message]) -> Iterator[str]:
    """Remove messages; what stays comes again, and changes nothing then."""
    try:
        kept = queue.remove(done)
    except QueueError as error:
        yield f"what is registered is told of again: {error}"
        return
    if kept:
        yield f"the queue {queue.name} did not remove {kept} of {len(done)} messages: they come again"
