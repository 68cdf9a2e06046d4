"""brightrun-lora-v4 through the native format and back loses no field; other conversations become valid pairs."""

import io
import json
from random import Random

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.convert.converting import convert_stream
from pipeline.dataset.model.conversation import Limits
from tests.properties.formats_rows import KINDS, brightrun_talk
from tests.samples import DOCS_DIR

SCHEMA = jsonschema_rs.validator_for(json.loads((DOCS_DIR / "brightrun-lora-v4.schema.json").read_text()))
seeds = st.integers(0, 2**32)


def converted(data: bytes, target: str, *, as_document: bool = False):
    written: list[bytes] = []
    done = convert_stream(io.BytesIO(data), written.append, target, None, Limits(), as_document=as_document)
    return b"".join(written), done


def there_and_back(data: bytes, *, as_document: bool = False) -> bytes:
    native, done = converted(data, "native")
    assert done.is_whole
    return converted(native, "brightrun-v4", as_document=as_document)[0]


def training_file(talks: list[dict], order: str) -> dict:
    """order: whether what the file says of itself stands before the conversations or behind them."""
    metadata = {"version": "4.0.0", "format_spec": "brightrun-lora-v4", "total_conversations": len(talks)}
    fields = {"training_file_metadata": metadata, "consultant_profile": {"name": "E", "expertise": ["tea"]}}
    rows = {"conversations": talks}
    return {**fields, **rows} if order == "before" else {**rows, **fields}


@given(
    seed=seeds, count=st.integers(1, 4), order=st.sampled_from(["before", "behind"]), indent=st.sampled_from([None, 2])
)
def test_a_training_file_comes_back_field_by_field(seed, count, order, indent):
    random = Random(seed)
    whole = training_file([brightrun_talk(random, n) for n in range(count)], order)

    back = json.loads(there_and_back(json.dumps(whole, indent=indent).encode(), as_document=True))

    assert back == whole
    assert SCHEMA.is_valid(back)


@given(seed=seeds)
def test_a_conversations_own_file_comes_back_field_by_field(seed):
    talk = brightrun_talk(Random(seed), 1)
    whole = {"dataset_metadata": {"version": "1"}, "input_parameters": {"persona_id": "x"}, **talk}

    assert json.loads(there_and_back(json.dumps(whole, indent=2).encode(), as_document=True)) == whole


@given(seed=seeds, count=st.integers(1, 4))
def test_lines_of_pairs_come_back_each_and_behind_the_line_about_the_file(seed, count):
    random = Random(seed)
    pairs = [
        pair for n in range(count) for pair in brightrun_talk(random, n)["training_pairs"] if pair["target_response"]
    ]
    random.shuffle(pairs)
    meta = {"_meta": {"version": "4.0.0"}}
    data = "".join(json.dumps(row) + "\n" for row in [meta, *pairs]).encode()

    first, *others = map(json.loads, there_and_back(data).splitlines()) if pairs else (meta,)

    assert first == meta
    by_id = {pair["id"]: pair for pair in others}
    assert by_id == {pair["id"]: pair for pair in pairs}
    assert len(others) == len(pairs)


@given(kind=st.sampled_from(KINDS), seed=seeds, count=st.integers(1, 4), as_document=st.booleans())
def test_whatever_is_accepted_becomes_pairs_that_are_valid(kind, seed, count, as_document):
    data = b"".join(row + b"\n" for row in kind.lines(Random(seed), count))

    written, done = converted(data, "brightrun-v4", as_document=as_document)

    values = [json.loads(written)] if as_document else list(map(json.loads, written.splitlines()))
    assert done.written == count
    pairs = [
        pair
        for value in values
        for talk in value.get("conversations", [value])
        for pair in talk.get("training_pairs", [talk])
    ]
    assert all("conversation_history" in pair for pair in pairs)
    if done.is_whole and pairs:
        assert [value for value in values if not SCHEMA.is_valid(value)] == []


@pytest.mark.parametrize(
    ("messages", "fields", "lost"),
    [
        ([("user", "a"), ("assistant", "b")], {}, set()),
        ([("user", "a"), ("assistant", "b"), ("user", "c")], {}, {"unpaired-turns"}),
        ([("user", "a"), ("assistant", "b"), ("assistant", "c")], {}, {"unpaired-turns"}),
        ([("user", "a"), ("assistant", "b")], {"tools": [{"type": "function", "function": {"name": "f"}}]}, {"tools"}),
    ],
)
def test_what_pairs_cannot_hold_is_named(messages, fields, lost):
    row = {"messages": [{"role": role, "content": text} for role, text in messages], **fields}

    _, done = converted(json.dumps(row).encode() + b"\n", "brightrun-v4")

    assert set(done.losses.counts) == lost


def test_what_a_file_of_lines_does_not_have_is_named():
    talk = {"training_pairs": [{"id": "p", "conversation_id": "c", "turn_number": 1, "conversation_history": []}]}
    talk["training_pairs"][0] |= {"current_user_input": "a", "target_response": None}
    data = json.dumps({"conversation_metadata": {"a": 1}, **talk}).encode()

    assert set(converted(data, "brightrun-v4")[1].losses.counts) == {"annotations", "pairs-without-target"}
    assert converted(data, "brightrun-v4", as_document=True)[1].losses.counts == {}


def test_a_second_line_about_the_file_is_named_as_lost():
    lines = [
        {"_meta": {"version": n}} if part else brightrun_talk(Random(n), n)["training_pairs"]
        for n in (1, 2)
        for part in (1, 0)
    ]
    flat = [row for each in lines for row in (each if isinstance(each, list) else [each])]

    _, done = converted(b"".join(json.dumps(row).encode() + b"\n" for row in flat), "brightrun-v4")

    assert "annotations" in done.losses.counts
