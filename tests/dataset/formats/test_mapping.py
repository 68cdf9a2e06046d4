"""A mapping reads what no format of ours describes, and says what is wrong with itself."""

import json
from pathlib import Path

import pytest

from pipeline.dataset.formats.mapping import mapped_format
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.reading.columns import read_columns
from pipeline.errors import UsageError
from tests.engine_blocks import block_of


def mapping(folder: Path, text: str, suffix: str = ".json") -> Format:
    path = folder / f"mapping{suffix}"
    path.write_text(text, "utf-8")
    return mapped_format(str(path))


def read(form: Format, *rows: object) -> tuple[list[tuple[str, list[tuple[str, str]]]], list[tuple[int, str, str]]]:
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    verdicts, columns = read_columns(block_of(data), Limits(), form)
    turns = [tuple(columns.turn(index).values()) for index in range(len(columns.roles))]
    ends = columns.turn_starts.tolist()
    conversations = [(name, turns[a:b]) for name, a, b in zip(columns.ids.to_pylist(), ends, ends[1:], strict=False)]
    return conversations, [(f.line, f.code, f.path) for f in verdicts.findings]


def test_names_at_the_top_of_the_row(tmp_path):
    form = mapping(
        tmp_path,
        '{"turns": "dialog", "role": "who", "content": "says", "id": "key", "roles": {"A": "user", "B": "assistant"}}',
    )

    got = read(form, {"key": 7, "dialog": [{"who": "A", "says": "hi"}, {"who": "B", "says": "yes", "mood": "fine"}]})

    assert got == ([("7", [("user", "hi"), ("assistant", "yes")])], [])


def test_paths_into_the_row_in_toml(tmp_path):
    form = mapping(tmp_path, 'prompt = "data.q"\nanswer = "data.a.text"\nsystem = "setup"\nid = "meta.id"', ".toml")
    good = {"setup": "be kind", "data": {"q": "hi", "a": {"text": "yes"}}, "meta": {"id": "x"}}

    got = read(form, good, {"data": {"q": "hi", "a": {}}}, {"data": {"q": 3}}, [1])

    assert got == (
        [("x", [("system", "be kind"), ("user", "hi"), ("assistant", "yes")])],
        [
            (2, "missing-field", "$.data.a.text"),
            (3, "missing-field", "$.data.a.text"),
            (3, "wrong-type", "$.data.q"),
            (4, "not-an-object", "$"),
        ],
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", "expected either turns, or both prompt and answer"),
        ('{"turns": "a", "prompt": "b", "answer": "c"}', "expected either turns, or both prompt and answer"),
        ('{"prompt": "b"}', "expected either turns, or both prompt and answer"),
        ('{"turns": "a", "role": 3}', "role: Input should be a valid string"),
        ('{"turn": "a"}', "turn: Extra inputs are not permitted"),
        (
            '{"turns": "a", "roles": {"x": "boss"}}',
            "roles: expected values among assistant, user, system, tool, function, developer, found boss",
        ),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong_and_what_there_is(tmp_path, text, expected):
    with pytest.raises(UsageError) as caught:
        mapping(tmp_path, text)

    known = "turns, role, content, prompt, answer, system, history, id, roles"
    assert str(caught.value) == f"--mapping: {tmp_path / 'mapping.json'}: {expected}. Known fields: {known}."


def test_a_file_that_is_not_there_or_is_no_json(tmp_path):
    with pytest.raises(UsageError, match="cannot be read: no such file or directory"):
        mapped_format(str(tmp_path / "none.json"))
    with pytest.raises(UsageError, match="expected JSON or TOML"):
        mapping(tmp_path, "{")
