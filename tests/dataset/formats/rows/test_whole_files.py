"""What only a whole file shows, in every format: rows said twice, and that any number of workers says the same."""

import io
import json
from dataclasses import replace
from random import Random

import pyarrow.parquet as pq
import pytest

from pipeline.dataset.findings.beside_kinds import BESIDE_KINDS
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.profiles import parallel
from pipeline.dataset.profiles.parallel import profile_path
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.dataset.rules.call_rules import CALL_SHAPE_RULES
from tests.dataset.formats.rows.planting import MESSAGES
from tests.properties.formats_rows import BY_KIND, KINDS, Kind
from tests.properties.formats_spoiling import line

STRUCTURE = Rules().structure_only()
# What is right for some trainers and wrong for others.
SPELLINGS = {kind.code for kind in (*CALL_SHAPE_RULES.kinds(), *BESIDE_KINDS)}
ids = {"ids": lambda kind: kind.name}


def findings_of(rows: list[bytes], tmp_path) -> list[tuple[int, str]]:
    profile = profile_stream(io.BytesIO(b"\n".join([*rows, b""])), tmp_path, STRUCTURE)
    return [(row["line"], row["code"]) for row in profile.findings if row["code"] not in SPELLINGS]


def has_id(kind: Kind, row: bytes) -> bool:
    value = json.loads(row)
    names = ("id", "conversation_id", "dialogue_id", "training_pairs", "message_tree_id")
    return isinstance(value, dict) and not value.keys().isdisjoint(names)


@pytest.mark.parametrize("kind", KINDS, **ids)
def test_a_row_said_twice_is_found(kind, tmp_path):
    rows = kind.lines(Random(7), 12)
    rows[9] = rows[2]

    expected = [(10, "duplicate-conversation-id")] if has_id(kind, rows[2]) else []
    found = [each for each in findings_of(rows, tmp_path) if each[1] != "odd-field-name"]
    assert found == [*expected, (10, "duplicate-conversation")]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.name in MESSAGES], **ids)
def test_a_row_said_twice_is_found_beside_fields_that_nobody_reads(kind, tmp_path):
    if not MESSAGES[kind.name][0]:
        return  # a bare list has no other fields
    row = kind.make(Random(7), 0) | {"id": "a", "conversation_id": "a", "dialogue_id": "a"}
    again = row | {"id": "b", "conversation_id": "b", "dialogue_id": "b", "meta": {"source": ["web"]}}

    assert findings_of([json.dumps(row).encode(), json.dumps(again).encode()], tmp_path) == [
        (2, "duplicate-conversation")
    ]


@pytest.mark.parametrize("kind", [BY_KIND["openai-rich"], BY_KIND["native-rich"], BY_KIND["sharegpt-tools"]], **ids)
def test_the_same_words_with_other_tools_are_no_repeat(kind, tmp_path):
    """They teach another choice."""
    row = kind.make(Random(7), 0)
    other = kind.make(Random(8), 1)["tools"]
    rows = [row | {"conversation_id": "a"}, row | {"tools": other, "conversation_id": "b"}]

    assert findings_of([json.dumps(row).encode() for row in rows], tmp_path) == []


@pytest.mark.parametrize(("url", "codes"), [("x", [(2, "duplicate-conversation")]), ("y", [])])
def test_the_same_words_about_another_picture_are_no_repeat(url, codes, tmp_path):
    def row(url: str) -> bytes:
        picture = {"type": "image_url", "image_url": {"url": url}}
        asked = {"role": "user", "content": [{"type": "text", "text": "What is it?"}, picture]}
        return json.dumps({"messages": [asked, {"role": "assistant", "content": "Tea."}]}).encode()

    found = findings_of([row("x"), row(url)], tmp_path)

    assert [each for each in found if each[1] != "unsupported-content-part"] == codes


@pytest.mark.parametrize("label", [True, False])
def test_the_same_words_with_another_label_are_no_repeat(label, tmp_path):
    row = {"prompt": "a", "completion": "b"}
    rows = [json.dumps(row | {"label": each}).encode() for each in (True, label)]

    assert findings_of(rows, tmp_path) == ([(2, "duplicate-conversation")] if label else [])


def tables(profile, name: str) -> list[dict]:
    return [row for part in profile.parts for row in pq.read_table(part / f"{name}.parquet").to_pylist()]


@pytest.mark.parametrize("kind", [BY_KIND[name] for name in ("openai-rich", "alpaca")], **ids)
def test_three_workers_say_what_one_says(kind, tmp_path, monkeypatch):
    """Of rows right and wrong; a row without an id is named after its line in the file, not in its range."""
    monkeypatch.setattr(parallel, "MIN_RANGE_BYTES", 1_000)
    path = tmp_path / "some.jsonl"
    path.write_bytes(b"".join(line(Random(n), kind, n % 190) + b"\n" for n in range(200)))
    profiles = []
    for workers in (1, 3):
        folder = tmp_path / str(workers)
        folder.mkdir()
        profiles.append(profile_path(path, folder, STRUCTURE, workers))
    one, three = profiles

    assert (len(one.parts), len(three.parts)) == (1, 3)
    assert one.reading.form == kind.form
    assert one.statistics.conversations > 50
    assert three.as_dict("a") == one.as_dict("a")
    assert tables(three, "conversations") == tables(one, "conversations")
    assert tables(three, "turns") == tables(one, "turns")
    assert pq.read_table(three.findings_path).equals(pq.read_table(one.findings_path))


@pytest.mark.parametrize("kind", KINDS, **ids)
def test_a_row_over_the_maximum_is_one_fault_and_the_others_are_read(kind, tmp_path):
    rows, at = kind.lines(Random(7), 3), KINDS.index(kind) % 3
    rows[at] = rows[at][:-1] + b" " * 40_000 + rows[at][-1:]
    rules = replace(STRUCTURE, limits=Limits(max_line_bytes=30_000), form=kind.form)

    profile = profile_stream(io.BytesIO(b"\n".join([*rows, b""])), tmp_path, rules)

    found = [(row["row"], row["code"]) for row in profile.findings if row["code"] == "line-too-long"]
    assert found == [(at + 1, "line-too-long")]
    assert (profile.statistics.lines, profile.statistics.conversations) == (3, 2)
