"""Sends a file to the addresses of an upload, part by part; a connection that breaks is taken up where it broke."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2

from pipeline.client.connection import Connection, pause, refusal
from pipeline.contract.values import UploadPart, UploadPlan
from pipeline.errors import ServiceError

_BLOCK_BYTES = 256 * 1024
_ATTEMPTS = 8  # without a byte of progress; with pauses up to 10 s that bridges half a minute
# The address expired; the service is restarting, or another connection still holds the upload; S3 is busy.
_WORTH_ANOTHER_PLAN = frozenset({403, 408, 409, 429, 500, 502, 503, 504})
_IS_THERE_ALREADY = 412  # S3's word for it
Tell = Callable[[int], None]


def send_file(
    connection: Connection, file: Path, plan: UploadPlan, new_plan: Callable[[], UploadPlan], tell: Tell
) -> None:
    """Send what has not arrived yet. new_plan: asks the service for new addresses and for what arrived.

    Raises:
        RequestRefused: the store does not take it.
        ServiceError: it could not be sent, however often it was tried.
    """
    attempt, best_bytes, told_bytes = 0, -1, 0
    while True:
        arrived = sum(part.received_bytes for part in plan.parts)
        tell(arrived - told_bytes)
        told_bytes = arrived
        attempt = 0 if arrived > best_bytes else attempt + 1
        best_bytes = max(best_bytes, arrived)
        if attempt == _ATTEMPTS:
            raise ServiceError(f"{file} could not be sent: the connection broke {attempt} times; try again later")
        sent = _send_parts(connection, file, plan, tell)
        told_bytes += sent
        plan = new_plan()
        if all(part.received_bytes == part.size_bytes for part in plan.parts):
            return
        pause(attempt)


def _send_parts(connection: Connection, file: Path, plan: UploadPlan, tell: Tell) -> int:
    """Send the parts until one does not arrive whole; return how many bytes were sent."""
    sent = 0

    def counted(size_bytes: int) -> None:
        nonlocal sent
        sent += size_bytes
        tell(size_bytes)

    for part in plan.parts:
        if part.received_bytes < part.size_bytes and not _send(connection, file, part, counted):
            break
    return sent


def _send(connection: Connection, file: Path, part: UploadPart, tell: Tell) -> bool:
    offset = part.received_bytes if part.is_resumable else 0
    headers = {**part.headers, "Content-Length": str(part.size_bytes - offset)}
    if part.is_resumable:
        headers["Upload-Offset"] = str(offset)
    body = _blocks(file, part.start + offset, part.size_bytes - offset, tell)
    try:
        answer = connection.http.put(connection.url(part.url), content=body, headers=headers)
    except httpx2.HTTPError:
        return False
    if answer.is_success or answer.status_code == _IS_THERE_ALREADY:
        return True
    if answer.status_code in _WORTH_ANOTHER_PLAN:
        return False
    raise refusal(answer)


def _blocks(file: Path, start: int, size_bytes: int, tell: Tell) -> Iterator[bytes]:
    with file.open("rb") as source:
        source.seek(start)
        while size_bytes and (block := source.read(min(_BLOCK_BYTES, size_bytes))):
            yield block
            size_bytes -= len(block)
            tell(len(block))
