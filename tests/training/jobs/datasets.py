"""Uploads for jobs, run through the real engine into a real lake: chat, chat with context-only answers, with tools."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.state.lake import LocalLake
from pipeline.trainers.dataset_rows import DatasetRows, dataset_rows
from pipeline.training.jobs.dataset_facts import DatasetFacts
from tests.state.lake.examples import publish

Message = dict[str, object]
_TOPICS = ("bread", "rain", "maps", "tea", "stars", "paint", "rivers", "clocks", "wool", "glass")
_DEEDS = ("keeps", "changes", "travels", "grows", "breaks", "returns", "shines", "waits")


def chat(number: int, turns: int = 2, weight: int | None = None) -> dict[str, list[Message]]:
    """A conversation with its own words. weight: of all answers but the last."""
    topic, deed = _TOPICS[number % 10], _DEEDS[number // 10 % 8]
    messages: list[Message] = []
    for turn in range(turns):
        messages.append({"role": "user", "content": f"Question {number}.{turn}: how {topic} {deed} in town {number}?"})
        answer: Message = {"role": "assistant", "content": f"Answer {number}.{turn}: {topic} {deed}, {number} times."}
        if weight is not None and turn < turns - 1:
            answer["weight"] = weight
        messages.append(answer)
    return {"messages": messages}


def long_question(number: int) -> dict[str, list[Message]]:
    """A conversation whose answer begins far behind."""
    conversation = chat(number)
    conversation["messages"][0]["content"] = "so many words " * 2_000
    return conversation


def with_call(number: int) -> dict[str, object]:
    """A question, a call of a tool, its result, the answer."""
    arguments = json.dumps({"town": f"town {number}", "days": number})
    call = {"id": "c1", "type": "function", "function": {"name": "forecast", "arguments": arguments}}
    return {
        "messages": [
            {"role": "system", "content": "You know the weather."},
            {"role": "user", "content": f"Weather in town {number}?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": f"{number} degrees"},
            {"role": "assistant", "content": f"It will be {number} degrees."},
        ],
        "tools": [{"type": "function", "function": {"name": "forecast", "parameters": {"type": "object"}}}],
    }


def preference(number: int) -> dict[str, object]:
    """A question, then a better and a worse answer."""
    [question, answer] = chat(number)["messages"][:2]
    return {"prompt": [question], "chosen": [answer], "rejected": [answer | {"content": f"No idea, {number}."}]}


def judgement(number: int) -> dict[str, object]:
    """A conversation, and whether its answer was liked; every third was not."""
    return {**chat(number, turns=1 + number % 2), "label": number % 3 != 0}


def text(number: int) -> dict[str, object]:
    return {"text": f"{_TOPICS[number % 10]} {_DEEDS[number // 10 % 8]} in town {number}, as told for {number} years."}


UNLEARNED = {
    "messages": [
        {"role": "user", "content": "And that one?"},
        {"role": "assistant", "content": "No.", "weight": 0},
    ]
}
LONG = long_question(80)
PLAIN = [chat(number, turns=1 + number % 2) for number in range(80)]
CONTEXT_ONLY = [chat(number, turns=2, weight=0) for number in range(60)]
TOOLS = [with_call(number) for number in range(60)]
PREFERENCES = [preference(number) for number in range(80)]
JUDGEMENTS = [judgement(number) for number in range(80)]
TEXTS = [text(number) for number in range(80)]


def encoded(rows: Sequence[object]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@dataclass(frozen=True, slots=True)
class Ready:
    """A validated dataset."""

    facts: DatasetFacts
    rows: DatasetRows


@contextmanager
def ready(folder: Path, rows: Sequence[object], name: str = "town_talk", prefix: bytes = b"") -> Iterator[Ready]:
    """Validate rows and lend the dataset. prefix: bytes before the first row."""
    lake = LocalLake(folder / "lake")
    publish(lake, "town-talk-1", prefix + encoded(rows))
    profile = lake.read_profiles(["town-talk-1"]).to_pylist()[0]
    with dataset_rows(lake, "town-talk-1") as lent:
        yield Ready(DatasetFacts.of_profile(profile, name), lent)
