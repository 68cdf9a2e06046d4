"""Writes rows into a file: a line each, or as the files of the replaced system are (brightrun-lora-v4)."""

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from pipeline.dataset.convert.brightrun_rows import brightrun, totals
from pipeline.dataset.convert.conversations import Talk
from pipeline.dataset.convert.output_formats import BRIGHTRUN, OUTPUT_FORMATS, Row
from pipeline.dataset.formats.rows.brightrun import META, TRAINING_FILE
from pipeline.dataset.formats.rows.brightrun_pairs import PAIRS

Write = Callable[[bytes], object]
_encode = msgspec.json.Encoder().encode
_METADATA = "training_file_metadata"


class RowWriter(Protocol):
    """Takes conversations in order."""

    def add(self, talk: Talk, lost: set[str]) -> bool:
        """Write one, if the file can hold it; names what it does not hold of it."""

    def end(self) -> None:
        """Write what stands behind the last one."""


def row_writer(target: str, write: Write, *, as_document: bool) -> RowWriter:
    """What writes a file of the target. as_document: one JSON object instead of lines, where the target has it."""
    if target != BRIGHTRUN:
        return _Lines(target, write)
    return _Document(write) if as_document else _PairLines(write)


class _Lines:
    """A row a line."""

    def __init__(self, target: str, write: Write) -> None:
        self._make, self._write = OUTPUT_FORMATS[target], write

    def add(self, talk: Talk, lost: set[str]) -> bool:
        row = self._make(talk, lost)
        if row is not None:
            self._write(_encode(row) + b"\n")
        return row is not None

    def end(self) -> None:
        pass


class _PairLines:
    """training.jsonl: a line that says what the file is, where that is known, then one for each pair with an answer."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._is_begun = False

    def add(self, talk: Talk, lost: set[str]) -> bool:
        row = brightrun(talk, lost)
        of_file = row.pop(TRAINING_FILE, {})
        meta = row.pop(META, of_file.get(_METADATA))
        if meta is not None and not self._is_begun:
            self._write(_encode({META: meta}) + b"\n")
        elif meta is not None:
            lost.add("annotations")
        self._is_begun = True
        pairs = row.pop(PAIRS)
        if row or of_file.keys() - {_METADATA}:
            lost.add("annotations")
        for pair in pairs:
            if pair.get("target_response"):
                self._write(_encode(pair) + b"\n")
            else:
                lost.add("pairs-without-target")
        return True

    def end(self) -> None:
        pass


class _Document:
    """training.json of what is read from another file."""

    def __init__(self, write: Write) -> None:
        self._file = TrainingDocument(write)

    def add(self, talk: Talk, lost: set[str]) -> bool:
        row = brightrun(talk, lost)
        of_file = row.pop(TRAINING_FILE, {})
        if META in row:
            of_file = {_METADATA: row.pop(META), **of_file}
        self._file.add(row, of_file)
        return True

    def end(self) -> None:
        self._file.end()


class TrainingDocument:
    """training.json: one object with all conversations; a conversation's own file where there is one and it was one."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._first: Row | None = None
        self._of_file: dict[str, object] = {}
        self._written: set[str] = set()
        self._conversations = self._pairs = 0

    def add(self, row: Row, of_file: Mapping[str, object]) -> None:
        """Write a conversation. of_file: what the file says of itself, before it as far as known at the second one."""
        self._of_file |= of_file
        self._conversations += 1
        self._pairs += len(row[PAIRS])
        if self._conversations == 1:
            self._first = row
            return
        self._begin()
        self._write(b",\n    " + _indented(row, b"    "))

    def _begin(self) -> None:
        """Write what stands before the second conversation."""
        if self._first is None:
            return
        self._written = set(self._of_file)
        fields = [_encode(name) + b": " + _indented(value, b"  ") for name, value in self._of_file.items()]
        head = b"".join(b"  " + field + b",\n" for field in fields)
        self._write(b"{\n" + head + b'  "conversations": [\n    ' + _indented(self._first, b"    "))
        self._first = None

    def end(self) -> None:
        """Write what stands behind the last one."""
        if self._conversations == 1 and self._first is not None and "dataset_metadata" in self._first:
            self._write(_indented(self._first, b"") + b"\n")
            return
        if self._conversations:
            self._begin()
        else:
            self._write(b'{\n  "conversations": [')
        self._of_file.setdefault(_METADATA, totals(self._conversations, self._pairs))
        left = {name: value for name, value in self._of_file.items() if name not in self._written}
        fields = [b",\n  " + _encode(name) + b": " + _indented(value, b"  ") for name, value in left.items()]
        self._write(b"\n  ]" + b"".join(fields) + b"\n}\n")


def _indented(value: Mapping[str, object] | object, by: bytes) -> bytes:
    return msgspec.json.format(_encode(value), indent=2).replace(b"\n", b"\n" + by)
