"""Takes in the bytes of an upload to the local store: straight to the disk, aside, and into place when they are whole.

A connection that breaks leaves what arrived; the rest may follow. Whoever holds the address may send, so everything
else is checked here: what was signed, and whether the upload is still open.
"""

import os
from collections.abc import AsyncIterator

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from starlette.requests import ClientDisconnect

from pipeline.contract.http_answers import Value
from pipeline.errors import Conflicting, NotAllowed, ObjectMissing, StoreError, TooLarge, UsageError
from pipeline.flow.marks import insist_on_store
from pipeline.service.presigned import Upload
from pipeline.service.presigned_local import read_ticket, received_bytes
from pipeline.service.receivers import Stop
from pipeline.service.service import Service
from pipeline.service.upload_service import check_open
from pipeline.service.user import User
from pipeline.state.store.local_store import LocalStore

IDLE_S = 30.0  # a connection that does not send `_LEAST_BYTES` within so long is taken for broken
_LEAST_BYTES = 16 * 1024  # 4 kbit/s; who drips bytes would keep the connection, and the upload, for ever
_BLOCK_BYTES = 256 * 1024  # written at once, so that a slow disk holds up no other request


class Received(Value):
    """How much of the upload is there."""

    received_bytes: int


async def receive(request: Request, service: Service, ticket: str, offset: int, length: int) -> Received:
    """Add the body of a request to an upload.

    Raises:
        NotAllowed: the address was not made here, was changed, or expired.
        DatasetNotFound: there is no such dataset any more.
        Conflicting: the upload is not open, or `offset` is not where it goes on.
        TooLarge: more bytes than were announced.
        UsageError: fewer.
        StoreError: the store is not the one that is meant, or its disk does not take them.
    """
    upload = read_ticket(service.signer, ticket)
    store = service.store
    if not isinstance(store, LocalStore):
        raise NotAllowed("uploads of this service go straight to its bucket: use the addresses that it gives")
    await to_thread.run_sync(_check, service, upload, offset, length)
    if offset == upload.size_bytes:
        return Received(received_bytes=await to_thread.run_sync(received_bytes, store, upload))
    receivers = service.receivers
    stop = await receivers.take_over(upload.dataset_id)
    try:
        await _write(request, store, upload, offset, stop, receivers.disk)
        there = await to_thread.run_sync(_finish, store, upload, limiter=receivers.disk)
    finally:
        receivers.leave(upload.dataset_id)
    return Received(received_bytes=there)


def _check(service: Service, upload: Upload, offset: int, length: int) -> None:
    dataset = service.access(User(upload.user_id)).own_dataset(upload.dataset_id)
    check_open(dataset)
    if (dataset.storage_path, dataset.file_size) != (upload.key, upload.size_bytes):
        raise NotAllowed("expected an address of this upload, found one of another: ask for a new one")
    if offset > upload.size_bytes:
        raise Conflicting(f"Upload-Offset: expected at most {upload.size_bytes:,}, found {offset:,}: ask what arrived")
    if offset + length > upload.size_bytes:
        raise TooLarge(f"expected {upload.size_bytes - offset:,} more bytes, found {length:,}: send what was announced")
    if offset + length < upload.size_bytes:
        raise UsageError(f"expected {upload.size_bytes - offset:,} more bytes, found {length:,}: send all of the rest")
    insist_on_store(service.store, service.catalog)


async def _write(
    request: Request, store: LocalStore, upload: Upload, offset: int, stop: Stop, disk: CapacityLimiter
) -> None:
    part = store.part_path(upload.dataset_id)
    descriptor = await to_thread.run_sync(_open, store, upload, offset, limiter=disk)
    try:
        async for block in blocks_of(request, stop):
            await to_thread.run_sync(write_all, descriptor, block, str(part), limiter=disk)
    finally:
        os.close(descriptor)


def _open(store: LocalStore, upload: Upload, offset: int) -> int:
    there = received_bytes(store, upload)
    if there == upload.size_bytes:  # as on S3, what arrived whole is not replaced any more
        raise Conflicting("all bytes arrived already: confirm the upload, or start a new one for other bytes")
    if offset != 0 and offset != there:
        raise Conflicting(f"Upload-Offset: expected {there}, found {offset}: go on from there")
    part = store.part_path(upload.dataset_id)
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        # From the beginning means anew.
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | (os.O_TRUNC if offset == 0 else os.O_APPEND)
        return os.open(part, flags, 0o600)
    except OSError as error:
        raise StoreError(f"the store could not write {part}: {error.strerror}; check the disk") from error


async def blocks_of(request: Request, stop: Stop) -> AsyncIterator[bytes]:
    """The body in larger pieces, until its end, a break, a long silence, or another connection for the same upload."""
    body = request.stream()
    goes_on = True
    while goes_on and not stop.is_asked:
        block, goes_on = await _next_block(body, stop)
        if block:
            yield block


async def _next_block(body: AsyncIterator[bytes], stop: Stop) -> tuple[bytes, bool]:
    """The next piece, and whether there may be more."""
    gathered = bytearray()
    prolonged_at = 0
    try:
        async with stop.patience(IDLE_S) as prolong:
            async for chunk in body:
                gathered += chunk
                if len(gathered) >= _BLOCK_BYTES:
                    return bytes(gathered), True
                if len(gathered) - prolonged_at >= _LEAST_BYTES:
                    prolonged_at = len(gathered)
                    prolong()
    except (TimeoutError, ClientDisconnect):
        pass
    return bytes(gathered), False


def write_all(descriptor: int, block: bytes, place: str) -> None:
    """Write a piece, whole.

    Raises:
        StoreError: the disk does not take it.
    """
    view = memoryview(block)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError as error:
        raise StoreError(f"the store could not write {place}: {error.strerror}; check the disk") from error


def _finish(store: LocalStore, upload: Upload) -> int:
    part = store.part_path(upload.dataset_id)
    try:
        there = part.stat().st_size
        if there > upload.size_bytes:
            part.unlink(missing_ok=True)
            raise TooLarge(f"expected {upload.size_bytes:,} bytes, found {there:,}: nothing was stored; send it again")
        if there == upload.size_bytes:
            store.adopt(upload.key, part)
    except (FileNotFoundError, ObjectMissing):  # a confirmation put it in place meanwhile, or it was given up
        there = received_bytes(store, upload)
        if there < upload.size_bytes:
            raise Conflicting("the upload ended while bytes came in: ask what arrived") from None
    return there
