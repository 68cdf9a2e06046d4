"""A row is itself, not its line: however rows are laid out in a file, tables and jobs hold the same rows."""

import io
import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dataset.formats import blocks_of_lines as reader
from pipeline.dataset.profiles import parallel
from pipeline.dataset.profiles.parallel import profile_path
from pipeline.dataset.profiles.profile import Profile
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.flow.lake_files import lake_files
from pipeline.state.lake import LocalLake
from pipeline.trainers.acceptance import acceptance_of
from pipeline.trainers.dataset_rows import dataset_rows
from pipeline.training.jobs.dataset_facts import DatasetFacts
from pipeline.training.jobs.rendering import render_job
from tests.how_many import examples
from tests.state.lake.examples import origin
from tests.training.jobs.datasets import JUDGEMENTS, PREFERENCES, TEXTS, TOOLS, chat
from tests.training.jobs.examples import planned

Texts = list[str]
TABLES = ("conversations", "turns", "findings", "splits", "target_acceptance")


def joined(between: str, begin: str = "[", end: str = "]") -> Callable[[Texts], bytes]:
    return lambda texts: f"{begin}{between.join(texts)}{end}".encode()


def several_a_line(texts: Texts) -> bytes:
    lines = [", ".join(texts[first : first + 3]) for first in range(0, len(texts), 3)]
    return "[\r\n  {}\r\n]\r\n".format(",\r\n  ".join(lines)).encode()


def pretty(texts: Texts) -> bytes:
    def spread(text: str) -> str:
        try:
            return json.dumps(json.loads(text), indent=2)
        except ValueError:
            return text

    return joined(",\n", "[\n", "\n]\n")(list(map(spread, texts)))


LAYOUTS: dict[str, Callable[[Texts], bytes]] = {
    "lines": lambda texts: "".join(f"{text}\n" for text in texts).encode(),
    "one line": joined(", "),
    "one line without spaces": joined(","),
    "one row a line": joined(",\n", "[\n", "\n]"),
    "several rows a line": several_a_line,
    "pretty": pretty,
}
ARRAYS = [name for name in LAYOUTS if name != "lines"]

BAD = ["7", '{"messages": 7}', "{nope}", '{"messages": []}', '{"messages": [{"role": "user"}]}', "null", '"text"']


@st.composite
def files(draw: st.DrawFn) -> Texts:
    """Rows with repeats, near-repeats, other answers to the same prompt, rows with and without ids, and bad ones."""
    texts = []
    for number in range(draw(st.integers(55, 70))):
        kind = draw(st.sampled_from(("new", "new", "new", "new", "again", "nearly", "otherwise", "short", "bad")))
        row: dict[str, object] = chat(number if kind == "new" else number % 7)
        messages: list[dict[str, str]] = row["messages"]  # type: ignore[assignment]
        if kind == "nearly":
            messages[-1]["content"] = " ".join(f"{chat(number % 7)['messages'][-1]['content']}" for _ in range(5)) + "!"
        if kind == "otherwise":
            messages[-1]["content"] = f" Number {number}. "
        if kind == "short":
            messages[-1]["content"] = "No"
        if draw(st.booleans()):
            row = {"id": f"id-{number % 50}", **row}
        texts.append(draw(st.sampled_from(BAD)) if kind == "bad" else json.dumps(row))
    return texts


class Pieces:
    """A stream that gives few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self._stream = io.BytesIO(data)
        self._size = size

    def read(self, size: int, /) -> bytes:
        return self._stream.read(min(size, self._size))


def report(profile: Profile) -> dict[str, object]:
    """All figures but those of how it is packed, and where the findings stand."""
    changed = {"container", "bytes", "content_sha256", "findings", "path"}
    return {name: value for name, value in profile.as_dict("x").items() if name not in changed}


def tables(files: dict[str, Path]) -> dict[str, list[dict[str, object]]]:
    """All rows, without lines and offsets, and with rows called by one name."""
    found = {}
    for name in TABLES:
        table = pq.read_table(files[name])
        found[name] = table.drop_columns([each for each in ("line", "byte_offset") if each in table.schema.names])
    rows = {name: table.to_pylist() for name, table in found.items()}
    for row in rows["findings"]:
        for name in ("found", "detail", "message"):
            row[name] = by_one_name(row[name])
    return rows


def by_one_name(text: object) -> str | None:
    if text is None:
        return None
    one_name = re.sub(r"\b(?:on line|in row|line|row)(s?) (\d)", r"row\1 \2", str(text))
    return one_name.replace("by way of rows", "by way of lines")


def read(data: bytes, folder: Path, piece: int = 2**20) -> tuple[dict[str, object], dict[str, list[dict[str, object]]]]:
    folder.mkdir()
    profile = profile_stream(Pieces(data, piece), folder, Rules(max_rejected_share=0.9))
    as_lines = replace(profile, reading=replace(profile.reading, container="jsonl"))  # some trainers take no array
    return report(profile), tables(lake_files(profile, acceptance_of(as_lines), origin("d"), folder))


@settings(max_examples=examples(20))
@given(texts=files(), layout=st.sampled_from(ARRAYS), piece=st.sampled_from((700, 2**14, 2**20)))
def test_the_layout_of_rows_changes_nothing_but_where_they_are(texts, layout, piece):
    with tempfile.TemporaryDirectory() as folder:
        lines = read(LAYOUTS["lines"](texts), Path(folder) / "lines")
        array = read(LAYOUTS[layout](texts), Path(folder) / "array", piece)

    assert array == lines


@settings(max_examples=examples(10))
@given(texts=files(), layout=st.sampled_from(ARRAYS))
def test_every_row_of_an_array_is_told_apart_and_found_at_its_first_byte(texts, layout):
    data = LAYOUTS[layout](texts)
    with tempfile.TemporaryDirectory() as folder:
        profile = profile_stream(io.BytesIO(data), Path(folder), Rules(max_rejected_share=0.9))
        conversations = pq.read_table(profile.parts[0] / "conversations.parquet").to_pylist()
        turns = pq.read_table(profile.parts[0] / "turns.parquet").to_pylist()
        findings = pq.read_table(profile.findings_path).to_pylist()

    of_rows = [found for found in findings if found["byte_offset"]]
    assert [each["row"] for each in conversations] == sorted({each["row"] for each in conversations})
    assert list(dict.fromkeys(turn["row"] for turn in turns)) == [each["row"] for each in conversations]
    for each in (*conversations, *of_rows):
        text = texts[each["row"] - 1]
        begin = text.split(None, 1)[0] if layout != "pretty" else text[:1]
        assert data[each["byte_offset"] :].startswith(begin.encode())
        assert each["line"] == 1 + data.count(b"\n", 0, each["byte_offset"])


ROWS = {
    "sft": [chat(number, turns=1 + number % 2) for number in range(60)],
    "tools": TOOLS,
    "preference": PREFERENCES,
    "kto": JUDGEMENTS,
    "text": TEXTS,
}


def job_files(data: bytes, folder: Path, targets: tuple[str, ...]) -> dict[str, bytes]:
    lake = LocalLake(folder / "lake")
    with lake.staging() as staged:
        profile = profile_stream(io.BytesIO(data), staged, Rules())
        lake.publish("d", lake_files(profile, acceptance_of(profile), origin("d"), staged))
    facts = DatasetFacts.of_profile(lake.read_profiles(["d"]).to_pylist()[0], "d")
    with dataset_rows(lake, "d") as rows:
        render_job(planned(facts, targets=targets), rows, folder / "job")
    return {
        path.relative_to(folder / "job").as_posix(): path.read_bytes()
        for path in sorted((folder / "job").rglob("*.jsonl"))
    }


@pytest.mark.parametrize("layout", ["one line", "several rows a line", "pretty"])
@pytest.mark.parametrize("kind", ROWS)
def test_jobs_are_made_of_the_same_rows_whatever_their_layout(tmp_path, kind, layout):
    texts, targets = list(map(json.dumps, ROWS[kind])), ("trl", "axolotl", "llama-factory")

    lines = job_files(LAYOUTS["lines"](texts), tmp_path / "lines", targets)
    array = job_files(LAYOUTS[layout](texts), tmp_path / "array", targets)

    assert array == lines
    assert {"trl/train.jsonl", "trl/validation.jsonl"} <= lines.keys()


@pytest.mark.parametrize("layout", ["lines", "one line", "several rows a line"])
def test_any_number_of_workers_gives_the_same_rows(tmp_path, monkeypatch, layout):
    monkeypatch.setattr(parallel, "MIN_RANGE_BYTES", 2_000)
    monkeypatch.setattr(reader, "BLOCK_BYTES", 3_000)
    texts = [text for number in range(60) for text in (json.dumps(chat(number % 40)), BAD[number % len(BAD)])]
    path = tmp_path / "rows"
    path.write_bytes(LAYOUTS[layout](texts))
    found = []
    for workers in (1, 3):
        folder = tmp_path / str(workers)
        folder.mkdir()
        profile = profile_path(path, folder, Rules(max_rejected_share=0.9), workers)
        rows = [row for part in profile.parts for row in pq.read_table(part / "turns.parquet").to_pylist()]
        batches = profile.nearness.split.batches() if profile.nearness else ()
        sides = [row for batch in batches for row in batch.to_pylist()]
        found.append((profile.as_dict("x"), rows, sides))

    assert found[0] == found[1]
