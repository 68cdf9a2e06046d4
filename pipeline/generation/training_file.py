"""A training file in each of its forms, written row by row: the same content gives the same bytes.

Two go to uploads: rows of the native format, which keep all that is known beside the turns, and OpenAI's messages. Two
are for exchange with who has brightrun-lora-v4: its document and its lines.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec

from pipeline.dataset.convert.brightrun_rows import totals
from pipeline.dataset.convert.row_writers import TrainingDocument
from pipeline.dataset.formats.rows.brightrun import META
from pipeline.dataset.formats.rows.native import ANNOTATIONS
from pipeline.generation.annotating import FIELDS
from pipeline.generation.file_content import (
    FileContent,
    FileConversation,
    judged_in_order,
    quality_summary,
    scaffolding_distribution,
)
from pipeline.generation.judging import score_of
from pipeline.generation.made_rows import said
from pipeline.generation.model import MadeTurn
from pipeline.generation.v4_conversations import answered, training_pairs, v4_conversation

Row = dict[str, Any]
Write: TypeAlias = Callable[[bytes], object]
_encode = msgspec.json.Encoder().encode


def write_native(content: FileContent, write: Write) -> None:
    """A conversation a line, with what is known of it and of its turns as annotations."""
    _write_lines(map(native_row, content.conversations), write)


def write_openai(content: FileContent, write: Write) -> None:
    """A conversation a line, as OpenAI's messages; each answer has the weight 1."""
    _write_lines(map(_openai_row, content.conversations), write)


def write_v4_document(content: FileContent, write: Write) -> None:
    """training.json: all conversations in one object."""
    document = TrainingDocument(write)
    of_file = {
        "training_file_metadata": file_metadata(content),
        "consultant_profile": _sorted(content.consultant_profile),
    }
    for chosen in content.conversations:
        document.add(v4_conversation(chosen), of_file)
    document.end()


def write_v4_lines(content: FileContent, write: Write) -> None:
    """training.jsonl: what the file is, then a pair a line, those of a conversation together."""
    _write_lines([{META: file_metadata(content)}], write)
    _write_lines((pair for chosen in content.conversations for pair in training_pairs(chosen)), write)


FILES: Mapping[str, Callable[[FileContent, Write], None]] = MappingProxyType(
    {
        "native.jsonl": write_native,
        "openai.jsonl": write_openai,
        "training.json": write_v4_document,
        "training.jsonl": write_v4_lines,
    }
)
"""What writes each file of a training file, by its name."""


def file_metadata(content: FileContent) -> Row:
    """What a training file says of itself."""
    return {
        "name": content.name,
        "file_version": content.version,
        **totals(len(content.conversations), total_pairs(content)),
        "quality_summary": quality_summary(content.conversations),
        "scaffolding_distribution": scaffolding_distribution(content.conversations),
    }


def total_pairs(content: FileContent) -> int:
    """Answers that are learned from."""
    return sum(len(answered(chosen)) for chosen in content.conversations)


def native_row(chosen: FileConversation) -> Row:
    """A row of the native format. What is not known of a turn is left out, and `missing` says why."""
    system = said(chosen.conversation)[: 1 if chosen.conversation.system else 0]
    turns = [{"role": role, "content": text} for role, text in system]
    turns += [_native_turn(turn) for turn in chosen.conversation.turns]
    return {"conversation_id": chosen.conversation_id, "turns": turns, ANNOTATIONS: _annotations(chosen)}


def _native_turn(turn: MadeTurn) -> Row:
    values = {name: getattr(turn, name) for name in (*FIELDS, "missing")}
    told = {name: value for name, value in values.items() if value is not None}
    return {"role": turn.role, "content": turn.content, **({ANNOTATIONS: told} if told else {})}


def _annotations(chosen: FileConversation) -> Row:
    made, judgement = chosen.conversation, chosen.judgement
    return {
        "version": chosen.version,
        "title": made.title,
        "session_context": made.session_context,
        "expected_outcome": made.expected_outcome,
        **{str(kind): key for kind, key in chosen.origin.keys.items()},
        "scaffold_versions": chosen.origin.in_order(),
        "tier": chosen.origin.arc.tier,
        "quality_tier": chosen.quality_tier,
        "score": score_of(judgement),
        "judgement": judged_in_order(judgement),
        "human_reviewed": chosen.is_reviewed,
        "reviewer_notes": chosen.reviewer_notes,
        "split": chosen.side,
    }


def _openai_row(chosen: FileConversation) -> Row:
    return {"messages": [_message(role, text) for role, text in said(chosen.conversation)]}


def _message(role: str, text: str) -> Row:
    return {"role": role, "content": text, **({"weight": 1} if role == "assistant" else {})}


def _write_lines(rows: Iterable[Row], write: Write) -> None:
    for row in rows:
        write(_encode(row) + b"\n")


def _sorted(value: Mapping[str, Any]) -> Row:
    """The same with its keys in order, also inside."""
    in_order: Row = msgspec.json.decode(msgspec.json.encode(value, order="sorted"))
    return in_order
