"""The format of the replaced system, brightrun-lora-v4: a conversation as its training pairs, each with its history.

What was read of such a file comes back as it was; of other conversations the pairs are made. What no pair can hold is
named as lost.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pipeline.dataset.convert.conversations import Said, Talk
from pipeline.dataset.formats.rows.brightrun_pairs import PAIR, PAIRS, REPEATED, UNANSWERED, made_pairs, restored_pairs
from pipeline.dataset.formats.rows.message_lists import TEXT_PARTS
from pipeline.dataset.model.json_text import Json

Row = dict[str, Any]


def brightrun(talk: Talk, lost: set[str]) -> Row:
    """What is said of the conversation, and `training_pairs`."""
    has_system = bool(talk.turns) and talk.turns[0].role == "system"
    system, turns = (talk.turns[0].content, talk.turns[1:]) if has_system else ("", talk.turns)
    said = [(turn.role, turn.content) for turn in turns]
    of_conversation = _object(talk.annotations)
    of_turns = {number: each for number, turn in enumerate(turns) if (each := _object(turn.annotations))}
    pairs = restored_pairs(talk.identity, system, said, of_conversation, of_turns)
    targets = {number for number, each in of_turns.items() if PAIR in each}
    if not pairs:
        learned = [turn.is_supervised for turn in turns]
        pairs = made_pairs(talk.identity, system, said, learned)
        targets = set(_answers(turns))
    lost |= _lost(talk, turns, targets, has_rest=bool(of_conversation.get(UNANSWERED)))
    beside = {name: value for name, value in of_conversation.items() if name not in (REPEATED, UNANSWERED)}
    return beside | {PAIRS: pairs}


def _answers(turns: Sequence[Said]) -> list[int]:
    """Answers that are learned from and follow a question."""
    return [
        number
        for number, turn in enumerate(turns)
        if number and turn.role == "assistant" and turn.is_supervised and turns[number - 1].role == "user"
    ]


def _lost(talk: Talk, turns: Sequence[Said], targets: set[int], *, has_rest: bool) -> set[str]:
    """What the pairs do not say."""
    lost = {"tools"} if talk.tools or any(turn.tool_calls for turn in turns) else set()
    learned = {number for number, turn in enumerate(turns) if turn.role == "assistant" and turn.is_supervised}
    if learned - targets or (not has_rest and len(turns) - 1 > max(targets, default=-1)):
        lost.add("unpaired-turns")
    for turn in turns:
        lost |= {"weights"} if turn.learning_weight not in (None, 1) else set()
        lost |= {"names"} if turn.name is not None else set()
        lost |= {"call-ids"} if turn.tool_call_id is not None else set()
        lost |= {"reasoning"} if turn.reasoning else set()
        if turn.parts and any(part["type"] not in TEXT_PARTS for part in msgspec.json.decode(turn.parts)):
            lost.add("content-parts")
    return lost


def _object(annotations: str | None) -> dict[str, Json]:
    value = msgspec.json.decode(annotations) if annotations else {}
    return value if isinstance(value, dict) else {}


def totals(conversations: int, pairs: int) -> Mapping[str, object]:
    """What a training file says of itself where nothing is known but its size."""
    return {
        "version": "4.0.0",
        "format_spec": "brightrun-lora-v4",
        "total_conversations": conversations,
        "total_training_pairs": pairs,
    }
