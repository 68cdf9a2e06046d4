"""What a bucket's events say: which objects may be there now. Pure; who receives them is in `event_queue.py`.

An event is a hint where to look, and nothing more: they come twice, late and in any order, and an object may be another
or gone by then. So of each only the name is taken, and no order, version or ETag: the store is asked what is there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from pipeline.safe_text import shown

_CREATED = "ObjectCreated"
_LONGEST_SAID = 120


@dataclass(frozen=True, slots=True)
class Told:
    """What a message says."""

    names: tuple[str, ...] = ()
    """Of objects that were made."""
    problem: str = ""
    """Why some cannot be read; empty if all can."""


class _Named(msgspec.Struct):
    name: str


class _Object(msgspec.Struct):
    key: str


class _Place(msgspec.Struct):
    bucket: _Named
    object: _Object


class _Record(msgspec.Struct, rename="camel"):
    event_name: str
    s3: _Place


class _Envelope(msgspec.Struct):
    """The ways in which events come: from S3 itself, over SNS, over EventBridge; and what S3 sends to try a queue."""

    records: list[msgspec.Raw] | None = msgspec.field(default=None, name="Records")
    trial: str | None = msgspec.field(default=None, name="Event")
    message: str | None = msgspec.field(default=None, name="Message")
    source: str | None = None
    kind: str | None = msgspec.field(default=None, name="detail-type")
    detail: msgspec.Raw = msgspec.Raw()


def read_events(body: str, bucket: str) -> Told:
    """Read a message from a queue of events of this bucket."""
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
        if envelope.message is not None:
            envelope = msgspec.json.decode(envelope.message, type=_Envelope)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        return Told(problem=_problem(body, str(error)))
    names: list[str] = []
    problem = ""
    try:
        for name in _names(envelope, bucket):
            names.append(name)
    except (msgspec.DecodeError, ValueError) as error:
        problem = _problem(body, str(error))
    return Told(tuple(dict.fromkeys(names)), problem)


def _names(envelope: _Envelope, bucket: str) -> Iterator[str]:
    """Names of objects that were made.

    Raises:
        ValueError: it is no event of S3, or one of another bucket.
    """
    if envelope.records is not None:
        yield from _recorded(envelope.records, bucket)
    elif envelope.source == "aws.s3":
        place = msgspec.json.decode(envelope.detail, type=_Place)
        _check_bucket(place, bucket)
        if envelope.kind == "Object Created":
            # Whether EventBridge has the key as it is or encoded is written nowhere: only one of the two is there.
            yield from (place.object.key, unquote_plus(place.object.key))
    elif envelope.trial != "s3:TestEvent":
        raise ValueError("it is none of S3")


def _recorded(records: list[msgspec.Raw], bucket: str) -> Iterator[str]:
    """Names in the records of S3, one that cannot be read after the others."""
    failed: Exception | None = None
    for raw in records:
        try:
            record = msgspec.json.decode(raw, type=_Record)
            _check_bucket(record.s3, bucket)
        except (msgspec.DecodeError, ValueError) as error:
            failed = failed or error
            continue
        if record.event_name.removeprefix("s3:").startswith(_CREATED):
            yield unquote_plus(record.s3.object.key)
    if failed:
        raise failed


def _check_bucket(place: _Place, bucket: str) -> None:
    if place.bucket.name != bucket:
        raise ValueError(f"it is of the bucket {place.bucket.name}, expected {bucket}")


def _problem(body: str, why: str) -> str:
    beginning = shown(body[:_LONGEST_SAID]) + (" …" if len(body) > _LONGEST_SAID else "")
    return f"expected an event of S3, found {beginning!r} ({why})"


def attributes_of(text: str | None) -> dict[str, Any]:
    """Read an attribute of a queue that is JSON itself, such as its policy of redriving; none for anything else."""
    try:
        found = msgspec.json.decode(text or "")
    except (msgspec.DecodeError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}
