"""Where the rows of a JSON array lie in its bytes, told from quotes, brackets, commas and white space, all at once.

What the rows are made of is judged elsewhere: `array.py` cuts them out.
"""

import numpy as np

from pipeline.dataset.model.bit_flags import Bytes, Flags, Integers

WHITE = b" \t\r\n"
KIND = np.zeros(256, dtype=np.int8)
for _byte in b"[{":
    KIND[_byte] = 1
for _byte in b"]}":
    KIND[_byte] = -1
COMMA, _QUOTE = 2, 3
KIND[ord(",")] = COMMA
KIND[ord('"')] = _QUOTE
_IS_STRUCTURE = KIND != 0
_IS_WHITE = np.zeros(256, dtype=np.bool_)
_IS_WHITE[list(WHITE)] = True
_USUAL_SPACES = 64  # between rows; more of them are counted row by row
_RAW_BREAK = ord("\x01")  # a line break inside a string is no JSON, before and after


def structure(data: Bytes) -> tuple[Integers, Integers, Integers]:
    """Places of brackets and commas outside strings, their kinds, and the places of the quotes around strings."""
    at = np.flatnonzero(_IS_STRUCTURE[data])
    kinds = KIND[data[at]]
    if (data == ord("\\")).any():
        is_quote = kinds == _QUOTE
        is_kept = np.ones(len(at), dtype=np.bool_)
        is_kept[is_quote] = ~_is_escaped(data, at[is_quote])
        at, kinds = at[is_kept], kinds[is_kept]
    is_quote = kinds == _QUOTE
    is_outside = ~is_quote & (np.cumsum(is_quote) % 2 == 0)
    return at[is_outside], kinds[is_outside].astype(np.int64), at[is_quote]


def row_ends(kinds: Integers, depth: int = 0) -> tuple[Integers, Flags]:
    """How deep inside a row each bracket or comma leaves us, and which of them end a row: commas, the array's bracket.

    kinds: from `structure`. depth: inside the row at the beginning.
    """
    depths: Integers = depth + np.cumsum(np.where(kinds == COMMA, 0, kinds))
    return depths, (depths == 0) & (kinds == COMMA) | (depths == -1) & (kinds == -1)


def first_row(text: bytes) -> bytes:
    """The row of an array that the text begins with, as far as the text has it."""
    at, kinds, _ = structure(np.frombuffer(text, dtype=np.uint8))
    ends = at[row_ends(kinds)[1]]
    return text[: int(ends[0])].rstrip(WHITE) if len(ends) else text


def stripped(data: Bytes, begins: Integers, ends: Integers) -> tuple[Integers, Integers]:
    """The ranges without the white space at both ends; what is nothing else ends where it did."""
    begins, ends = begins.copy(), ends.copy()
    for edges, others, step, before in ((begins, ends, 1, 0), (ends, begins, -1, 1)):
        left = np.arange(len(edges))
        for _ in range(_USUAL_SPACES):
            left = left[edges[left] != others[left]]
            left = left[_IS_WHITE[data[edges[left] - before]]]
            if len(left) == 0:
                break
            edges[left] += step
        for row in left.tolist():
            begin, end = int(begins[row]), int(ends[row])
            text = data[begin:end].tobytes()
            edges[row] = end - len(text.lstrip(WHITE)) if step == 1 else begin + len(text.rstrip(WHITE))
    return begins, ends


def _is_escaped(data: Bytes, quotes: Integers) -> Flags:
    """Whether an odd number of backslashes stands before each quote."""
    escaped = np.zeros(len(quotes), dtype=np.bool_)
    undecided = quotes > 0
    back = 1
    while undecided.any():
        index = np.flatnonzero(undecided)
        is_backslash = (quotes[index] >= back) & (data[quotes[index] - back] == ord("\\"))
        undecided[index[~is_backslash]] = False
        escaped[index[is_backslash]] ^= True
        back += 1
    return escaped


def without_breaks(data: Bytes, breaks: Integers, quotes: Integers) -> bytes:
    """The same bytes with no line break: a space outside strings, what no JSON text has inside them."""
    clean = data.copy()
    inside = np.searchsorted(quotes, breaks) % 2 == 1
    clean[breaks] = ord(" ")
    clean[breaks[inside]] = _RAW_BREAK
    return clean.tobytes()


def lines_of(clean: bytes, begins: Integers, ends: Integers) -> bytes:
    """The rows between begins and ends, a line each. clean: without line breaks; goes on after the last row."""
    text = np.frombuffer(clean, dtype=np.uint8).copy()
    text[ends] = ord("\n")  # in place of the comma, bracket or space that follows
    borders = np.stack([begins, ends + 1], axis=1).ravel()
    is_kept = np.repeat(np.tile([False, True], len(begins)), np.diff(borders, prepend=0))
    lines: bytes = text[: len(is_kept)][is_kept].tobytes()
    return lines
