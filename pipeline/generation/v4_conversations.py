"""A made conversation as brightrun-lora-v4 has it: a training pair for each answer, with what was said before.

What the format has no word for stands beside its fields, which it allows. What is not known is null.
"""

from typing import Any

from pipeline.generation.file_content import FileConversation
from pipeline.generation.judging import score_of
from pipeline.generation.model import MadeTurn
from pipeline.generation.rubric import CRITERIA

Row = dict[str, Any]
_NEUTRAL = 0.2  # a valence that is nearer to 0 is neither
_FELT = ("emotion", "secondary_emotion", "intensity", "valence")


def v4_conversation(chosen: FileConversation) -> Row:
    """A conversation of training.json: what is said of it, and its pairs."""
    return {"conversation_metadata": conversation_metadata(chosen), "training_pairs": training_pairs(chosen)}


def training_pairs(chosen: FileConversation) -> list[Row]:
    """One for each answer. No history has its pair's question: it is said once."""
    turns = chosen.conversation.turns
    history = [_entry(number, turn) for number, turn in enumerate(turns, start=1)]
    places = enumerate(answered(chosen), start=1)
    return [_pair(chosen, number, place, history[: place - 1]) for number, place in places]


def answered(chosen: FileConversation) -> list[int]:
    """The places of answers that follow a question, from 0 on."""
    roles = [turn.role for turn in chosen.conversation.turns]
    return [place for place in range(1, len(roles)) if roles[place - 1 : place + 1] == ["user", "assistant"]]


def conversation_metadata(chosen: FileConversation, phase: str | None = None) -> Row:
    """What is said of a conversation. phase: of the pair that it stands in."""
    origin, made = chosen.origin, chosen.conversation
    return {
        "conversation_id": chosen.conversation_id,
        "conversation_version": chosen.version,
        "title": made.title,
        "client_persona": origin.persona.name,
        "persona_archetype": origin.persona.key,
        "client_background": origin.persona.background,
        "emotional_arc": origin.arc.name,
        "emotional_arc_key": origin.arc.key,
        "training_topic": origin.topic.name,
        "training_topic_key": origin.topic.key,
        "session_context": made.session_context or None,
        "conversation_phase": phase,
        "expected_outcome": made.expected_outcome or None,
        "tier": origin.arc.tier,
        "split": chosen.side,
    }


def input_parameters(chosen: FileConversation) -> Row:
    """Which scaffolds it was made of, and of which versions."""
    origin = chosen.origin
    named = {f"{kind}_key": key for kind, key in origin.keys.items()}
    return {**named, **{f"{kind}_version": version for kind, version in origin.in_order().items()}}


def _pair(chosen: FileConversation, number: int, place: int, history: list[Row]) -> Row:
    question, answer = chosen.conversation.turns[place - 1 : place + 1]
    return {
        "id": f"{chosen.conversation_id}_turn{number}",
        "conversation_id": chosen.conversation_id,
        "turn_number": number,
        "conversation_metadata": conversation_metadata(chosen, answer.phase or question.phase),
        "system_prompt": chosen.conversation.system or None,
        "conversation_history": history,
        "current_user_input": question.content,
        "emotional_context": {"detected_emotions": _felt(question)},
        "target_response": answer.content,
        "training_metadata": _training_metadata(chosen, answer),
    }


def _training_metadata(chosen: FileConversation, answer: MadeTurn) -> Row:
    judgement = chosen.judgement
    return {
        "difficulty": chosen.origin.topic.complexity,
        "objective": chosen.origin.arc.strategy,
        "skills": list(chosen.origin.arc.techniques),
        "strategy": answer.strategy,
        "quality_score": score_of(judgement),
        "quality_criteria": {name: judgement.scores.get(name) for name in CRITERIA} if judgement else None,
        "quality_tier": chosen.quality_tier,
        "human_reviewed": chosen.is_reviewed,
        "reviewer_notes": chosen.reviewer_notes,
    }


def _entry(number: int, turn: MadeTurn) -> Row:
    return {"turn": number, "role": turn.role, "content": turn.content, "emotional_state": _felt(turn)}


def _felt(turn: MadeTurn) -> Row | None:
    """What is felt in a turn; None where nobody told it."""
    if all(getattr(turn, name) is None for name in _FELT):
        return None
    return {
        "primary": turn.emotion,
        "secondary": turn.secondary_emotion,
        "intensity": turn.intensity,
        "valence": _valence(turn.valence),
        "valence_score": turn.valence,
    }


def _valence(valence: float | None) -> str | None:
    if valence is None:
        return None
    return "neutral" if abs(valence) < _NEUTRAL else "positive" if valence > 0 else "negative"
