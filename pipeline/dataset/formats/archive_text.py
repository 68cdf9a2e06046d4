"""Reads the data files of an archive as one text: the only one as it is, several of one kind one after the other.

They are taken in natural order of their paths (part-2 before part-10), each as it is or packed by gzip or Zstandard.
Which of them are data is told by their names, of which kind by their bytes.
"""

import re
import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.formats.archives import FAULTS, ArchivedFile, archive_of, files_of, shown
from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES, BYTE_ORDER_MARK, ByteReader, Pieced, copied
from pipeline.dataset.formats.containers import (
    MAGIC_BYTES,
    BrokenArchive,
    Compression,
    Expanded,
    broken_in,
    growth_fault,
    not_read,
    unpacked,
)
from pipeline.dataset.formats.parquet_rows import MARK, ParquetLines
from pipeline.dataset.formats.recognise import recognise
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.sniff import sniff
from pipeline.dataset.formats.texts_of_files import BY_FILE, TextOfFiles
from pipeline.dataset.model.late_patterns import late_pattern
from pipeline.dataset.model.printable import printable
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.state.store import data_names
from pipeline.wording import count_of

MAX_DATA_FILES = 1_000  # the beginning of each is looked at
_LOOKED_AT_BYTES = 2**16
# What stands beside data and holds no rows.
_BESIDE = late_pattern(
    r"(?:readme|licen[cs]e|notice|changelog|copying|citation)(?:\.(?:md|txt|rst|cff|bib|html?))?"
    r"|dataset_infos?\.json|_success|thumbs\.db"
    r"|.*\.(?:md|rst|html?|ya?ml|toml|py|sh|ipynb|png|jpe?g|gif|webp|bmp|svg|wav|mp3|flac|ogg|mp4|webm|sha256|md5)",
    re.IGNORECASE,
)
_LIKE_DATA = late_pattern(
    rf".*\.(?:{'|'.join(data_names.ROWS)})(?:\.(?:{'|'.join(data_names.PACKED)}))?", re.IGNORECASE | re.DOTALL
)
_NAMED_FILES = 20
_MOST_DIGITS = 4_000  # that Python makes a number of
_DIGITS = late_pattern(r"(\d+)")
_WORDS = late_pattern(r"[a-z]+")
_SPLITS = frozenset({"train", "test", "valid", "validation", "val", "dev", "eval"})
_LINES = frozenset({"jsonl", "json-objects"})
_JOINED = "files of lines, arrays, tables or Parquet files"
_SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}
_ROW_BY_ROW = {
    "json-array": "jq -c '.[]' *.json > all.jsonl joins arrays",
    "csv": "for tables: lora-pipeline convert --to openai each, and join the lines",
}


@dataclass(frozen=True, slots=True)
class PlaceInFile:
    """A line of one of the files: its path in the archive, its line there, from 1, and its first byte there."""

    name: str
    line: int
    byte_offset: int


class ArchiveText:
    """The data files of an archive as one text. It ends where the archive breaks; `broken` says so afterwards.

    packed: what the stream is taken out of. refused: why it is not read at all; holds_parquet: whether its rows come as
    lines of Parquet files; said: which files they are, for people; warnings: findings about which they are. These four
    are known once something was read.
    """

    def __init__(
        self,
        stream: ByteReader,
        kind: Compression,
        chosen: Format | None,
        max_bytes: int,
        packed: Expanded | None = None,
    ) -> None:
        self._packed = packed
        self._kind = kind
        self._chosen = chosen
        self._max_bytes = max_bytes
        self._text = Pieced(self._pieces(stream))
        self._names: list[str] = []
        self._first_lines: list[int] = []
        self._starts: list[int] = []
        self._joined_kind = "lines"
        self.broken: BrokenArchive | None = None
        self.refused: BrokenArchive | None = None
        self.holds_parquet = False
        self.said = ""
        self.warnings: list[tuple[str, Mismatch]] = []

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes of text; empty at the end, and where the archive breaks."""
        return self._text.read(size)

    @property
    def are_several(self) -> bool:
        """Whether more than one file was read."""
        return len(self._names) > 1

    def by_file(self, text: ByteReader) -> ByteReader:
        """The same text where its files are to be read one by one. text: this one, from its first byte on."""
        return TextOfFiles(text, self._starts, self._first_lines) if self._joined_kind in BY_FILE else text

    def first_of(self, head: bytes) -> bytes:
        """What of the text's beginning is of the first file, where they are read one by one."""
        is_cut = self._joined_kind in BY_FILE and len(self._starts) > 1
        return head[: self._starts[1]] if is_cut else head

    def place_of(self, line: int) -> str:
        """Where a line of the text that was read stands, for people. line: from 1, over all files."""
        place = self.place_in_file(line, 0)
        return f"line {place.line:,} of {shown(place.name)}"

    def place_in_file(self, line: int, offset: int) -> PlaceInFile:
        """The file that a line of the text is of, and the line and byte there. offset: of the line in the text."""
        index = max(0, bisect_right(self._first_lines, line) - 1)
        own_line = line - self._first_lines[index] + 1
        return PlaceInFile(self._names[index], own_line, max(0, offset - self._starts[index]))

    @property
    def findings(self) -> list[Finding]:
        """The warnings about which files they are."""
        return [Finding(1, 0, code, "$", mismatch) for code, mismatch in self.warnings]

    def _pieces(self, stream: ByteReader) -> Iterator[bytes]:
        with tempfile.TemporaryFile(prefix="lora-archive-") as copy:
            packed_bytes, unpacked_bytes = copied(stream, copy), 0
            if self._packed:  # what is packed twice may grow as much as what is packed once
                packed_bytes = min(packed_bytes, self._packed.read_bytes)

            def count(size_bytes: int) -> None:
                nonlocal unpacked_bytes
                unpacked_bytes += size_bytes
                if fault := growth_fault(unpacked_bytes, packed_bytes, self._max_bytes):
                    raise fault

            try:
                files, fault = self._data_files(copy)
            except BrokenArchive as error:
                self.refused = error
                return
            try:
                yield from self._joined(files, count)
            except (*FAULTS, BrokenArchive) as error:
                fault = error
            self.broken = None if fault is None else _broken(fault)

    def _data_files(self, copy: IO[bytes]) -> tuple[list[ArchivedFile], Exception | None]:
        """The files to read, in order, and what is wrong behind them: the list of a tar may be cut off."""
        data: list[ArchivedFile] = []
        left_out: list[str] = []
        fault: Exception | None = None
        try:
            for file in files_of(copy, self._kind):
                if is_beside(file.name):
                    left_out.append(file.name)
                else:
                    data.append(file)
        except FAULTS as error:
            if not data:
                raise _broken(error) from error
            fault = error
        _refuse_documents([*left_out, *(file.name for file in data)])
        if not data:
            found = f"none beside {_named(left_out)}" if left_out else "none"
            raise BrokenArchive("archive-without-data", Mismatch("a file of rows", found))
        if len(data) > MAX_DATA_FILES:
            raise not_read(f"at most {MAX_DATA_FILES:,} data files", f"{len(data):,}", "join them first")
        data.sort(key=lambda file: (natural_order(file.name), file.name))
        try:
            self._joined_kind = _kind_of(data, self._chosen)
        except FAULTS as error:
            raise _broken(error) from error
        self.holds_parquet = self._joined_kind == "parquet"
        names = [file.name for file in data]
        self.said = _said(names, left_out)
        self.warnings = [*_passed_over(left_out), *_several_splits(names)]
        return data, fault

    def _joined(self, files: list[ArchivedFile], count: Callable[[int], None]) -> Iterator[bytes]:
        line, at, last = 1, 0, b"\n"
        for number, file in enumerate(files):
            if last != b"\n":
                yield b"\n"
                line, at = line + 1, at + 1
            self._starts.append(at)
            self._names.append(file.name)
            self._first_lines.append(line)
            text, expanded = _begun(file, self._max_bytes)
            text = _Metered(text, count)
            columns = ParquetLines(text, self._max_bytes) if self.holds_parquet else None
            text = columns or text
            is_first, last = True, b"\n"
            while piece := text.read(BLOCK_BYTES):
                if is_first and number:
                    piece = piece.removeprefix(BYTE_ORDER_MARK)
                is_first, last = False, piece[-1:] or last
                line, at = line + piece.count(b"\n"), at + len(piece)
                yield piece
            if columns is not None and columns.broken:
                raise columns.broken
            _raise_broken(file, expanded)


def _begun(file: ArchivedFile, max_bytes: int = 2**62) -> tuple[ByteReader, Expanded | None]:
    """The text of a file, and what it is taken out of where it is packed once more."""
    stream = file.begin()
    return unpacked(stream, max_bytes, stream.read(MAGIC_BYTES))  # at once: a tar may be cut off behind them


def _raise_broken(file: ArchivedFile, expanded: Expanded | None) -> None:
    if expanded and expanded.broken:
        raise broken_in(expanded.broken, shown(file.name))


class _Metered:
    """A file of an archive, whose bytes are counted with those of the others; where they grow too much, it raises.

    Raises where it is read:
        BrokenArchive: that is so.
    """

    def __init__(self, stream: ByteReader, count: Callable[[int], None]) -> None:
        self._stream = stream
        self._count = count

    def read(self, size: int, /) -> bytes:
        piece = self._stream.read(size)
        self._count(len(piece))
        return piece


def _broken(error: Exception) -> BrokenArchive:
    if isinstance(error, BrokenArchive):
        return error
    said = str(error).partition("\n")[0] or "it is cut off"
    return BrokenArchive("broken-archive", Mismatch("a whole archive", f"a fault: {printable(said, 200)}"))


def is_beside(name: str) -> bool:
    """Whether a file lies beside data: hidden, of a system, or text about it."""
    parts = name.split("/")
    is_hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return is_hidden or _BESIDE.fullmatch(parts[-1]) is not None


def _passed_over(left_out: list[str]) -> Iterator[tuple[str, Mismatch]]:
    """Of what is not read, that which may hold rows by its name; what macOS adds to each file does not."""
    names = [name for name in left_out if _LIKE_DATA.fullmatch(name) and not _is_of_system(name)]
    if names:
        yield "data-passed-over", Mismatch("data files that are not hidden", f"not read: {_listed(names)}")


def _is_of_system(name: str) -> bool:
    *folders, last = name.split("/")
    return "__MACOSX" in folders or last.startswith("._") or _BESIDE.fullmatch(last) is not None


def _several_splits(names: list[str]) -> Iterator[tuple[str, Mismatch]]:
    """Files that are named as those to train on and those to test with, of which one dataset is made."""
    first_of: dict[frozenset[str], str] = {}
    for name in names:
        if words := _SPLITS.intersection(_WORDS.findall(name.lower())):
            first_of.setdefault(words, name)
    if len(first_of) > 1:
        found = f"one after the other: {_listed(list(first_of.values()))}"
        yield "splits-in-archive", Mismatch("files of one split", found)


def _refuse_documents(names: list[str]) -> None:
    """Documents are archives as well."""
    if "[Content_Types].xml" in names:
        is_workbook = any(name.startswith("xl/") for name in names)
        found = "an Excel workbook" if is_workbook else "an Office document"
        detail = "(save its sheet as CSV UTF-8; such a table is read as it is)" if is_workbook else None
        raise BrokenArchive("binary-file", Mismatch("JSON Lines text", found, detail))


def natural_order(name: str) -> list[tuple[int, str]]:
    """Orders numbers in names by what they count."""
    parts = _DIGITS.split(name.lower())
    return [(int(part[:_MOST_DIGITS]), "") if index % 2 else (-1, part) for index, part in enumerate(parts)]


def _kind_of(files: list[ArchivedFile], chosen: Format | None) -> str:
    """How rows stand in all of the files: `parquet`, `lines`, or one by one; `text` where there is one file.

    Raises:
        BrokenArchive: one is no text, or they cannot be read one after the other.
    """
    found: dict[str, str] = {}
    formats: dict[str, str] = {}
    separators: dict[str, str] = {}
    for file in files:
        stream, expanded = _begun(file)
        head = stream.read(_LOOKED_AT_BYTES)
        if head.startswith(MARK):
            found.setdefault("parquet", file.name)
            continue
        if not head and len(files) > 1:
            continue
        if not head:
            _raise_broken(file, expanded)
        _refuse_binary(file.name, head, is_alone=len(files) == 1)
        if len(files) == 1:
            return "text"
        reading = recognise(head, Compression.NONE, chosen)
        kind = "lines" if reading.container in _LINES else reading.container
        found.setdefault(kind, file.name)
        if kind == "csv":
            separators.setdefault(reading.separator, file.name)
        if reading.is_certain and chosen is None:
            formats.setdefault(reading.form.name, file.name)
    if len(found) > 1 or not {"lines", "parquet", *BY_FILE} >= set(found):
        raise _mixed(found, next((_ROW_BY_ROW[kind] for kind in found if kind in _ROW_BY_ROW), ""))
    if len(separators) > 1:
        raise _mixed({f"cells between {_SEPARATORS[each]}": name for each, name in separators.items()}, "")
    if len(formats) > 1:
        raise _mixed(formats, "")
    return next(iter(found), "text")


def _mixed(found: dict[str, str], remedy: str) -> BrokenArchive:
    named = " and ".join(f"{kind} in {shown(name)}" for kind, name in list(found.items())[:3])
    expected = f"{_JOINED}, of one format" if len(found) > 1 else _JOINED
    return BrokenArchive("mixed-archive", Mismatch(expected, named, f"({remedy})" if remedy else None))


def _refuse_binary(name: str, head: bytes, *, is_alone: bool) -> None:
    finding = sniff(head[:512], head)
    if finding is None:
        if b"\0" in head and not is_alone and not _LIKE_DATA.fullmatch(name):
            raise _no_rows(name, "which is no text")
        return
    expected, found, detail, _ = finding.mismatch
    if archive_of(head) is not Compression.NONE or (found or "").endswith("archive"):
        remedy = "unpack that one, and upload it" if is_alone else "unpack that file, or take it out of the archive"
        raise not_read("no archive in the archive", f"{shown(name)}, {found}", remedy)
    if finding.code == "binary-file" and not is_alone:
        raise _no_rows(name, found or "")
    raise BrokenArchive(finding.code, Mismatch(expected, f"{found} in {shown(name)}", detail))


def _no_rows(name: str, found: str) -> BrokenArchive:
    return not_read("files of rows alone", f"{shown(name)}, {found}", "take that file out of the archive")


def _said(names: list[str], left_out: list[str]) -> str:
    where = f"the file {shown(names[0])} of the archive"
    if len(names) > 1:
        where = f"{count_of(len(names), 'file')} of the archive, {shown(names[0])} to {shown(names[-1])}"
    return where + (f"; beside them, not read: {_named(left_out)}" if left_out else "")


def _named(names: list[str]) -> str:
    rest = len(names) - 1
    return shown(names[0]) + (f" and {count_of(rest, 'more file', 'more files')}" if rest else "")


def _listed(names: list[str]) -> str:
    rest = len(names) - _NAMED_FILES
    return ", ".join(map(shown, names[:_NAMED_FILES])) + (f" and {rest:,} more" if rest > 0 else "")
