"""Which short pieces of a file's text are looked at closely: windows of bytes, spread evenly over all turns.

Each turn is covered by a grid of windows whose offset and order follow from a hash of the conversation's text and
the turn's index. So every byte is as likely as any other to be picked, and the choice depends on neither the blocks
that a file is read in nor its rows' order. A window is widened to borders that tokenizers keep: a token belongs to
the window that its word begins in, so windows side by side add up to the whole.
"""

import re

import numpy as np
import pyarrow as pa

from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.model.xxh3 import Hashes
from pipeline.dataset.reading.columns import Columns

WINDOW_BYTES = 96
STEP_BYTES = 2_048  # a window every so many bytes; far more than are looked at, unless the file is small
REACH_BYTES = 96  # how far a border is looked for; without white space, some 30 Chinese characters
_LAST = np.uint64(2**64 - 1)
_BEFORE_BYTES = 4  # the longest character, so that a border can be told from what is before it

# order: a pseudo-random number, smallest first. owner: hash of the conversation. begins, ends: the window in `text`,
# which goes on for as far as a border may lie. is_first: nothing of the turn is before it. is_last: nor after it.
WINDOWS = pa.schema(
    [
        pa.field("order", pa.uint64(), nullable=False),
        pa.field("owner", pa.uint64(), nullable=False),
        pa.field("begins", pa.int64(), nullable=False),
        pa.field("ends", pa.int64(), nullable=False),
        pa.field("is_first", pa.bool_(), nullable=False),
        pa.field("is_last", pa.bool_(), nullable=False),
        pa.field("text", pa.binary(), nullable=False),
    ]
)

# Where the regular expressions of o200k_base and cl100k_base always begin a token: white space after something,
# punctuation after a letter or digit, Chinese punctuation after a character that is none. An apostrophe may belong
# to the word before it.
_BORDER = re.compile(
    rb"[\t\n\r -&(-/:-@\[-`{-~\xe3\xef]"  # looked for first, as that is quick; the conditions are for what is found
    rb"(?:(?<=\S[\t ])"
    rb"|(?<=[0-9A-Za-z][\n\r!-~])"
    rb"|(?<=[\x80-\xbf]\xe3)(?=\x80[\x81-\x91])(?<!\xe3\x80.\xe3)(?<!\xef\xbc.\xe3)"
    rb"|(?<=[\x80-\xbf]\xef)(?=\xbc[\x81-\x8f\x9a-\x9f])(?<!\xe3\x80.\xef)(?<!\xef\xbc.\xef))",
    re.DOTALL,
)
_CHARACTER = re.compile(rb"[^\x80-\xbf]")


def pick_windows(columns: Columns, limit: int) -> pa.Table:
    """The windows of a block that come first in the order, in order, at most `limit`; equal ones as in the file."""
    again = columns.again
    if again is not None:
        return _pick(again.different, limit, np.minimum(again.turn_counts, limit))
    return _pick(columns, limit)


def _pick(columns: Columns, limit: int, times: Integers | None = None) -> pa.Table:
    """times: how often each turn comes, if not once."""
    sizes = np.diff(columns.text_starts)
    owners = np.repeat(columns.text_hashes, columns.turn_counts)
    index = np.arange(len(sizes)) - np.repeat(columns.turn_starts[:-1], columns.turn_counts)
    seeds = _mix(owners + index.astype(np.uint64))
    # From 1 - WINDOW_BYTES, so that the first bytes of a turn are in as many grids as all others.
    firsts = (seeds % np.uint64(STEP_BYTES)).astype(np.int64) - (WINDOW_BYTES - 1)
    counts = np.where(sizes > 0, np.maximum((sizes - firsts + STEP_BYTES - 1) // STEP_BYTES, 0), 0)
    turns = np.repeat(np.arange(len(sizes)), counts)
    steps = np.arange(len(turns)) - np.repeat(np.cumsum(counts) - counts, counts)
    order = _mix(seeds[turns] ^ _mix(steps.astype(np.uint64)))
    last = np.partition(order, limit - 1)[limit - 1] if len(order) > limit else _LAST
    kept = np.flatnonzero(order <= last)
    kept = kept[np.argsort(order[kept], kind="stable")][:limit]
    if times is not None:
        kept = np.repeat(kept, times[turns[kept]])[:limit]
    turns, steps, order = turns[kept], steps[kept], order[kept]
    return _cut_out(columns, turns, firsts[turns] + steps * STEP_BYTES, order, owners[turns])


def _cut_out(columns: Columns, turns: Integers, at: Integers, order: Hashes, owners: Hashes) -> pa.Table:
    sizes = np.diff(columns.text_starts)[turns]
    begins, ends = np.maximum(at, 0), np.minimum(at + WINDOW_BYTES, sizes)
    from_, to = np.maximum(begins - _BEFORE_BYTES, 0), np.minimum(ends + REACH_BYTES, sizes)
    base, view = columns.text_starts[turns], memoryview(columns.text.data)
    places = zip((base + from_).tolist(), (base + to).tolist(), strict=True)
    return pa.table(
        [order, owners, begins - from_, ends - from_, at <= 0, to == sizes, [view[a:b].tobytes() for a, b in places]],
        schema=WINDOWS,
    )


def _mix(values: Hashes) -> Hashes:
    """SplitMix64: neighbouring numbers become unrelated ones."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def widen(text: bytes, begins: int, ends: int, is_first: bool, is_last: bool) -> bytes:
    """What belongs to a window: from the first border at or after `begins` to the first at or after `ends`."""
    begins = 0 if is_first else _border(text, begins, is_last)
    return text[begins : _border(text, ends, is_last)]


def _border(text: bytes, at: int, is_last: bool) -> int:
    """Where white space or punctuation begins; far from any, the next character; at the end of a turn, its end."""
    reach = at + REACH_BYTES
    if found := _BORDER.search(text, at, reach):
        return found.start()
    if is_last and len(text) <= reach:
        return len(text)
    character = _CHARACTER.search(text, at)
    return character.start() if character else len(text)
