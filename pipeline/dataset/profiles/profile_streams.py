"""Profiles a file from a stream that is read once: unpacks it, recognises its format, reads it in one part."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES, ByteReader
from pipeline.dataset.formats.containers import Compression
from pipeline.dataset.formats.opening import open_text
from pipeline.dataset.profiles.budget import OverBudget
from pipeline.dataset.profiles.concluding import Source, conclude, refuse
from pipeline.dataset.profiles.part import profile_part
from pipeline.dataset.profiles.profile import Profile
from pipeline.dataset.profiles.profile_rules import Rules


def profile_stream(
    stream: ByteReader, folder: Path, rules: Rules, on_bytes: Callable[[int], None] = lambda _: None
) -> Profile:
    """Profile a file read from its beginning, in this process; its rows are left in `folder`.

    on_bytes: told how many more bytes were read.

    Raises:
        LakeError: the folder cannot be written.
        TokenizerError: the rules' tokenizer cannot be loaded.
    """
    source = _Observed(stream, on_bytes)
    opened = open_text(source, rules.form, rules.limits.max_unpacked_bytes)
    if opened.refusal:
        source.drain()
        return refuse(opened.refusal, source.size_bytes, source.sha256(), folder)
    breaks = _Breaks()
    is_counted = opened.reading.row_name == "row" and opened.reading.compression is not Compression.NONE

    def seen(chunk: bytes) -> None:
        if is_counted:
            breaks.see(chunk)

    try:
        totals = profile_part(opened.text, folder, rules, opened.reading, on_bytes=seen)
    except OverBudget as error:
        source.drain()
        return refuse(error.finding, source.size_bytes, source.sha256(), folder)
    source.drain()
    of_file = opened.files.findings if opened.files else []
    if opened.broken:
        last_row = max(1, totals.statistics.lines)
        last_line = last_row if opened.reading.row_name == "line" else 1 + breaks.count
        of_file.append(Finding(last_line, 0, opened.broken.code, "$", opened.broken.mismatch, last_row))
    place_of = opened.files.place_of if opened.files and opened.files.are_several else None
    found = Source(source.size_bytes, source.sha256(), opened.reading, tuple(of_file), place_of)
    return conclude([totals], [folder], found, folder, rules)


class _Breaks:
    """Counts the line breaks of a text: where the rows of a packed array end early, they do not tell the line."""

    def __init__(self) -> None:
        self.count = 0

    def see(self, chunk: bytes) -> None:
        self.count += chunk.count(b"\n")


class _Observed:
    """A stream that counts and hashes what is read of it."""

    def __init__(self, stream: ByteReader, on_bytes: Callable[[int], None]) -> None:
        self._stream = stream
        self._on_bytes = on_bytes
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def read(self, size: int, /) -> bytes:
        chunk = self._stream.read(size)
        self._digest.update(chunk)
        self.size_bytes += len(chunk)
        self._on_bytes(len(chunk))
        return chunk

    def drain(self) -> None:
        """Read what is left, so that the hash is of the whole file."""
        while self.read(BLOCK_BYTES):
            pass

    def sha256(self) -> str:
        return self._digest.hexdigest()
