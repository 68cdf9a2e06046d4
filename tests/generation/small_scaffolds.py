"""Scaffolds of any number, small and whole, for tests of plans and requests."""

from collections.abc import Mapping, Sequence

from pipeline.generation.model import EmotionalArc, Feeling, Persona, PromptTemplate, Scaffolds, TrainingTopic

PROMPT = "{arc_name} {persona} {situation} {opening} {topic} {turns}"


def keys(word: str, count: int) -> list[str]:
    return [f"{word}_{number}" for number in range(count)]


def persona(key: str, **changed: object) -> Persona:
    fields = {"name": key.title(), "description": "Asks", "background": "Works", "traits": ("calm",), "style": "short"}
    own = {"situations": ("rent is due", "a letter came", "pay day"), "openings": ("asks", "greets"), **changed}
    return Persona(key=key, **fields, **own)


def arc(key: str, **changed: object) -> EmotionalArc:
    feelings = {
        "start": Feeling(emotion="worried", least=0.6, most=0.9),
        "middle": Feeling(emotion="uncertain", least=0.4, most=0.6),
        "end": Feeling(emotion="calm", least=0.1, most=0.4),
    }
    turns = {"turns_min": 4, "turns_max": 8}
    words = {"phases": ("arriving", "leaving"), "strategy": "listen", "techniques": ("naming",), "avoid": ("relax",)}
    return EmotionalArc(**{"key": key, "name": key, "tier": "template", **feelings, **words, **turns, **changed})


def topic(key: str, **changed: object) -> TrainingTopic:
    fields = {"name": key, "description": "All of it", "complexity": "simple", "questions": ("Why?", "When?")}
    return TrainingTopic(**{"key": key, **fields, **changed})


def template(key: str, **changed: object) -> PromptTemplate:
    return PromptTemplate(
        **{"key": key, "name": key, "tier": "template", "system": "You write.", "prompt": PROMPT, **changed}
    )


def scaffolds(
    personas: int = 2, arcs: int = 3, topics: int = 4, suiting: Mapping[str, Sequence[str]] | None = None
) -> Scaffolds:
    """suiting: the arcs of personas that do not suit all."""
    made = {key: persona(key, arcs=tuple((suiting or {}).get(key, ()))) for key in keys("persona", personas)}
    return Scaffolds(
        personas=made,
        arcs={key: arc(key) for key in keys("arc", arcs)},
        topics={key: topic(key) for key in keys("topic", topics)},
        templates={"plain": template("plain")},
    )
