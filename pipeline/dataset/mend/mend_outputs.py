"""The three files that mending leaves: what is mended, what is put aside, and what was changed. All appear at the end.

Nothing disappears: a row of the input is a row of the mended file, or one that is put aside with the reason.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Self, cast

import zstandard

from pipeline.dataset.mend.mend_remedies import REMEDIES
from pipeline.dataset.mend.mended_lines import Line
from pipeline.dataset.mend.source import Source
from pipeline.state.durable import put_in_place


def aside_of(target: Path) -> Path:
    """Where the rows go that are put aside."""
    return target.with_name(f"{target.name}.rejected.jsonl")


def changes_of(target: Path) -> Path:
    """Where the changes are recorded."""
    return target.with_name(f"{target.name}.changes.jsonl")


def files_of(target: Path) -> tuple[Path, Path, Path]:
    """All three files."""
    return target, aside_of(target), changes_of(target)


class Outputs:
    """Written in a folder of their own, moved to their places by `place`. name: of the mended file."""

    def __init__(self, folder: Path, name: str, source: Source) -> None:
        self.mended = folder / name
        self._source = source
        self._is_array = source.reading.container == "json-array"
        self._is_first = True
        self._open = ExitStack()
        self._mended = self._open.enter_context(_packed(self.mended))
        self._aside = self._open.enter_context(aside_of(self.mended).open("wb"))
        self._changes = self._open.enter_context(changes_of(self.mended).open("wb"))

    def keep(self, line: Line) -> None:
        """Write a row, and record what was changed in it."""
        if self._is_array:
            self._mended.write((line.mark + b"[" if self._is_first else b",") + line.lead + line.text)
        else:
            self._mended.write(line.mark + line.text + line.ending)
        self._is_first = False
        self._record(line, _digest(line.text))

    def put_aside(self, line: Line) -> None:
        """Write a row as it stood in the input, with what was found there."""
        row: dict[str, object] = _place(line) | {"findings": line.findings}
        _write(self._aside, {**row, **_as_text(line.raw)})
        self._record(line, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if self._is_array and error is None:
            self._mended.write((b"[" if self._is_first else b"") + self._source.tail)
        self._open.close()

    def place(self, target: Path) -> None:
        """Move the files to their places; the mended file is the last, so that its records are there when it is."""
        put_in_place(aside_of(self.mended), aside_of(target))
        put_in_place(changes_of(self.mended), changes_of(target))
        put_in_place(self.mended, target)

    def _record(self, line: Line, after: str | None) -> None:
        before = _digest(line.raw) if line.raw is not None else None
        for code in line.codes:
            row = {"code": code, "action": REMEDIES[code].action}
            _write(self._changes, {**_place(line), **row, "before": before, "after": after})


def _place(line: Line) -> dict[str, object]:
    return {"row": line.row, "line": line.line, "offset": line.offset}


@contextmanager
def _packed(path: Path) -> Iterator[BinaryIO]:
    """A file that is packed as its name says. The same content always gives the same bytes."""
    with path.open("wb") as stream:
        if path.suffix == ".gz":
            with gzip.GzipFile("", "wb", fileobj=stream, mtime=0) as packed:
                yield cast(BinaryIO, packed)
        elif path.suffix == ".zst":
            with zstandard.ZstdCompressor().stream_writer(stream, closefd=False) as packed:
                yield cast(BinaryIO, packed)
        else:
            yield stream


def _write(stream: BinaryIO, row: Mapping[str, object]) -> None:
    stream.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


def _as_text(raw: bytes | None) -> dict[str, str | None]:
    """The row, as text where it is; None where it is only in the input, from its offset on."""
    if raw is None:
        return {"text": None}
    try:
        return {"text": raw.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(raw).decode()}


def _digest(text: bytes) -> str:
    """Says whether two rows are the same, and nothing of what they say."""
    return hashlib.blake2b(text, digest_size=8).hexdigest()
