"""Guards over `data/samples/`: what the README promises of each file holds, without the engine's help."""

import json

import pytest

from tests.samples import EVERYDAY_TALK, SAMPLES_DIR, write_everyday_talk

VALID_SAMPLES = {"support_chat.jsonl": 5, "everyday_talk.jsonl": 3_000}


def test_everyday_talk_is_what_its_script_makes(tmp_path):
    """`python -m tests.samples` would change nothing."""
    write_everyday_talk(tmp_path / "fresh.jsonl")

    assert (tmp_path / "fresh.jsonl").read_bytes() == EVERYDAY_TALK.read_bytes()


@pytest.mark.parametrize("name", VALID_SAMPLES)
def test_a_valid_sample_is_faultless(name):
    """Ids and texts are all different; user and assistant take turns, the assistant has the last word."""
    conversations = [json.loads(line) for line in (SAMPLES_DIR / name).read_bytes().splitlines()]

    assert len(conversations) == VALID_SAMPLES[name]
    assert len({one["conversation_id"] for one in conversations}) == len(conversations)
    assert len({json.dumps(one["turns"]) for one in conversations}) == len(conversations)
    for conversation in conversations:
        assert list(conversation) == ["conversation_id", "turns"]
        roles = [turn["role"] for turn in conversation["turns"]]
        assert roles == ["user", "assistant"] * (len(roles) // 2)
        assert roles
        assert all(turn["content"].strip() for turn in conversation["turns"])


def test_support_chat_has_the_ids_that_documentation_names():
    """conv-1 to conv-5, in order."""
    lines = (SAMPLES_DIR / "support_chat.jsonl").read_bytes().splitlines()

    assert [json.loads(line)["conversation_id"] for line in lines] == [f"conv-{n}" for n in range(1, 6)]


def test_everyday_talk_shows_many_scripts():
    """Chinese, Japanese, Korean, Arabic, emoji and code are all in the sample."""
    text = EVERYDAY_TALK.read_text("utf-8")

    assert [part for part in ["一定要", "ください", "고마워요", "الليمون", "🎉", "```python"] if part not in text] == []


def test_each_broken_line_has_its_own_fault():
    """Two lines do not decode or parse; the other four are JSON of the wrong shape."""
    lines = (SAMPLES_DIR / "broken_lines.jsonl").read_bytes().split(b"\n")
    assert lines.pop() == b""

    problems = [_problem(line) for line in lines]

    assert problems == ["JSONDecodeError", "no role", "content is int", "no turns", "no id", "UnicodeDecodeError"]


def _problem(line: bytes) -> str:
    try:
        conversation = json.loads(line.decode())
    except ValueError as error:
        return type(error).__name__
    if not conversation["conversation_id"]:
        return "no id"
    for turn in conversation["turns"]:
        if "role" not in turn:
            return "no role"
        if not isinstance(turn["content"], str):
            return f"content is {type(turn['content']).__name__}"
    return "no turns" if not conversation["turns"] else ""
