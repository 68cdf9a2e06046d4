"""Runs the real engine on bytes: whole, cut into ranges, in blocks of any size; and compares it with the definition."""

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pyarrow.parquet as pq

from pipeline.dataset.formats.blocks_of_lines import BoundedReader, count_newlines, line_ranges, read_blocks
from pipeline.dataset.formats.recognise import Reading
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.profiles.concluding import Source, conclude
from pipeline.dataset.profiles.part import profile_part
from pipeline.dataset.profiles.profile import Profile
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from tests.properties.slow_definition import CODES, Expected, define

NAME = "some.jsonl"
READING = Reading(why="it was chosen")
Rows = list[tuple[object, ...]]


def blocks_of(size: int | None):
    """While this lasts, the engine reads `size` bytes at a time, so that borders fall anywhere."""
    reader = partial(read_blocks, block_bytes=size) if size else read_blocks
    return patch("pipeline.dataset.formats.opening.read_blocks", reader)


def profile_bytes(data: bytes, folder: Path, rules: Rules, block_bytes: int | None = None) -> Profile:
    with blocks_of(block_bytes), patch("pipeline.dataset.formats.opening.recognise", lambda *_, **__: READING):
        return profile_stream(io.BytesIO(data), folder, rules)


def profile_ranges(data: bytes, folder: Path, rules: Rules, wanted: int, block_bytes: int | None = None) -> Profile:
    """As worker processes do it, without the processes."""
    stream = io.BytesIO(data)
    statistics, parts, line = [], [], 1
    with blocks_of(block_bytes):
        for start, stop in line_ranges(stream, len(data), wanted):
            parts.append(folder / f"part-{len(parts)}")
            parts[-1].mkdir()
            stream.seek(start)
            part = BoundedReader(stream, stop - start)
            statistics.append(profile_part(part, parts[-1], rules, READING, line, start))
            stream.seek(start)
            line += count_newlines(BoundedReader(stream, stop - start))
    source = Source(len(data), hashlib.sha256(data).hexdigest(), READING)
    return conclude(statistics, parts, source, folder, rules)


def rows(paths: Sequence[Path], *columns: str) -> Rows:
    """The rows of some Parquet files, one after the other."""
    tables = [pq.read_table(path, columns=list(columns)).to_pydict() for path in paths]
    return [row for table in tables for row in zip(*(table[name] for name in columns), strict=True)]


def conversation_rows(profile: Profile) -> Rows:
    paths = [part / "conversations.parquet" for part in profile.parts]
    return rows(paths, "line", "byte_offset", "conversation_id", "turn_count", "word_count")


def turn_rows(profile: Profile) -> Rows:
    paths = [part / "turns.parquet" for part in profile.parts]
    return rows(paths, "line", "turn_index", "role", "content", "word_count")


def assert_agrees(
    data: bytes, rules: Rules, block_sizes: Sequence[int | None], range_counts: Sequence[int] = ()
) -> None:
    """The engine says of the bytes what the definition says, however they are read as native lines."""
    rules = replace(rules.structure_only(), form=NATIVE)
    expected = define(data, rules.limits.max_line_bytes, rules.limits.max_nesting, rules.max_rejected_share)
    texts = set()
    for size in block_sizes:
        with TemporaryDirectory() as folder:
            profile = profile_bytes(data, Path(folder), rules, size)
            texts.add(compare(profile, expected))
    if profile.parts:
        for count in range_counts:
            with TemporaryDirectory() as folder:
                profile = profile_ranges(data, Path(folder), rules, count, block_sizes[0])
                texts.add(compare(profile, expected))
    assert len(texts) == 1, "the report's text depends on how the file was read"


def compare(profile: Profile, expected: Expected) -> str:
    """Compare everything; the report as text, which must not depend on how the file was read."""
    report = profile.as_dict(NAME)
    text = json.dumps(report)
    findings = [finding for finding in report.pop("findings") if finding["code"] in CODES]
    report["finding_counts"] = {code: n for code, n in report["finding_counts"].items() if code in CODES}
    fields = ("line", "byte_offset", "code", "severity", "path")
    stored = [row for row in rows([profile.findings_path], *fields) if row[2] in CODES]

    assert stored == expected.findings
    assert [tuple(finding[name] for name in fields) for finding in findings] == expected.findings[:1_000]
    assert {name: report[name] for name in expected.report} == expected.report
    assert list(report["roles"]) == list(expected.report["roles"])
    assert conversation_rows(profile) == expected.conversations
    assert turn_rows(profile) == expected.turns
    assert list(profile.statistics.samples) == expected.samples
    assert profile.errors == [finding for finding in findings if finding["severity"] == "error"][:10]
    messages = rows([profile.findings_path], "line", "code", "message")
    compare_messages([row for row in messages if row[1] in CODES], expected)
    compare_hashes(profile, expected)
    counts = profile.statistics
    assert counts.conversations + counts.rejected_lines + counts.blank_lines == counts.lines
    return text


def compare_messages(messages: Rows, expected: Expected) -> None:
    """A message names further places of its fault, and the first of the lines that repeat each other."""
    for line, code, message in messages:
        assert message.isprintable(), "a message is one line that a terminal can show"
        further = expected.places.get((line, code), [""])[1:]
        named = ", ".join(further[:3])
        if len(further) > 3:
            named += f" and {len(further) - 3} more place{'s' if len(further) > 4 else ''}"
        assert (f"(also at {named});" in message) if further else ("(also at" not in message)
        if (line, code) in expected.first_lines:
            assert f" of line {expected.first_lines[line, code]};" in message


def compare_hashes(profile: Profile, expected: Expected) -> None:
    """Conversations have the same turns_hash exactly when they have the same turns."""
    hashes = rows([part / "conversations.parquet" for part in profile.parts], "line", "turns_hash")
    turns = {line: tuple(t[2:4] for t in expected.turns if t[0] == line) for line, *_ in expected.conversations}
    assert len({hashed for _, hashed in hashes}) == len(set(turns.values()))
    assert len({(hashed, turns[line]) for line, hashed in hashes}) == len(set(turns.values()))
