"""Rows of every format with the faults that can be mended, made from a seed; and runs of the mender on bytes."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from pipeline.dataset.mend import REMEDIES, Mending, mend_file
from tests.properties.formats_rows import Kind

ALL = REMEDIES.keys()
SPELLINGS = {"user": ["human", "User", " user", "HUMAN"], "assistant": ["gpt", "Assistant", "assistant ", "model"]}


@dataclass(frozen=True, slots=True)
class Mended:
    """What a run left: the file, the rows put aside, the changes."""

    mending: Mending
    out: bytes
    aside: list[dict[str, object]]
    changes: list[dict[str, object]]


def mend_bytes(data: bytes, wanted=ALL, name: str = "out.jsonl", limits=None) -> Mended:
    with TemporaryDirectory() as folder:
        target = Path(folder) / name
        mending = mend_file(io.BytesIO(data), target, name, wanted, limits)
        if mending.refusal:
            return Mended(mending, b"", [], [])
        assert sorted(path.name for path in Path(folder).iterdir()) == sorted(
            [name, f"{name}.rejected.jsonl", f"{name}.changes.jsonl"]
        )
        return Mended(mending, target.read_bytes(), *(_rows(target, what) for what in ("rejected", "changes")))


def _rows(target: Path, what: str) -> list[dict[str, object]]:
    text = target.with_name(f"{target.name}.{what}.jsonl").read_bytes()
    return [json.loads(line) for line in text.splitlines()]


def planted_rows(kind: Kind, random: Random, count: int) -> list[bytes]:
    """Rows of the kind, most of them with a fault or two; some stand twice."""
    rows = [spoil(kind.make(random, n), random) for n in range(count)]
    rows += random.choices(rows, k=random.randrange(3)) if rows else []
    return [json.dumps(row, ensure_ascii=random.random() < 0.5).encode() for row in rows]


def spoil(row: object, random: Random) -> object:
    """The row with some of: odd roles, odd edges, turns at the end that nobody answers, arguments encoded twice."""
    if isinstance(row, dict) and random.random() < 0.3:
        row["id"] = random.choice(["a", "b", "a-1", 7])
    for messages in _lists(row):
        for message in messages:
            _spoil_message(message, random)
        for _ in range(random.choice((0, 0, 0, 1, 2, 3))):
            last = messages[-1]
            role = next(iter(last))
            other = random.choice(("human", "gpt") if role == "from" else ("user", "assistant"))
            text = next((key for key in ("content", "value", "utterance", "text") if key in last), "content")
            messages.append({role: other, text: random.choice(("", " ", "bye"))})
    return row


def _lists(value: object) -> list[list]:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = [each for child in children for each in _lists(child)]
    is_messages = isinstance(value, list) and value and isinstance(value[0], dict) and {"role", "from"} & set(value[0])
    return [value, *found] if is_messages else found


def _spoil_message(message: dict, random: Random) -> None:
    for key in ("role", "from"):
        if message.get(key) in SPELLINGS and random.random() < 0.1:
            message[key] = random.choice(SPELLINGS[message[key]])
    for key in ("content", "value"):
        if isinstance(message.get(key), str) and "{" not in message[key] and random.random() < 0.1:
            message[key] = random.choice((" ", "\n", "    ")) + message[key] + random.choice(("", "\n ", "\n x"))
    for call in message.get("tool_calls") or []:
        function = call.get("function", call)
        if isinstance(function.get("arguments"), str) and random.random() < 0.5:
            function["arguments"] = json.dumps(function["arguments"])
