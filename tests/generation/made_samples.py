"""Scaffolds, items, answers and conversations for tests: small, whole, and each unlike the others."""

import json
from random import Random

from pipeline.generation.model import (
    EmotionalArc,
    Feeling,
    Judgement,
    MadeConversation,
    MadeTurn,
    Persona,
    PlannedItem,
    PromptTemplate,
    Scaffolds,
    TrainingTopic,
)
from pipeline.generation.rubric import CRITERIA, VERSION
from pipeline.llm.asking import Answer

ARC = EmotionalArc(
    key="fear_to_calm",
    name="From fear to calm",
    tier="template",
    start=Feeling(emotion="afraid", least=0.5, most=0.9),
    middle=Feeling(emotion="hopeful", least=0.3, most=0.6),
    end=Feeling(emotion="calm", least=0.1, most=0.4),
    phases=("arriving", "looking closer", "leaving"),
    strategy="Take the fear seriously before anything else",
    techniques=("naming the feeling", "one small step"),
    avoid=("calm down", "it could be worse"),
    turns_min=2,
    turns_max=6,
)
OTHER_ARC = ARC.model_copy(update={"key": "anger_to_plan", "name": "From anger to a plan", "tier": "edge_case"})
PERSONAS = {
    key: Persona(
        key=key, name=name, description="Asks a lot", background="A baker", traits=("thorough",), style="plain"
    )
    for key, name in (("careful_planner", "Ines - the careful planner"), ("quick_starter", "Oskar - the quick starter"))
}
TOPICS = {
    key: TrainingTopic(key=key, name=key, description="All about it", complexity=complexity)
    for key, complexity in (("first_mortgage", "complex"), ("pension", "simple"))
}
TEMPLATE = PromptTemplate(
    key="plain", name="Plain and simple prompt", tier="template", system="You write.", prompt="Write of {persona_name}."
)
SCAFFOLDS = Scaffolds(PERSONAS, {arc.key: arc for arc in (ARC, OTHER_ARC)}, TOPICS, {"plain": TEMPLATE})
SYSTEM = "You are a patient adviser."

_WORDS = (
    "because kitchen window letter money garden morning paper number teacher winter summer bridge market village "
    "doctor sister brother mother uncle river mountain island harbour engine ticket station corner basket candle "
    "pencil blanket pillow shoulder finger stomach forest meadow orchard pumpkin carrot onion butter cheese honey "
    "careful gentle quiet steady narrow heavy simple golden silver wooden broken hidden frozen shallow distant "
    "carry follow gather borrow travel listen wander measure repair choose forget remember answer promise deliver "
    "slowly often always seldom together outside under between toward against beyond around during without "
).split()


def sentences(random: Random, count: int) -> str:
    """So many sentences that nobody else says."""
    said = (" ".join(random.sample(_WORDS, random.randrange(9, 16))) for _ in range(count))
    return " ".join(f"{words[0].upper()}{words[1:]}." for words in said)


def item(number: int = 1, turns: int = 4, **changed: object) -> PlannedItem:
    """A conversation that is to be made."""
    fields = {"persona": "careful_planner", "arc": ARC.key, "topic": "pension", "template": "plain", "tier": "template"}
    return PlannedItem(number, **{**fields, "seed": number, "turns": turns, "opening": "", "situation": "", **changed})


def conversation(seed: int = 1, turns: int = 4) -> MadeConversation:
    """A conversation that is well in every way, annotated."""
    random = Random(seed)
    made = [_turn(random, number) for number in range(turns)]
    return MadeConversation(f"Talk {seed}", SYSTEM, tuple(made), "On the phone", "Sleeps again")


def _turn(random: Random, number: int) -> MadeTurn:
    content = sentences(random, 3)
    if number % 2:
        return MadeTurn("assistant", content, strategy=ARC.techniques[0], phase="looking closer")
    return MadeTurn("user", content, emotion="afraid", intensity=0.5, valence=-0.25, phase="arriving")


def written(made: MadeConversation, **changed: object) -> dict:
    """The same as a model answers it."""
    names = ("role", "content", "emotion", "secondary_emotion", "intensity", "valence", "strategy", "phase")
    turns = [{name: getattr(turn, name) for name in names} for turn in made.turns]
    told = {"title": made.title, "session_context": made.session_context, "expected_outcome": made.expected_outcome}
    return {**told, "turns": turns, **changed}


def answer(value: object, **changed: object) -> Answer:
    """An answer of that JSON, or of that text."""
    text = value if isinstance(value, str) else json.dumps(value)
    return Answer(**{"custom_id": "a", "outcome": "succeeded", "text": text, "stop_reason": "end_turn", **changed})


def judgement(score: int | None = 4, **scores: int | None) -> Judgement:
    """A judgement with this score in all criteria but those named."""
    given = {name: scores.get(name, score) for name in CRITERIA}
    missing = {name: "not judged" for name, each in given.items() if each is None}
    return Judgement(given, {}, "It holds.", True, "judge", VERSION, missing)
