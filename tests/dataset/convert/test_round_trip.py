"""What is converted and read again says the same, for all that the target can hold; and it is always readable."""

import io
import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.convert.converting import convert_stream
from pipeline.dataset.convert.output_formats import BRIGHTRUN, OUTPUT_FORMATS, PAIRED
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.model.conversation import Limits
from tests.properties.formats_reading import Said, read_said
from tests.properties.formats_rows import KINDS
from tests.properties.formats_spoiling import line

# Pairs hold less than conversations: test_brightrun.py and test_paired_rows.py.
TARGETS = [target for target in OUTPUT_FORMATS if target not in (BRIGHTRUN, *PAIRED)]
targets = pytest.mark.parametrize("target", TARGETS)
seeds = st.integers(0, 2**32)


def converted(data: bytes, target: str, form=None):
    """The lines written, and what is said of them."""
    written: list[bytes] = []
    done = convert_stream(io.BytesIO(data), written.append, target, form, Limits())
    return b"".join(written), done


def calls_of(text: str | None) -> list | None:
    """Names and arguments of calls, however they are written."""
    if text is None:
        return None
    functions = [call.get("function", call) for call in json.loads(text)]
    return [(function["name"], arguments_of(function.get("arguments", {}))) for function in functions]


def arguments_of(arguments: object) -> object:
    return json.loads(arguments) if isinstance(arguments, str) else arguments


def ids_of(text: str | None) -> list | None:
    return text and [call.get("id") for call in json.loads(text)]


def pieces_of(parts: str | None) -> list | None:
    return json.loads(parts) if parts else None


def tools_of(text: str | None) -> list | None:
    return [tool.get("function", tool) for tool in json.loads(text)] if text else None


def held(said: Said, target: str) -> dict:
    """What the target can hold of a conversation, by its documentation."""
    turns = []
    for role, content, supervised, branch, weight, calls, parts, call_id, name, thought, _, _ in said.turns:
        if branch == 2:
            continue
        turn = {
            "role": "assistant" if role == "text" else role,
            "content": content,
            "supervised": supervised,
            "calls": calls_of(calls),
        }
        if target != "sharegpt":
            effective = 0.0 if role == "assistant" and not supervised else weight
            keeps = target == "native" or role == "assistant"
            turn |= {"weight": effective if keeps else None, "name": name, "ids": ids_of(calls)}
            turn |= {"call_id": call_id, "thought": thought}
        else:
            turn["supervised"] = turn["role"] == "assistant"
            turn["content"] = "" if calls else content
        if target == "openai":
            turn["parts"] = None if parts and '"value"' in parts else pieces_of(parts)
        turns.append(turn)
    is_named = said.identity != f"row-{said.line}"
    identity = said.identity if target == "native" or (target == "sharegpt" and is_named) else None
    return {"turns": turns, "tools": tools_of(said.tools), "identity": identity}


def given_ids(source: dict, again: dict) -> dict:
    """Without the ids that the target needs and the source has not."""
    for had, has in zip(source["turns"], again["turns"], strict=True):
        if had.get("ids") == [None]:
            assert has["ids"][0]
            has["ids"] = [None]
        if "call_id" in had and had["call_id"] is None:
            has["call_id"] = None
    return again


@targets
@given(kind=st.sampled_from(KINDS), seed=seeds, count=st.integers(1, 4))
def test_what_the_target_can_hold_is_read_again(target, kind, seed, count):
    data = b"".join(each + b"\n" for each in kind.lines(Random(seed), count))

    written, done = converted(data, target)

    assert done.reading.form == kind.form or kind.name == "flat-messages"  # whose rows are made, as OpenAI's are
    assert (done.written, done.rejected) == (count, 0)
    source, _ = read_said(data, kind.form)
    again, findings = read_said(written, BY_NAME[target])
    assert findings == []
    for one, other in zip(source, again, strict=True):
        expected = held(one, target)
        found = held(other, target)
        assert (given_ids(expected, found) if target == "openai" else found) == expected


@targets
@given(kind=st.sampled_from(KINDS), seed=seeds, count=st.integers(1, 8))
def test_whatever_is_accepted_is_written_so_that_it_is_accepted_again(target, kind, seed, count):
    """Also of rows that no trainer would like; and each line is written or counted as rejected."""
    random = Random(seed)
    lines = [*kind.lines(random, 1), *(line(random, kind, n) for n in range(1, count))]
    data = b"".join(each + b"\n" for each in lines)

    written, done = converted(data, target, kind.form)

    assert done.written + done.rejected == count
    said, findings = read_said(written, BY_NAME[target])
    assert (len(said), findings) == (done.written, [])
    assert written.count(b"\n") == done.written


@given(kind=st.sampled_from(KINDS), seed=seeds)
def test_a_second_conversion_changes_nothing_more(kind, seed):
    """A target holds all of its own rows."""
    data = b"".join(each + b"\n" for each in kind.lines(Random(seed), 3))
    for target in TARGETS:
        once, _ = converted(data, target)

        twice, done = converted(once, target, BY_NAME[target])

        assert twice == once
        assert done.losses.as_dict() == {}
