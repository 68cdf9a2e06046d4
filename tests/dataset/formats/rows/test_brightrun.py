"""The replaced system's training pairs become one conversation each, with nothing said twice and nothing forgotten."""

import io
import json
from itertools import pairwise
from random import Random

import jsonschema_rs
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from tests.properties.formats_rows import brightrun_talk
from tests.samples import DOCS_DIR

RULES = Rules().structure_only()
SCHEMA = jsonschema_rs.validator_for(json.loads((DOCS_DIR / "brightrun-lora-v4.schema.json").read_text()))
ASKED, ANSWERED = {"turn": 1, "role": "user", "content": "Hi"}, {"turn": 2, "role": "assistant", "content": "Ho"}


def pair(turn: int, history: list, asked: str, answer: str | None, **fields: object) -> dict:
    said = {"conversation_history": history, "current_user_input": asked, "target_response": answer}
    return {"id": f"p-{turn}", "conversation_id": "c-1", "turn_number": turn, **said, **fields}


FIRST, SECOND = pair(1, [ASKED], "Hi", "Ho"), pair(2, [ASKED, ANSWERED], "How?", "So.")


def report_of(value: object, folder, *, indent: int | None = None) -> dict:
    """Of one JSON value, or of lines where it is a list."""
    lines = value if isinstance(value, list) else [value]
    data = "".join(json.dumps(line, indent=indent) + "\n" for line in lines).encode()
    return profile_stream(io.BytesIO(data), folder, RULES).as_dict("some.json")


def turns_of(folder) -> list[tuple[str, str]]:
    rows = pq.read_table(folder / "turns.parquet").to_pylist()
    return [(row["role"], row["content"]) for row in rows]


SHAPES = {
    "training.json": {"training_file_metadata": {"version": "4.0.0", "format_spec": "brightrun-lora-v4"}},
    "enriched.json": {
        "dataset_metadata": {},
        "training_pairs": [FIRST, SECOND],
        "input_parameters": {"persona_id": "x"},
    },
    "training.jsonl": [{"_meta": {"version": "4.0.0"}}, FIRST, SECOND],
    "shuffled": [SECOND, FIRST],
}
SHAPES["training.json"] |= {"consultant_profile": {}, "conversations": [{"training_pairs": [FIRST, SECOND]}]}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_one_conversation_with_each_question_once(shape, indent, tmp_path):
    report = report_of(SHAPES[shape], tmp_path, indent=indent)

    assert (report["format"], report["status"], report["conversations"]) == ("brightrun-v4", "ready", 1)
    assert (report["lines"], report["rejected_lines"]) == (1, 0)
    expected = [("user", "Hi"), ("assistant", "Ho"), ("user", "How?"), ("assistant", "So.")]
    assert turns_of(tmp_path) == expected
    assert report["finding_counts"] == ({"file-metadata-line": 1} if shape == "training.jsonl" else {})


@pytest.mark.parametrize("shape", SHAPES)
def test_the_schema_knows_every_shape(shape):
    value = SHAPES[shape]

    assert [each for each in (value if isinstance(value, list) else [value]) if not SCHEMA.is_valid(each)] == []


BROKEN = {
    "history-is-text": {"conversation_history": "Hi"},
    "role-missing": {"conversation_history": [{"turn": 1, "content": "Hi"}]},
    "content-is-number": {"conversation_history": [{"turn": 1, "role": "user", "content": 4}]},
    "no-question": {"current_user_input": None},
    "answer-is-list": {"target_response": ["Ho"]},
    "prompt-is-number": {"system_prompt": 4},
}


@pytest.mark.parametrize("broken", BROKEN)
def test_what_the_schema_refuses_of_the_texts_is_rejected(broken, tmp_path):
    row = {"training_pairs": [FIRST | BROKEN[broken]], "dataset_metadata": {}}

    report = report_of(row, tmp_path)

    assert not SCHEMA.is_valid(row)
    assert (report["format"], report["rejected_lines"]) == ("brightrun-v4", 1)


def test_the_schema_sees_scores_and_intensities_that_are_none():
    odd = {"emotional_context": {"detected_emotions": {"intensity": 1.5}}, "training_metadata": {"quality_score": 7}}

    assert [SCHEMA.is_valid(FIRST | {name: value}) for name, value in odd.items()] == [False, False]


def test_a_history_that_says_something_else_rejects_the_conversation(tmp_path):
    other = pair(2, [ASKED | {"content": "Good day"}, ANSWERED], "How?", "So.")

    (found,) = report_of([FIRST, other], tmp_path)["findings"]

    assert (found["code"], found["line"], found["path"]) == (
        "contradicting-pairs",
        1,
        "$.conversation_history[0].content",
    )


def test_a_pair_without_an_answer_is_told_and_left_out(tmp_path):
    report = report_of([FIRST, SECOND, pair(3, [ASKED, ANSWERED], "Why?", None)], tmp_path)

    assert report["status"] == "ready"
    assert [(row["code"], row["line"], row["path"]) for row in report["findings"]] == [
        ("pair-without-target", 3, "$.target_response")
    ]
    assert len(turns_of(tmp_path)) == 4


def test_scores_emotions_and_scaffolds_are_columns_of_their_own(tmp_path):
    felt = {"detected_emotions": {"primary": "calm", "intensity": 0.4}}
    row = {"conversation_metadata": {"persona_key": "p"}, "training_pairs": [FIRST | {"emotional_context": felt}]}

    report_of(row, tmp_path)

    (of_conversation,) = pq.read_table(tmp_path / "conversations.parquet")["conversation_annotations"].to_pylist()
    of_turns = pq.read_table(tmp_path / "turns.parquet")["turn_annotations"].to_pylist()
    assert json.loads(of_conversation) == {"conversation_metadata": {"persona_key": "p"}}
    assert json.loads(of_turns[0]) == {"turn": 1}
    assert json.loads(of_turns[1])["training_pair"]["emotional_context"] == felt


@given(seed=st.integers(0, 2**32), count=st.integers(2, 12))
def test_shuffled_pairs_are_the_conversations_that_they_came_from_and_none_is_on_both_sides(
    seed, count, tmp_path_factory
):
    random, folder = Random(seed), tmp_path_factory.mktemp("pairs")
    talks = [brightrun_talk(random, n) for n in range(count)]
    pairs = [each for talk in talks for each in talk["training_pairs"]]
    random.shuffle(pairs)
    data = "".join(json.dumps(each) + "\n" for each in pairs).encode()

    profile = profile_stream(io.BytesIO(data), folder, Rules())

    assert (profile.statistics.conversations, profile.statistics.rejected_lines) == (count, 0)
    rows = pq.read_table(folder / "conversations.parquet").to_pylist()
    assert sorted(row["conversation_id"] for row in rows) == sorted(f"c-{n}" for n in range(count))
    turns = pq.read_table(folder / "turns.parquet").to_pylist()
    assert not any(
        one["row"] == other["row"] and (one["role"], one["content"]) == (other["role"], other["content"])
        for one, other in pairwise(turns)
    )
    assert [row["row"] for row in rows] == list(range(1, count + 1))  # the split is by row
