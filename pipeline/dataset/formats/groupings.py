"""Which rows of a file are parts of one conversation, and the row that is made of them.

A part says so by a key of its conversation (pairs of brightrun-lora-v4, messages of a chat log) or by the message that
it answers (OASST). How parts find together that stand anywhere in a file is in `row_groups.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from pipeline.dataset.formats.brackets import WHITE
from pipeline.dataset.formats.message_trees import tree_order
from pipeline.dataset.formats.rows.brightrun import BRIGHTRUN_V4, META
from pipeline.dataset.formats.rows.brightrun_pairs import ASKED, PAIRS, is_pair
from pipeline.dataset.formats.rows.flat_messages import CONVERSATION_ID, FlatMessages
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.oasst import MESSAGES, MISSING_PARENT, OTHER_REPLIES, TREE_ID, Oasst, is_message
from pipeline.dataset.model.bit_flags import Flags, Integers, Reals
from pipeline.dataset.model.json_text import Json

Keys = npt.NDArray[np.uint64]
_DELETED = 1e300  # behind every rank
_NOT_HELD = msgspec.Raw()
_TREE_ID, _MESSAGES, _KEY = TREE_ID.encode(), MESSAGES.encode(), CONVERSATION_ID.encode()


@dataclass(frozen=True, slots=True)
class Told:
    """What n rows say of where they belong: what their grouping needs of it, in their order."""

    keys: Keys
    """Of the conversation, or of the message itself; 0 of a row of its own."""
    orders: Reals | None = None
    """Places in the conversation, NaN where none is told."""
    parents: Keys | None = None
    """The keys of the messages that they answer, 0 for none."""
    is_meta: Flags | None = None
    """Whether a row says what the file is."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """The rows' new order."""

    order: Integers
    """Their numbers."""
    firsts: Integers
    """Where each conversation begins in it, and the end."""
    kept: Integers
    """How many rows of each conversation are its turns; the others come behind them."""


class Grouping(Protocol):
    """A kind of parts. Groupings are values: equal, hashable and picklable."""

    @property
    def name(self) -> str:
        """Public name of how such rows stand in a file."""

    @property
    def said(self) -> str:
        """How they are put together, for people."""

    @property
    def part(self) -> type[msgspec.Struct]:
        """What is decoded of a part; without values, it is of a row that cannot be."""

    def tell(self, parts: Sequence[Any]) -> Told:
        """Where parts belong."""

    def arranged(self, told: Told) -> Arranged:
        """All rows of a file, those of a conversation where its first one stands."""

    def row(self, parts: list[bytes], kept: int, meta: bytes) -> bytes:
        """The conversation as a row. kept: as `Arranged` has it. meta: a row about the file that stands before it."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Training pairs of brightrun-lora-v4, by `conversation_id`."""

    name: str = "pairs"
    said: str = "put together by conversation_id"

    @property
    def part(self) -> type[msgspec.Struct]:
        """The fields that tell a pair from other rows."""
        return _PAIR

    def tell(self, parts: Sequence[Any]) -> Told:
        """By the key, but for rows that hold pairs; a row of nothing but `_meta` is about the file."""
        is_meta = [bool(part.held_2) and not (part.held_0 or part.held_1 or part.key is not None) for part in parts]
        return Told(_keys(parts), is_meta=np.array(is_meta, dtype=np.bool_))

    def arranged(self, told: Told) -> Arranged:
        """In the order of the file."""
        return _by_key(told)

    def row(self, parts: list[bytes], kept: int, meta: bytes) -> bytes:
        """An object with the pairs, after what `_meta` says."""
        begin = meta.strip(WHITE)[:-1].rstrip(WHITE) + b"," if meta else b"{"
        return b'%b"%b":[%b]}' % (begin, PAIRS.encode(), b",".join(parts))


@dataclass(frozen=True, slots=True)
class Messages:
    """Messages one a row, by a key."""

    key: str
    listed: str
    order: str = ""
    """The field of a message's place in its conversation, "" for the file's."""
    name: str = "messages"

    @property
    def said(self) -> str:
        """By which fields."""
        return f"put together by {self.key}" + (f" in the order of {self.order}" if self.order else "")

    @property
    def part(self) -> type[msgspec.Struct]:
        """Its key and place."""
        return _message(self.key, self.listed, self.order)

    def tell(self, parts: Sequence[Any]) -> Told:
        """By the key, but for rows that hold a list of messages."""
        return Told(_keys(parts), _numbers([part.order for part in parts]) if self.order else None)

    def arranged(self, told: Told) -> Arranged:
        """By their places, where all messages of a conversation tell one."""
        return _by_key(told)

    def row(self, parts: list[bytes], kept: int, meta: bytes) -> bytes:
        """An object with the key and the messages."""
        first: Any = msgspec.json.decode(parts[0], type=self.part)
        return b'{"%b":%b,"%b":[%b]}' % (_KEY, msgspec.json.encode(first.key), self.listed.encode(), b",".join(parts))


@dataclass(frozen=True, slots=True)
class Replies:
    """Messages of OASST, by the message that each answers."""

    name: str = "messages"
    said: str = "joined by parent_id, the best-ranked reply to each"

    @property
    def part(self) -> type[msgspec.Struct]:
        """A message's place in its tree."""
        return _REPLY

    def tell(self, parts: Sequence[Any]) -> Told:
        """By its own id and that of its parent; replies that were deleted are the last to be taken."""
        ranks = _numbers([part.order for part in parts])
        ranks[ranks >= _DELETED] = np.nan  # it is told, and is not deleted
        ranks[[part.deleted is True for part in parts]] = _DELETED
        return Told(_keys(parts), ranks, _hashes([part.parent for part in parts]))

    def arranged(self, told: Told) -> Arranged:
        """Each tree from its root on by the best reply, then its other replies."""
        parents = np.zeros(0, dtype=np.uint64) if told.parents is None else told.parents
        ranks = np.zeros(0) if told.orders is None else told.orders
        return Arranged(*tree_order(told.keys, parents, ranks, _DELETED))

    def row(self, parts: list[bytes], kept: int, meta: bytes) -> bytes:
        """An object with the tree's id, the way through it, and the replies that are left out."""
        first: Any = msgspec.json.decode(parts[0], type=_REPLY)
        if first.parent is None and kept == len(parts):  # as most are; a third quicker
            return b'{"%b":%b,"%b":[%b]}' % (_TREE_ID, msgspec.json.encode(first.key), _MESSAGES, b",".join(parts))
        fields = [(TREE_ID, msgspec.json.encode(first.key))]
        if first.parent is not None:
            fields.append((MISSING_PARENT, msgspec.json.encode(first.parent)))
        fields.append((MESSAGES, b"[%b]" % b",".join(parts[:kept])))
        if kept < len(parts):
            fields.append((OTHER_REPLIES, b"[%b]" % b",".join(parts[kept:])))
        return b"{%b}" % b",".join(b'"%b":%b' % (name.encode(), value) for name, value in fields)


def grouping_of(form: Format, rows: Sequence[Json]) -> Grouping | None:
    """How rows of a format are put together; None where the first ones are whole conversations."""
    if form == BRIGHTRUN_V4 and any(map(is_pair, rows)):
        return Pairs()
    if isinstance(form, FlatMessages) and any(map(form.is_message, rows)):
        return Messages(form.key, form.listed, form.order)
    return Replies() if isinstance(form, Oasst) and any(map(is_message, rows)) else None


def _part(*held: str, **fields: str) -> type[msgspec.Struct]:
    """What is read of a part. fields: by attribute, names of fields with one value. held: names of fields of which it
    is only asked whether they are there, as `held_0` and so on; the first is the list of a whole conversation.
    """
    scalar = str | int | float | bool | None
    listed: list[tuple[str, Any, Any]] = [(name, scalar, None) for name in fields]
    names = {f"held_{number}": name for number, name in enumerate(held)}
    listed += [(name, msgspec.Raw, _NOT_HELD) for name in names]
    return msgspec.defstruct("Part", listed, rename={**fields, **names}, gc=False)


_PAIR = _part(PAIRS, ASKED, META, key=CONVERSATION_ID)
_REPLY = _part(MESSAGES, key="message_id", parent="parent_id", order="rank", deleted="deleted")


@cache
def _message(key: str, listed: str, order: str) -> type[msgspec.Struct]:
    return _part(listed, key=key, order=order) if order else _part(listed, key=key)


def _keys(parts: Sequence[Any]) -> Keys:
    """Numbers for the keys of parts; 0 for whole conversations, and for what cannot be named."""
    return _hashes([None if part.held_0 else part.key for part in parts])


def _hashes(keys: Sequence[Any]) -> Keys:
    """A number for each key, equal for equal ones; 0 for what cannot name anything."""
    are_texts = set(map(type, keys)) == {str}
    return np.array(list(map(hash if are_texts else _hash, keys)), dtype=np.int64).view(np.uint64)


def _hash(key: Any) -> int:
    if type(key) is str:
        return hash(key)  # 0 of the empty text alone
    return hash(str(key)) if type(key) is int else 0


def _numbers(values: Sequence[Any]) -> Reals:
    """What orders messages, NaN where it is none."""
    try:
        are_numbers = set(map(type, values)) <= {int, float}
        return np.array(list(map(float if are_numbers else _number, values)), dtype=np.float64)
    except OverflowError:  # of one of them; the others keep their places
        return np.array(list(map(_number, values)), dtype=np.float64)


def _number(value: Any) -> float:
    """What orders messages: a number or a moment, also as a text; NaN of anything else."""
    if type(value) not in (int, float, str):
        return np.nan
    try:
        return float(value)
    except OverflowError:  # a whole number that no double holds
        return np.nan
    except ValueError:
        return _moment(value)


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return np.nan
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _by_key(told: Told) -> Arranged:
    keys = told.keys
    numbers = np.arange(len(keys))
    alone = np.flatnonzero(keys == 0)
    _, firsts, groups = np.unique(keys, return_index=True, return_inverse=True)
    ranks = firsts[groups]  # the first row of each one's conversation
    ranks[alone] = alone
    order = (
        np.argsort(ranks, kind="stable") if told.orders is None else np.lexsort((numbers, _whole(told, ranks), ranks))
    )
    begins = np.flatnonzero(np.diff(ranks[order], prepend=-1))
    bounds = np.append(begins, len(keys))
    return Arranged(order, bounds, np.diff(bounds))


def _whole(told: Told, ranks: Integers) -> Reals:
    """The orders, all the same in a conversation of which not every message tells one."""
    orders = np.zeros(len(ranks)) if told.orders is None else told.orders.copy()
    lacks = np.zeros(len(ranks), dtype=np.bool_)
    lacks[ranks[np.isnan(orders)]] = True
    orders[lacks[ranks]] = 0
    return orders
