"""The three files that mending leaves: what is mended, what is put aside, and what was changed. All appear at the end.

Nothing disappears: a row of the input is a row of the mended file, or one that is put aside with the reason.
"""

import base64
import codecs
import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Self, cast

import zstandard

from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES
from pipeline.dataset.formats.opening import open_text
from pipeline.dataset.mend.long_texts import LongTexts
from pipeline.dataset.mend.mend_remedies import REMEDIES
from pipeline.dataset.mend.mended_lines import Line
from pipeline.dataset.mend.source import Source
from pipeline.dataset.reading.each_line import is_utf8
from pipeline.state.durable import put_in_place

_ARCHIVES = (".gz", ".zst")
_PIECE_BYTES = 3 * 2**18  # in base64, three bytes are four characters


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
    """Written in a folder of their own, moved to their places by `place`. name: of the mended file.

    Where long texts were put away, a copy of the mended file has the stand-ins.
    """

    def __init__(self, folder: Path, name: str, source: Source, long_texts: LongTexts) -> None:
        self.mended = folder / name
        self._short = folder / f"{name}.short"
        self._source = source
        self._long_texts = long_texts
        self._is_array = source.is_array
        self._is_first = True
        self._open = ExitStack()
        self._mended = self._open.enter_context(_packed(self.mended))
        self._shortened = self._open.enter_context(self._short.open("wb")) if long_texts.has_any else None
        self._aside = self._open.enter_context(aside_of(self.mended).open("wb"))
        self._changes = self._open.enter_context(changes_of(self.mended).open("wb"))

    def keep(self, line: Line) -> None:
        """Write a row, and record what was changed in it."""
        if self._is_array:
            self._write_mended(line, (line.mark + b"[" if self._is_first else b",") + line.lead, line.text)
        else:
            self._write_mended(line, line.mark, line.text, line.ending)
        self._is_first = False
        self._record(line, line.text)

    def has_room(self, line: Line, text: bytes) -> bool:
        """Whether the line is not too long with this text."""
        size = len(text) + self._long_texts.hidden_bytes(text, line.places)
        return size <= self._source.max_line_bytes

    def put_aside(self, line: Line) -> None:
        """Write a row as it stood in the input, with what was found there."""
        findings = [{**row, **self._source.place(row["line"], row["byte_offset"])} for row in line.findings]
        self._aside.write(_json({**self._place(line), "findings": findings})[:-1])
        for piece in self._as_text(line):
            self._aside.write(piece)
        self._aside.write(b"}\n")
        self._record(line, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if self._is_array and error is None:
            tail = (b"[" if self._is_first else b"") + self._source.tail
            self._mended.write(tail)
            if self._shortened:
                self._shortened.write(tail)
        self._open.close()

    @property
    def checked(self) -> Path:
        """The file to check: the mended one, or its copy with stand-ins, as long as the packed one can be read."""
        return self._short if self._shortened and _is_readable(self.mended) else self.mended

    def place(self, target: Path) -> None:
        """Move the files to their places; the mended file is the last, so that its records are there when it is."""
        put_in_place(aside_of(self.mended), aside_of(target))
        put_in_place(changes_of(self.mended), changes_of(target))
        put_in_place(self.mended, target)

    def _write_mended(self, line: Line, *texts: bytes) -> None:
        for text in texts:
            for piece in self._long_texts.whole(text, line.places):
                self._mended.write(piece)
            if self._shortened:
                self._shortened.write(text)

    def _place(self, line: Line) -> dict[str, object]:
        return {"row": line.row, **self._source.place(line.line, line.offset)}

    def _record(self, line: Line, text: bytes | None) -> None:
        if not line.codes:
            return
        before, after = self._digest(line, line.raw), self._digest(line, text)
        for code in line.codes:
            row = {"code": code, "action": REMEDIES[code].action}
            self._changes.write(_json({**self._place(line), **row, "before": before, "after": after}) + b"\n")

    def _digest(self, line: Line, text: bytes | None) -> str | None:
        """Says whether two rows are the same, and nothing of what they say."""
        if text is None:
            return None
        digest = hashlib.blake2b(digest_size=8)
        for piece in self._long_texts.whole(text, line.places):
            digest.update(piece)
        return digest.hexdigest()

    def _as_text(self, line: Line) -> Iterator[bytes]:
        """The row, as text where it is; null where it is only in the input, from its offset on."""
        if line.raw is None:
            yield b',"text":null'
        elif is_utf8(line.raw):
            yield b',"text":"'
            decode = codecs.getincrementaldecoder("utf-8")().decode
            for piece in _pieces(self._long_texts.whole(line.raw, line.places)):
                yield _json(decode(piece))[1:-1]
            yield b'"'
        else:
            yield b',"base64":"'
            yield from map(base64.b64encode, _pieces([line.raw]))
            yield b'"'


def _is_readable(path: Path) -> bool:
    """Whether the file is no archive, or one that is not refused for what it unpacks to."""
    if path.suffix not in _ARCHIVES:
        return True
    with path.open("rb") as stream:
        opened = open_text(stream, None, 2**62)  # we wrote it, so it has an end
        while opened.text.read(BLOCK_BYTES):
            pass
    return opened.broken is None


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


def _json(value: Mapping[str, object] | str) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _pieces(texts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, not many at once."""
    for text in texts:
        for start in range(0, len(text), _PIECE_BYTES):
            yield text[start : start + _PIECE_BYTES]
