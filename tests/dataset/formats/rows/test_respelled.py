"""Fields that are named in other case, or with blanks or a mark at their edges, are read and told."""

import io
import json
from random import Random

import pytest

from pipeline.dataset.formats.containers import Compression
from pipeline.dataset.formats.recognise import recognise
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.dataset.reading.block_verdicts import judge_block
from tests.properties.formats_reading import LIMITS, blocks, judge_exactly, read_said
from tests.properties.formats_rows import BY_KIND
from tests.properties.formats_spoiling import line


def odd(row):
    """The row with other names of its fields, also in its lists."""
    if isinstance(row, dict):
        return {name.capitalize(): odd(value) if isinstance(value, list) else value for name, value in row.items()}
    return [odd(each) if isinstance(each, dict) else each for each in row]


def lines_of(rows) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@pytest.mark.parametrize(
    "name", ["alpaca", "prompt-completion", "openai", "sharegpt", "preference-prompt", "pairs", "question-answer"]
)
def test_rows_with_other_names_are_read_by_a_shape_like_the_exact_reader(name):
    kind = BY_KIND[name]
    plain = [kind.make(Random(n), n) for n in range(5)]
    data = lines_of(map(odd, plain))
    form = recognise(data, Compression.NONE, None).form
    (block,) = blocks(lines_of([odd(plain[0])]))
    said, findings = read_said(data, form)
    expected, _ = read_said(lines_of(plain), kind.form)

    assert form.name == kind.form.name
    assert judge_block(block, LIMITS, form).shape is not None
    assert (said, findings) == judge_exactly(data, form)
    assert [turn[:5] for each in said for turn in each.turns] == [turn[:5] for each in expected for turn in each.turns]


def test_spoilt_rows_are_judged_alike():
    kind = BY_KIND["alpaca"]
    form = recognise(lines_of([odd(kind.make(Random(0), 0))]), Compression.NONE, None).form
    random = Random(5)
    data = b"".join(line(random, kind, n) + b"\n" for n in range(200))
    data = data.replace(b'"instruction"', b'"Instruction"').replace(b'"output"', b'"Output"')

    assert read_said(data, form) == judge_exactly(data, form)


@pytest.mark.parametrize(
    ("row", "path", "found"),
    [
        ({"Instruction": "a", "Output": "b"}, "$", "'Instruction' for instruction, 'Output' for output"),
        ({"prompt ": "a", " completion": "b"}, "$", "'prompt ' for prompt, ' completion' for completion"),
        ({"\ufeffprompt": "a", "completion": "b"}, "$", "'\N{REPLACEMENT CHARACTER}prompt' for prompt"),
        ({"prompt\n": "a", "completion": "b", "x\n": "c"}, "$", "'prompt\N{REPLACEMENT CHARACTER}' for prompt"),
        (
            {"Question": "a", "Complex_CoT": "think", "Response": "b"},
            "$",
            "'Question' for question, 'Response' for response",
        ),
    ],
)
def test_a_file_with_other_names_is_ready_and_the_names_are_told(row, path, found, tmp_path):
    rows = [{name: f"{value} {n}" for name, value in row.items()} for n in range(3)]

    report = profile_stream(io.BytesIO(lines_of(rows)), tmp_path, Rules().structure_only()).as_dict("x.jsonl")

    (finding,) = [each for each in report["findings"] if each["code"] == "odd-field-name"]
    assert (report["status"], report["conversations"], finding["path"], finding["found"]) == ("ready", 3, path, found)


def test_a_fault_is_told_with_the_names_of_the_file(tmp_path):
    rows = [{"Instruction": "a", "Output": "b"}, {"Instruction": "c", "Output": 4}]

    report = profile_stream(io.BytesIO(lines_of(rows)), tmp_path, Rules().structure_only()).as_dict("x.jsonl")

    (finding,) = [each for each in report["findings"] if each["severity"] == "error"]
    assert (finding["line"], finding["code"], finding["path"]) == (2, "wrong-type", "$.Output")


def test_names_that_would_be_one_are_not_put_right():
    """Nothing says which of the two is meant."""
    reading = recognise(lines_of([{"Instruction": "a", "INSTRUCTION": "b", "Output": "c"}]), Compression.NONE, None)

    assert (reading.form, reading.is_certain) == (BY_NAME["native"], False)
    assert "written 'Instruction'" in reading.unlike
