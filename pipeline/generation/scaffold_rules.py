"""What a conversation may show of the scaffolds that it was made of: rules, each a function to places in its turns.

A rule's name is its code; its docstring says what it tells, why it matters and what to do, as those of the engine's
rules do. Which are asked when, and what becomes of what they find, is in `screening.py`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from pipeline.dataset.rules.kinds import FindingKind, Severity
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.dataset.rules.rule_entries import entry_of
from pipeline.generation.cut_turns import is_closed, is_prose
from pipeline.generation.model import MadeConversation, PlannedItem, PromptTemplate, Scaffolds

_SNAKE = re.compile(r"(?<![\w/.@-])[a-z0-9]+(?:_[a-z0-9]+)+(?![\w/@-])", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{\{?\s*[A-Za-z_][\w.]*\s*\}?\}|\$\{[A-Za-z_]\w*\}")
_PART_OF_NAME = re.compile(r"\s[-–—]\s|,\s|\s\(|\)")
_NAME_WORDS = 3
# What requests are written with, and people who ask and answer do not say.
_REQUEST_WORDS = (
    "emotional arc",
    "client persona",
    "edge case template",
    "training conversation",
    "training example",
    "synthetic conversation",
    "as instructed in the prompt",
)


class Shown(NamedTuple):
    """Where something shows: the turn, from 0 on, and what is wrong."""

    turn: int
    mismatch: Mismatch


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation beside what it was made of."""

    conversation: MadeConversation
    item: PlannedItem
    scaffolds: Scaffolds
    texts: tuple[str, ...]
    """Of its turns, and in small letters and plain marks."""
    lowered: tuple[str, ...]
    """Of its turns, and in small letters and plain marks."""


Look: TypeAlias = Callable[[Case], Iterator[Shown]]


@dataclass(frozen=True, slots=True)
class ScaffoldRule:
    """A rule about entries of the scaffolds."""

    kind: FindingKind
    """Its entry."""
    look: Look
    """All places where it shows."""


SCAFFOLD_RULES: list[ScaffoldRule] = []


def _rule(severity: Severity) -> Callable[[Look], Look]:
    def add(look: Look) -> Look:
        SCAFFOLD_RULES.append(ScaffoldRule(entry_of(look, severity)[0], look))
        return look

    return add


def case_of(conversation: MadeConversation, item: PlannedItem, scaffolds: Scaffolds) -> Case:
    """What the rules look at."""
    texts = tuple(turn.content for turn in conversation.turns)
    return Case(conversation, item, scaffolds, texts, tuple(map(_lowered, texts)))


@_rule(Severity.ERROR)
def template_placeholder(case: Case) -> Iterator[Shown]:
    """A placeholder of the prompt template was never filled.

    The model was asked with the placeholder, or writes it as if it were a word.

    What to do: mend the template, and draw the item anew.
    """
    template = case.scaffolds.templates.get(case.item.template)
    for placeholder in _placeholders(template) if template else ():
        for turn, text in enumerate(case.texts):
            if placeholder in text:
                yield Shown(turn, Mismatch("filled text", f"the template's {placeholder}"))


@_rule(Severity.ERROR)
def scaffold_key(case: Case) -> Iterator[Shown]:
    """The text holds the key of a scaffold.

    Nobody says it who is not told it; the model learns how it was made, and speaks of it.

    What to do: draw the item anew, or rewrite the turn.
    """
    suspects = {turn: text for turn, text in enumerate(case.lowered) if "_" in text}
    keys = _keys(case.scaffolds) if suspects else frozenset[str]()
    for turn, text in suspects.items():
        if named := next((word for word in _SNAKE.findall(text) if word in keys), None):
            yield Shown(turn, Mismatch("what people say", f"the key {named}"))


@_rule(Severity.WARNING)
def scaffold_word(case: Case) -> Iterator[Shown]:
    """The text speaks of how it was made.

    Names of arcs, and words such as "client persona", are of the request and not of the conversation.

    What to do: rewrite the turn, or draw the item anew.
    """
    for words in (*_REQUEST_WORDS, *_name_of_arc(case)):
        for turn, text in enumerate(case.lowered):
            if _says(text, words) and words not in _told_by_topic(case):
                yield Shown(turn, Mismatch("what people say", f"{words!r}, which is of the request"))


@_rule(Severity.WARNING)
def other_persona(case: Case) -> Iterator[Shown]:
    """The text has the name of another persona.

    Two people are mixed up, or the model knows of the others.

    What to do: look whether somebody else is meant; else rewrite the turn.
    """
    own = case.scaffolds.personas.get(case.item.persona)
    told = f"{own.name} {own.description} {own.background} {case.item.situation}" if own else ""
    for key, persona in case.scaffolds.personas.items():
        for name in _parts_of(persona.name) if key != case.item.persona else ():
            for turn, text in enumerate(case.texts):
                if name not in told and _says(text, name):
                    yield Shown(turn, Mismatch("this persona alone", f"the name {name}, of {key}"))


@_rule(Severity.WARNING)
def avoided_phrase(case: Case) -> Iterator[Shown]:
    """An answer says what its arc is to avoid.

    The arc lists what does not help whoever is in it.

    What to do: rewrite the answer, or reject the conversation.
    """
    arc = case.scaffolds.arcs.get(case.item.arc)
    for phrase in arc.avoid if arc else ():
        for turn, text in enumerate(case.lowered):
            if case.conversation.turns[turn].role == "assistant" and _says(text, _lowered(phrase)):
                yield Shown(turn, Mismatch("none of what the arc avoids", repr(phrase)))


@_rule(Severity.WARNING)
def unclosed_answer(case: Case) -> Iterator[Shown]:
    """An answer ends without a mark.

    It may be whole, and may be cut off.

    What to do: read its end.
    """
    for turn, text in enumerate(case.texts):
        if case.conversation.turns[turn].role == "assistant" and not is_closed(text) and is_prose(text):
            yield Shown(turn, Mismatch("an answer that ends with a mark", "none"))


@lru_cache(maxsize=1_024)
def _placeholders(template: PromptTemplate) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(f"{template.system}\n{template.prompt}")))


def _keys(scaffolds: Scaffolds) -> frozenset[str]:
    """Keys that no word of a language looks like."""
    kinds = (scaffolds.personas, scaffolds.arcs, scaffolds.topics, scaffolds.templates)
    return frozenset(key for kind in kinds for key in kind if "_" in key)


def _name_of_arc(case: Case) -> Iterator[str]:
    """The name of the arc, where it is more than a phrase that anybody may say."""
    arc = case.scaffolds.arcs.get(case.item.arc)
    if arc and len(arc.name.split()) >= _NAME_WORDS:
        yield _lowered(arc.name)


def _told_by_topic(case: Case) -> str:
    """What the topic says itself, which may be said."""
    topic = case.scaffolds.topics.get(case.item.topic)
    return " ".join((topic.name, topic.description, *topic.questions)).lower() if topic else ""


def _parts_of(name: str) -> list[str]:
    """A name, and a nickname beside it: `Ada - the careful one` are two."""
    return [part for part in map(str.strip, _PART_OF_NAME.split(name)) if len(part) > 1]


def _lowered(text: str) -> str:
    return text.lower().replace("’", "'")


def _says(text: str, words: str) -> bool:
    """Whether a text holds these words as words, which is looked at only where it holds their letters."""
    return words in text and re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None
