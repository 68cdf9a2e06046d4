"""Targets of a question and its answer: alpaca, TRL's prompt and completion, preferences, judgements.

They hold less than a conversation. What does not fit is named as lost; a conversation that has no such pair at all
becomes no row.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from pipeline.dataset.convert.conversations import Said, Talk
from pipeline.dataset.formats.rows.message_lists import TEXT_PARTS

Row = dict[str, Any]
ToMessages = Callable[[Talk, set[str]], Row]


def alpaca(talk: Talk, lost: set[str]) -> Row | None:
    """Instruction and output, with the pairs before them as `history`; a system prompt stands first."""
    system = [said.content for said in talk.turns if said.role == "system"]
    pairs = _pairs([said for said in talk.turns if said.role != "system"], lost)
    if not pairs:
        lost.add("no-pairs")
        return None
    lost |= _lost_of_texts(talk)
    if len(system) > 1 or (system and talk.turns[0].role != "system"):
        lost.add("roles")
    *history, (question, answer) = pairs
    row: Row = {"system": "\n\n".join(system)} if system else {}
    row |= {"instruction": question, "input": "", "output": answer}
    return row | ({"history": [list(pair) for pair in history]} if history else {})


def prompt_completion(talk: Talk, lost: set[str], to_messages: ToMessages) -> Row | None:
    """TRL's conversational `prompt` and `completion`: the last answer that is learned from, and all before it."""
    row = to_messages(talk, lost)
    messages = row.pop("messages")
    learned = [place for place, said in enumerate(messages) if said["role"] == "assistant" and said.get("weight") != 0]
    if not learned or not learned[-1]:
        lost.add("no-pairs")
        return None
    lost |= {"earlier-answers"} if learned[:-1] else set()
    lost |= {"unpaired-turns"} if len(messages) > learned[-1] + 1 else set()
    for message in messages:
        message.pop("weight", None)
    return {"prompt": messages[: learned[-1]], "completion": [messages[learned[-1]]], **row}


def preference(talk: Talk, lost: set[str], to_messages: ToMessages) -> Row | None:
    """TRL's conversational `prompt`, `chosen` and `rejected`."""
    if not talk.rejected:
        lost.add("no-alternatives")
        return None
    row = _judged(talk, lost, to_messages)
    if row is None:
        return None
    rejected = to_messages(replace(talk, turns=list(talk.rejected)), lost)["messages"]
    chosen = row.pop("completion")
    return {"prompt": row.pop("prompt"), "chosen": chosen, "rejected": rejected, **row}


def judgement(talk: Talk, lost: set[str], to_messages: ToMessages) -> Row | None:
    """TRL's conversational `prompt`, `completion` and `label`, of single answers that were liked or not."""
    if talk.label is None:
        lost.add("no-labels")
        return None
    row = _judged(talk, lost, to_messages)
    return None if row is None else {**row, "label": talk.label}


def _judged(talk: Talk, lost: set[str], to_messages: ToMessages) -> Row | None:
    """A prompt and the answer that is judged; of earlier ones nothing is learned in any format."""
    row = prompt_completion(talk, lost, to_messages)
    lost -= {"rejected-answers", "labels", "earlier-answers"}
    return row


def _pairs(turns: list[Said], lost: set[str]) -> list[tuple[str, str]]:
    """Each question with the answer behind it; what has no counterpart is lost."""
    pairs: list[tuple[str, str]] = []
    question: str | None = None
    for said in turns:
        if said.role == "assistant" and question is not None:
            pairs.append((question, said.content))
            question = None
        elif said.role == "user" and question is None:
            question = said.content
        else:
            lost.add("tools" if said.role not in ("user", "assistant") else "unpaired-turns")
    if question is not None:
        lost.add("unpaired-turns")
    return pairs


def _lost_of_texts(talk: Talk) -> set[str]:
    """What texts alone do not say."""
    lost = {"tools"} if talk.tools or any(said.tool_calls for said in talk.turns) else set()
    lost |= {"ids"} if talk.has_own_identity else set()
    for said in talk.turns:
        is_usual = said.is_supervised == (said.role == "assistant") and said.weight in (None, float(said.is_supervised))
        lost |= set() if is_usual else {"weights"}
        lost |= {"names"} if said.name is not None else set()
        lost |= {"reasoning"} if said.reasoning else set()
        if said.parts and any(part["type"] not in TEXT_PARTS for part in msgspec.json.decode(said.parts)):
            lost.add("content-parts")
    return lost
