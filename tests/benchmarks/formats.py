"""Throughput of the structural pass in every format, over that of the native format with the same conversations.

The same content is written in each format; all are read in turn in one process, so that a machine that slows down slows
all.

    python -m tests.benchmarks.formats NATIVE_FILE FOLDER
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.benchmark import Benchmark, Measurement, at_least
from tests.benchmarks.engine_cpu import LINES
from tests.benchmarks.generate import write_conversations
from tests.benchmarks.processes import run

SIZE_BYTES = 40_000_000
SMALL_BYTES = 6_000_000
ROUNDS = 3
WANTED = 0.6

Turns = list[dict[str, str]]


def _renamed(turns: Turns, role: str, content: str, names: dict[str, str]) -> list[dict[str, str]]:
    return [{role: names[turn["role"]], content: turn["content"]} for turn in turns]


def _sharegpt(turns: Turns) -> list[dict[str, str]]:
    return _renamed(turns, "from", "value", {"user": "human", "assistant": "gpt"})


def _weighed(turns: Turns) -> list[dict[str, Any]]:
    return [turn | ({"weight": 1} if turn["role"] == "assistant" else {}) for turn in turns]


def _history(turns: Turns) -> list[list[str]]:
    texts = [turn["content"] for turn in turns[:-2]]
    return [list(pair) for pair in zip(texts[::2], texts[1::2], strict=True)]


def _v1(turns: Turns) -> list[dict[str, Any]]:
    return [
        {
            "role": turn["role"],
            "content": [{"type": "text", "value": turn["content"]}],
            "loss_weight": float(turn["role"] == "assistant"),
        }
        for turn in turns
    ]


FORMATS: dict[str, Callable[[str, Turns], object]] = {
    "native": lambda identity, turns: {"conversation_id": identity, "turns": turns},
    "native with weights": lambda identity, turns: {"conversation_id": identity, "turns": _weighed(turns)},
    "openai": lambda _, turns: {"messages": turns},
    "openai with weights": lambda _, turns: {"messages": _weighed(turns)},
    "openai, bare lists": lambda _, turns: turns,
    "sharegpt": lambda identity, turns: {"id": identity, "conversations": _sharegpt(turns)},
    "sharegpt with other fields": lambda identity, turns: {
        "id": identity, "model": "x", "conversations": _sharegpt(turns)
    },
    "dialogue": lambda identity, turns: {
        "dialogue_id": identity,
        "turns": _renamed(turns, "speaker", "utterance", {"user": "USER", "assistant": "SYSTEM"}),
    },
    "alpaca": lambda _, turns: {
        "instruction": turns[-2]["content"], "input": "", "output": turns[-1]["content"], "history": _history(turns)
    },
    "prompt-completion": lambda _, turns: {"prompt": turns[:-1], "completion": turns[-1:]},
    "plain-text": lambda _, turns: {"text": "\n".join(turn["content"] for turn in turns)},
    "preference": lambda _, turns: {"prompt": turns[:-1], "chosen": turns[-1:], "rejected": turns[1:2]},
    "kto": lambda _, turns: {"messages": turns, "label": True},
    "llamafactory-v1": lambda _, turns: {"messages": _v1(turns)},
    "question-answer": lambda identity, turns: {
        "id": identity, "query": turns[-2]["content"], "response": turns[-1]["content"], "history": _history(turns)
    },
    "pairs": lambda _, turns: {
        "conversation": [
            {"input": asked["content"], "output": said["content"]}
            for asked, said in zip(turns[::2], turns[1::2], strict=True)
        ]
    },
    "texts-in-turn": lambda identity, turns: {"id": identity, "data": [turn["content"] for turn in turns]},
    "alpaca with other names": lambda _, turns: {
        "Instruction": turns[-2]["content"], "Input": "", "Output": turns[-1]["content"], "History": _history(turns)
    },
    "cohere": lambda _, turns: {
        "messages": _renamed(turns, "role", "content", {"user": "User", "assistant": "Chatbot"})
    },
    "claude-export": lambda identity, turns: {
        "uuid": identity,
        "chat_messages": _renamed(turns, "sender", "text", {"user": "human", "assistant": "assistant"}),
    },
    "bedrock": lambda _, turns: {
        "schemaVersion": "bedrock-conversation-2024",
        "messages": [{"role": turn["role"], "content": [{"text": turn["content"]}]} for turn in turns],
    },
    "openai, one array": lambda _, turns: {"messages": turns},
}  # fmt: skip


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """The ratio of each format, for two kinds of files."""
    measurements = []
    for kind, named in LINES.items():
        path = folder / f"{kind}.jsonl"
        write_conversations(path, SMALL_BYTES if is_small else SIZE_BYTES, kind)
        rounds = run("formats", path, folder).output["rounds"]
        for name in list(FORMATS)[1:]:
            shares = [native_s / form_s for native_s, form_s in zip(rounds["native"], rounds[name], strict=True)]
            detail = f" ({min(shares):.2f} to {max(shares):.2f})"
            measurements.append(at_least(f"{name}, {named}", WANTED, median(shares), detail=detail))
    return measurements


def write_formats(native: Path, folder: Path) -> dict[str, Path]:
    """The same conversations in a file for each format."""
    paths = {name: folder / f"{native.stem}-{number:02}.jsonl" for number, name in enumerate(FORMATS)}
    for name, path in paths.items():
        with native.open("rb") as lines, path.open("wb") as out:
            rows = (FORMATS[name](row["conversation_id"], row["turns"]) for row in map(json.loads, lines))
            if name.endswith("array"):
                out.write(b"[\n" + b",\n".join(json.dumps(row, ensure_ascii=False).encode() for row in rows) + b"\n]\n")
            else:
                out.writelines(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
    return paths


def main() -> None:
    """Print the seconds of each round in each format."""
    from pipeline.dataset.profiles.profile_rules import Rules
    from pipeline.dataset.profiles.profile_streams import profile_stream

    native, folder = map(Path, sys.argv[1:])
    paths = write_formats(native, folder)
    rounds: dict[str, list[float]] = {name: [] for name in paths}
    counts = set()
    for _ in range(ROUNDS):
        for name, path in paths.items():
            start_s = time.process_time()
            with path.open("rb") as stream:
                profile = profile_stream(stream, folder, Rules().structure_only())
            rounds[name].append(time.process_time() - start_s)
            counts.add((profile.reading.form.name == name.split()[0].rstrip(","), profile.statistics.conversations))
    if len(counts) != 1 or not all(is_right for is_right, _ in counts):
        raise SystemExit(f"expected every file to be read as its format, with as many conversations, found {counts}")
    print(json.dumps({"rounds": rounds}))


FORMATS_BENCHMARK = Benchmark(
    "formats",
    "Throughput of the structural pass in each format over that of the native format, same conversations.",
    measure,
)

if __name__ == "__main__":
    main()
