"""The placeholders of prompt templates: which there are, and what a text is with them filled.

Whatever else stands in braces stays as it is, so that a text may speak of JSON; `scaffold_checks.py` tells of those
that look like a placeholder and are none.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from pipeline.generation.model import EmotionalArc, Feeling, Persona, PlannedItem, Scaffolds, TrainingTopic
from pipeline.generation.seeded import drawn

_PLACEHOLDER = re.compile(r"\{([a-z]+(?:_[a-z]+)*)\}")
Values: TypeAlias = Mapping[str, str]


def placeholders_in(text: str) -> tuple[str, ...]:
    """Whatever looks like a placeholder, each once, known or not.

    >>> placeholders_in('{turns} turns: {"a": {}}, {Turns}, {trun}, {turns}')
    ('turns', 'trun')
    """
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))


def filled(text: str, values: Values) -> str:
    """The text with its placeholders replaced; what stands in a value is not looked at again.

    >>> filled('{turns} of {"a": {}} and {nothing}', {"turns": "{turns}"})
    '{turns} of {"a": {}} and {nothing}'
    """
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _listed(texts: Iterable[str]) -> str:
    return "\n".join(f"- {text}" for text in texts)


def _feeling(feeling: Feeling) -> str:
    return f"{feeling.emotion}, intensity {feeling.least:g} to {feeling.most:g}"


_OF_PERSONA: Mapping[str, Callable[[Persona], str]] = {
    "persona_name": lambda persona: persona.name,
    "persona_description": lambda persona: persona.description,
    "persona_background": lambda persona: persona.background,
    "persona_traits": lambda persona: ", ".join(persona.traits),
    "persona_style": lambda persona: persona.style,
    "persona_questions": lambda persona: _listed(persona.questions),
    "persona": lambda persona: _persona(persona),
}
_OF_ARC: Mapping[str, Callable[[EmotionalArc], str]] = {
    "arc_name": lambda arc: arc.name,
    "arc_start": lambda arc: _feeling(arc.start),
    "arc_middle": lambda arc: _feeling(arc.middle),
    "arc_end": lambda arc: _feeling(arc.end),
    "arc_phases": lambda arc: _listed(arc.phases),
    "arc_strategy": lambda arc: arc.strategy,
    "arc_techniques": lambda arc: _listed(arc.techniques),
    "arc_avoid": lambda arc: _listed(arc.avoid),
    "arc": lambda arc: _arc(arc),
}
_OF_TOPIC: Mapping[str, Callable[[TrainingTopic], str]] = {
    "topic_name": lambda topic: topic.name,
    "topic_description": lambda topic: topic.description,
    "topic_complexity": lambda topic: topic.complexity,
    "topic_questions": lambda topic: _listed(topic.questions),
    "topic": lambda topic: f"{topic.name}. {topic.description} ({topic.complexity})",
}
_OF_ITEM: Mapping[str, Callable[[PlannedItem], str]] = {
    "situation": lambda item: item.situation,
    "opening": lambda item: item.opening,
    "turns": lambda item: str(item.turns),
}

OF_ARC = frozenset(_OF_ARC)
"""Those that a system prompt may have: the same for all conversations of a template, so that providers keep it."""
KNOWN = frozenset({*_OF_PERSONA, *_OF_ARC, *_OF_TOPIC, *_OF_ITEM, "question"})


def arc_values(arc: EmotionalArc) -> Values:
    """What a system prompt is filled with."""
    return {name: text(arc) for name, text in _OF_ARC.items()}


def item_values(item: PlannedItem, scaffolds: Scaffolds) -> Values:
    """What a prompt is filled with. question: one of the topic's, drawn by the item's seed."""
    persona, arc, topic = scaffolds.personas[item.persona], scaffolds.arcs[item.arc], scaffolds.topics[item.topic]
    return {
        **arc_values(arc),
        **{name: text(persona) for name, text in _OF_PERSONA.items()},
        **{name: text(topic) for name, text in _OF_TOPIC.items()},
        **{name: text(item) for name, text in _OF_ITEM.items()},
        "question": topic.questions[drawn(item.seed, "question") % len(topic.questions)] if topic.questions else "",
    }


def _persona(persona: Persona) -> str:
    return "\n".join(
        (
            f"{persona.name}. {persona.description}",
            f"Background: {persona.background}",
            f"Traits: {', '.join(persona.traits)}",
            f"How they write: {persona.style}",
        )
    )


def _arc(arc: EmotionalArc) -> str:
    return "\n".join(
        (
            f"At the beginning: {_feeling(arc.start)}",
            f"On the way: {_feeling(arc.middle)}",
            f"At the end: {_feeling(arc.end)}",
            "Phases, in this order:",
            _listed(arc.phases),
            f"What the answers do throughout: {arc.strategy}",
            "Techniques of single answers:",
            _listed(arc.techniques),
            "Words that no answer says:",
            _listed(arc.avoid),
        )
    )
