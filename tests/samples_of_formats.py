"""Makes `data/samples/formats/`: `python -m tests.samples_of_formats` writes it anew, byte for byte the same.

The same four talks of a teapot shop in every format, and once as an array, with gzip and with Zstandard.
"""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zstandard

from pipeline.dataset.formats.rows.chat import Chat
from pipeline.dataset.formats.rows.declaration import DECLARED
from pipeline.dataset.formats.rows.declared import Declared
from tests.properties.formats_rows import theirs
from tests.samples import SAMPLES_DIR

FOLDER = SAMPLES_DIR / "formats"
TALKS = [
    ("Is the blue pot oven-proof?", "No. It takes boiling water, but not the oven."),
    ("My lid broke. Can I buy one alone?", "Yes, lids are sold alone: choose your pot, then “Spare parts”."),
    ("Do you ship to Norway?", "We do, in four days. Customs may ask for a fee."),
    ("How do I clean tea stains?", "Rub them with baking soda and a damp cloth, then rinse."),
]
WORSE = "I do not know."

Row = Any


def _messages(asked: str, answered: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]


def _sharegpt(asked: str, answered: str) -> list[dict[str, str]]:
    return [{"from": "human", "value": asked}, {"from": "gpt", "value": answered}]


def _v1(asked: str, answered: str) -> list[dict[str, Any]]:
    return [
        {"role": role, "content": [{"type": "text", "value": text}], "loss_weight": weight}
        for role, text, weight in (("user", asked, 0.0), ("assistant", answered, 1.0))
    ]


def _chatgpt(role: str, text: str) -> Row:
    return {"author": {"role": role}, "content": {"content_type": "text", "parts": [text]}}


ROWS: dict[str, Callable[[int, str, str], Row]] = {
    "native": lambda n, asked, answered: {"conversation_id": f"tea-{n}", "turns": _messages(asked, answered)},
    "openai": lambda _, asked, answered: {"messages": _messages(asked, answered)},
    "sharegpt": lambda n, asked, answered: {"id": f"tea-{n}", "conversations": _sharegpt(asked, answered)},
    "chat": lambda _, asked, answered: {"conversations": _messages(asked, answered)},
    "dialogue": lambda n, asked, answered: {
        "dialogue_id": f"tea-{n}",
        "turns": [{"speaker": "USER", "utterance": asked}, {"speaker": "SYSTEM", "utterance": answered}],
    },
    "alpaca": lambda _, asked, answered: {"instruction": asked, "input": "", "output": answered},
    "prompt-completion": lambda _, asked, answered: {"prompt": asked, "completion": answered},
    "preference": lambda _, asked, answered: {"prompt": asked, "chosen": answered, "rejected": WORSE},
    "kto": lambda n, asked, answered: {"messages": _messages(asked, answered), "label": n % 2 == 1},
    "gemini": lambda _, asked, answered: {
        "contents": [{"role": role, "parts": [{"text": text}]} for role, text in (("user", asked), ("model", answered))]
    },
    "bedrock": lambda _, asked, answered: {
        "schemaVersion": "bedrock-conversation-2024",
        "messages": [
            {"role": role, "content": [{"text": text}]} for role, text in (("user", asked), ("assistant", answered))
        ],
    },
    "xlam": lambda n, asked, _: {
        "id": n,
        "query": asked,
        "tools": json.dumps([{"name": "answer", "parameters": {"topic": {"type": "str"}}}]),
        "answers": json.dumps([{"name": "answer", "arguments": {"topic": f"tea {n}"}}]),
    },
    "request-log": lambda _, asked, answered: {
        "request": {"messages": _messages(asked, answered)[:1]},
        "response": {"choices": [{"message": _messages(asked, answered)[1]}]},
    },
    "segments": lambda _, asked, answered: {
        "segments": [{"label": False, "text": asked}, {"label": True, "text": answered}]
    },
    "glaive": lambda _, asked, answered: {
        "system": "SYSTEM: You sell teapots.",
        "chat": f"USER: {asked}\n\n\nASSISTANT: {answered} <|endoftext|>\n\n\n",
    },
    "guanaco": lambda _, asked, answered: {"text": f"### Human: {asked}### Assistant: {answered}"},
    "chatgpt-export": lambda n, asked, answered: {
        "title": "Tea",
        "conversation_id": f"tea-{n}",
        "current_node": "answer",
        "mapping": {
            "question": {"parent": None, "message": _chatgpt("user", asked)},
            "answer": {"parent": "question", "message": _chatgpt("assistant", answered)},
        },
    },
    "hub-rows": lambda n, asked, answered: {
        "row_idx": n - 1,
        "row": {"messages": _messages(asked, answered)},
        "truncated_cells": [],
    },
    "oasst": lambda n, asked, answered: {
        "message_tree_id": f"tea-{n}",
        "prompt": {
            "message_id": f"tea-{n}",
            "role": "prompter",
            "text": asked,
            "replies": [{"message_id": f"tea-{n}-1", "role": "assistant", "text": answered, "rank": 0, "replies": []}],
        },
    },
    "flat-messages": lambda n, asked, answered: [
        {"conversation_id": f"tea-{n}", "turn": turn, **message}
        for turn, message in enumerate(_messages(asked, answered))
    ],
    "llamafactory-v1": lambda _, asked, answered: {"messages": _v1(asked, answered)},
    "brightrun-v4": lambda n, asked, answered: {
        "id": f"tea-{n}_turn1",
        "conversation_id": f"tea-{n}",
        "turn_number": 1,
        "conversation_metadata": {"client_persona": "A careful buyer", "training_topic": "Teapots"},
        "conversation_history": [{"turn": 1, "role": "user", "content": asked}],
        "current_user_input": asked,
        "emotional_context": {"detected_emotions": {"primary": "curious", "intensity": n / 10}},
        "target_response": answered,
        "training_metadata": {"quality_score": 4.5, "human_reviewed": n % 2 == 1},
    },
    "plain-text": lambda _, asked, answered: {"text": f"{asked} {answered}"},
}


def _declared(form: Declared | Chat, asked: str, answered: str) -> Row:
    """A row of a format that is data, of the parts that must be there."""
    said = {"user": asked, "assistant": answered}
    if isinstance(form, Chat):
        return {
            form.turns: [{form.keys.role: theirs(form, role), form.keys.content: text} for role, text in said.items()]
        }
    row: Row = dict.fromkeys(form.needs, "The catalogue of a teapot shop.")
    for part in form.parts:
        pairs = {"objects": [dict(zip(part.pair, said.values(), strict=True))], "texts-in-turn": [*said.values()]}
        if not part.is_optional:
            row[part.fields[0]] = pairs.get(part.holds, said.get(part.role))
    return row


ROWS |= {
    form.name: lambda _, asked, answered, form=form: _declared(form, asked, answered)
    for form in reversed(DECLARED)
    if form.name not in ROWS
}


def files() -> dict[str, bytes]:
    """Name and content of each sample."""
    made = {}
    for name, row in ROWS.items():
        made_of = [row(n, *talk) for n, talk in enumerate(TALKS, start=1)]
        rows = [each for rows in made_of for each in (rows if isinstance(rows, list) else [rows])]
        made[f"{name}.jsonl"] = b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in rows)
        if name == "alpaca":
            made["array.json"] = json.dumps(rows, ensure_ascii=False, indent=2).encode() + b"\n"
    made["openai.jsonl.gz"] = gzip.compress(made["openai.jsonl"], mtime=0)
    made["openai.jsonl.zst"] = zstandard.ZstdCompressor().compress(made["openai.jsonl"])
    return made


def write_samples(folder: Path) -> None:
    """Write all of them."""
    for name, content in files().items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    write_samples(FOLDER)
