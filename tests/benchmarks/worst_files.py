"""Files that cost the most for their bytes: one kind of line, over and over, or never twice."""

import gzip
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import zstandard

_CHUNK_BYTES = 4 * 2**20
_MANY_FAULTS = (
    b'{"conversation_id":"a","turns":[{"role":"assistant","content":""},{"role":"x","content":""},'
    b'{"role":"x","content":"a@b.org"},{"role":"system","content":""},{"role":"system","content":""}]}\n'
)
_NEAR = b'{"conversation_id":"%x","turns":[{"role":"user","content":"a b c d e f g h i j k l m n o p q r s %x"}]}\n'
_WORD = b'{"conversation_id":"%x","turns":[{"role":"user","content":"%x"}]}\n'
# A usual row, and what stands in its place each thousand times.
_SOME_WRONG = (b'{"text":"%x"}\n', b'{"text":%d}\n')
_SOME_UNASKED = (b'{"instruction":"%x","output":"b"}\n', b'{"output":"%x"}\n')
_SOME_NO_TEXT = (b'{"messages":[{"role":"assistant","content":"%x"}]}\n', b"%x\xff\n")
_SOME_NO_MESSAGE = (b'{"messages":[%d]}\n', b"%x\xff\n")
_REPEATED: dict[str, bytes] = {
    "blank": b"\n",
    "1": b"1\n",
    "{}": b"{}\n",
    "a comma": b",\n",
    "[]": b"[]\n",
    "a quote": b'"\n',
    "NUL": b"x\0\n",
    "no UTF-8": b"\xff\n",
    "a space": b" \n",
    "CRLF": b"\r\n",
    "an object without its fields": b'{"turns":[]}\n',
    "plain text of one word": b'{"text":"a"}\n',
    "prompt and completion of one word": b'{"prompt":"a","completion":"b"}\n',
    "Alpaca of one word": b'{"instruction":"a","output":"b"}\n',
    "OpenAI chat of one word": b'{"messages":[{"role":"user","content":"a"}]}\n',
    "ShareGPT of one word": b'{"conversations":[{"from":"human","value":"a"}]}\n',
    "native of one word": b'{"conversation_id":"a","turns":[{"role":"user","content":"a"}]}\n',
    "a preference of one word": b'{"prompt":"a","chosen":"b","rejected":"c"}\n',
    "KTO of one word": b'{"prompt":"a","completion":"b","label":true}\n',
    "all warnings at once": _MANY_FAULTS,
    "plain text and 1 by turns": b'{"text":"a"}\n1\n',
    "a number that no double holds": b'{"text":"a","n":1e999}\n',
    "a brace that is open": b"{\n",
    "2,000 turns of one character": b'{"conversation_id":"a","turns":[%b]}\n'
    % b",".join([b'{"role":"user","content":"a"}'] * 2_000),
}
_NEVER_TWICE: dict[str, Callable[[int], bytes]] = {
    "numbers, all different": lambda number: b"%d\n" % number,
    "broken lines, all different": lambda number: b"x%x\n" % number,
    "objects of unknown fields, all different": lambda number: b'{"%x":1}\n' % number,
    "plain text of one word, all different": lambda number: b'{"text":"%x"}\n' % number,
    "native of one word, all different": lambda number: _WORD % (number, number),
    "roles, all different": lambda number: _WORD.replace(b"user", b"%x") % (0, number, 0),
    "near-duplicates of 20 words": lambda number: _NEAR % (number, number),
    "lists, all different": lambda number: b"[%d]\n" % number,
    "a text that is a number, all different": lambda number: b'{"text":%d}\n' % number,
    "a message that is a number, all different": lambda number: b'{"messages":[%d]}\n' % number,
    "a message that is a word, all different": lambda number: b'{"messages":["%x"]}\n' % number,
    "a message that is an object of one field, all different": lambda number: b'{"messages":{"%x":1}}\n' % number,
    "a role without a content, all different": lambda number: b'{"messages":[{"role":"%x"}]}\n' % number,
    "a content that is a number, all different": lambda number: (
        b'{"messages":[{"role":"user","content":%d}]}\n' % number
    ),
    "a list in a list, all different": lambda number: b'{"messages":[[%d.5,[{}]]]}\n' % number,
    "a question without an answer, all different": lambda number: b'{"instruction":"%x"}\n' % number,
    "an unknown field beside a wrong one, all different": lambda number: b'{"%x":1,"text":[]}\n' % number,
    "an unknown field with a mark beside a wrong one, all different": lambda number: b'{"%x-":1,"text":[]}\n' % number,
    "half a character, all different": lambda number: b'{"text":"%x\\ud800"}\n' % number,
    "a number of more than 64 bits, all different": lambda number: b'{"text":"a","n":%d0000000000000000000}\n' % number,
    "a field twice, all different": lambda number: b'{"text":"a","x":1,"x":%d}\n' % number,
    "a NUL, all different": lambda number: b'{"text":"%x\\u0000"}\n' % number,
    "a number with an exponent for a text, all different": lambda number: b'{"text":%de5}\n' % number,
    "a letter as an escape beside a wrong field, all different": lambda number: (
        b'{"text":[],"x":"\\u0061%x"}\n' % number
    ),
    "plain text of one word, some a number": lambda number: _SOME_WRONG[number % 1_000 == 999] % number,
    "Alpaca of one word, some without an instruction": lambda number: _SOME_UNASKED[number % 1_000 == 999] % number,
    "OpenAI chat of one word, some no UTF-8": lambda number: _SOME_NO_TEXT[number % 1_000 == 999] % number,
    "a message that is a number, some no UTF-8": lambda number: _SOME_NO_MESSAGE[number % 1_000 == 999] % number,
}
_ARRAYS: dict[str, bytes] = {
    "an array of 1": b"1",
    "an array of []": b"[]",
    "an array of {}": b"{}",
    "an array of plain text": b'{"text":"a"}',
    "an array of commas": b"",
}
_LONG: dict[str, tuple[bytes, bytes, bytes]] = {
    "one line of [": (b"", b"[", b""),
    "one line of [],": (b"[", b"[],", b"[]]"),
    "one line of NUL escapes": (b'{"conversation_id":"a","turns":[{"role":"user","content":"', b"\\u0000", b'"}]}'),
    "one line of escapes": (b'{"conversation_id":"a","turns":[{"role":"user","content":"', b"\\u0061", b'"}]}'),
}
_TABLES: dict[str, tuple[bytes, bytes]] = {
    "a table of two columns": (b"prompt,completion\n", b"a,b\n"),
    "a table of quoted cells": (b"prompt,completion\n", b'"a","b"\n'),
    "a table of empty cells": (b"prompt,completion\n", b",\n"),
    "a table of rows of one cell": (b"prompt,completion\na,b\n", b"a\n"),
}
_TABLES_NEVER_TWICE: dict[str, tuple[bytes, Callable[[int], bytes]]] = {
    "a table of two columns, all different": (b"prompt,completion\n", lambda number: b"%x,b\n" % number),
}
_PACKED: dict[str, Callable[[bytes], bytes]] = {
    "a gzip of a member a line": gzip.compress,
    "a Zstandard of a frame a line": zstandard.compress,
}
_ALL = (_REPEATED, _NEVER_TWICE, _ARRAYS, _LONG, _TABLES, _TABLES_NEVER_TWICE, _PACKED)
KINDS: tuple[str, ...] = tuple(kind for kinds in _ALL for kind in kinds)


def write_worst(path: Path, kind: str, size_bytes: int) -> None:
    """Write about so many bytes of a kind."""
    with path.open("wb") as file:
        for piece in _pieces(kind, size_bytes):
            file.write(piece)


def _pieces(kind: str, size_bytes: int) -> Iterator[bytes]:
    if kind in _REPEATED:
        yield from _some(_REPEATED[kind], size_bytes)
    elif kind in _NEVER_TWICE:
        yield from _different(_NEVER_TWICE[kind], size_bytes)
    elif kind in _ARRAYS:
        yield b"["
        yield from _some(_ARRAYS[kind] + b",", size_bytes)
        yield _ARRAYS[kind] + b"]"
    elif kind in _LONG:
        first, unit, last = _LONG[kind]
        yield first
        yield from _some(unit, size_bytes)
        yield last + b"\n"
    elif kind in _TABLES:
        header, row = _TABLES[kind]
        yield header
        yield from _some(row, size_bytes)
    elif kind in _TABLES_NEVER_TWICE:
        header, row_of = _TABLES_NEVER_TWICE[kind]
        yield header
        yield from _different(row_of, size_bytes)
    else:
        yield from _some(_PACKED[kind](b'{"text":"a"}\n'), size_bytes)


def _different(line_of: Callable[[int], bytes], size_bytes: int) -> Iterator[bytes]:
    for number in count():
        line = line_of(number)
        yield line
        size_bytes -= len(line)
        if size_bytes <= 0:
            return


def _some(unit: bytes, size_bytes: int) -> Iterator[bytes]:
    times = max(1, size_bytes // len(unit))
    at_once = max(1, _CHUNK_BYTES // len(unit))
    for done in range(0, times, at_once):
        yield unit * min(at_once, times - done)
