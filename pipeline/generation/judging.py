"""Stage 4: another model judges a conversation by the rubric, and what it says is held against the conversation.

A score whose quote is not in the text is None, with the reason; what was not judged has no score, and no other number
ever stands in its place. How a score decides is in `accepting.py`; how far a judge agrees with itself, in
`agreement.py`.
"""

import hashlib
import re
from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from pipeline.errors import UsageError
from pipeline.generation.model import EmotionalArc, Failed, Judgement, MadeConversation, Persona
from pipeline.generation.quotes import is_quoted_from
from pipeline.generation.reading_answers import decoded
from pipeline.generation.rubric import (
    CRITERIA,
    LEAST_SCORE,
    MEANINGS,
    MOST_SCORE,
    PROMPT,
    SYSTEM,
    VERSION,
    Criterion,
    in_order,
)
from pipeline.generation.transcripts import transcript
from pipeline.generation.written_answers import Schema, closed_object, or_null
from pipeline.llm.asking import Answer, Message, Request
from pipeline.wording import cut

TWICE_SHARE = 0.05  # of conversations that are judged a second time
_MOST_TOKENS = 1_500  # a reason of five sentences and four quotes are some 600
_SHOWN_CHARACTERS = 80
# What names a day or the newest of a model's versions; both are the same model.
_VERSION_OF_MODEL = re.compile(r"(?:[-@]\d{4}-?\d{2}-?\d{2}|[-:]latest)$")


class _Judged(msgspec.Struct, forbid_unknown_fields=True):
    quote: str
    score: int | None


class _Answered(msgspec.Struct, forbid_unknown_fields=True):
    reason: str
    criteria: dict[str, _Judged]
    is_arc_reached: bool | None


def check_judge(judge: str, writer: str) -> None:
    """See that nobody judges what it wrote itself.

    Raises:
        UsageError: both are the same model, by whatever name of it.
    """
    if _model_of(judge) == _model_of(writer):
        raise UsageError(f"expected another model as judge than the one that writes, {writer}; found {judge}")


def _model_of(name: str) -> str:
    return _VERSION_OF_MODEL.sub("", name.casefold().rpartition("/")[2])


def judge_request(
    custom_id: str,
    conversation: MadeConversation,
    persona: Persona,
    arc: EmotionalArc,
    *,
    judge: str,
    writer: str,
    seed: int,
) -> Request:
    """What a model is asked to judge a conversation. seed: of the order in which the criteria stand.

    Raises:
        UsageError: it wrote the conversation itself.
    """
    check_judge(judge, writer)
    order = in_order(seed)
    prompt = PROMPT.format(
        person=f"{persona.name}. {persona.style}",
        purpose=f"{arc.name}. {arc.strategy}",
        start=f"with {arc.start.emotion}",
        end=f"with {arc.end.emotion}",
        criteria="\n".join(f"- {name}: {MEANINGS[name]}" for name in order),
        transcript=transcript(conversation),
    )
    return Request(custom_id, judge, SYSTEM, (Message("user", prompt),), _MOST_TOKENS, judge_schema(order), 0.0, seed)


def judge_schema(order: Iterable[Criterion] = CRITERIA) -> Schema:
    """The JSON Schema of a judgement: the reason, then of each criterion the quote before the score."""
    scores = or_null({"type": "integer", "enum": list(range(LEAST_SCORE, MOST_SCORE + 1))})
    judged = closed_object({"quote": {"type": "string"}, "score": scores})
    criteria = closed_object(dict.fromkeys(order, judged))
    reached = or_null({"type": "boolean"})
    return closed_object({"reason": {"type": "string"}, "criteria": criteria, "is_arc_reached": reached})


def read_judgement(answer: Answer, conversation: MadeConversation, model: str) -> Judgement | Failed:
    """What the judge said, as far as it holds. model: that answered."""
    told = decoded(answer, _Answered)
    if isinstance(told, Failed):
        return told
    if not told.reason.strip():
        return Failed("validation_error", "expected a reason before the scores, found none")
    texts = [turn.content for turn in conversation.turns]
    missing: dict[str, str] = {name: why for name in CRITERIA if (why := _why_not(told.criteria.get(name), texts))}
    scores: dict[str, int | None] = {name: None if name in missing else told.criteria[name].score for name in CRITERIA}
    evidence: dict[str, str] = {
        name: each.quote for name in CRITERIA if (each := told.criteria.get(name)) and each.quote.strip()
    }
    return Judgement(scores, evidence, told.reason.strip(), told.is_arc_reached, model, VERSION, missing)


def _why_not(judged: _Judged | None, texts: Collection[str]) -> str | None:
    """Why a criterion has no score that holds; None where it has."""
    if judged is None:
        return "not judged"
    if judged.score is None:
        return "the judge gave no score"
    if not LEAST_SCORE <= judged.score <= MOST_SCORE:
        return f"expected a score from {LEAST_SCORE} to {MOST_SCORE}, found {judged.score}"
    if not is_quoted_from(judged.quote, texts):
        return f"expected a quote of the conversation, found {cut(judged.quote, _SHOWN_CHARACTERS)!r}"
    return None


def score_of(judgement: Judgement | None) -> float | None:
    """The mean of all criteria; None where any of them has no score: the rest would be a mean of something else."""
    scores: list[Any] = [judgement.scores.get(name) for name in CRITERIA] if judgement else [None]
    return None if None in scores else sum(scores) / len(scores)


def judged_twice(conversation_ids: Iterable[str], seed: int, share: float = TWICE_SHARE) -> list[str]:
    """Which conversations are judged a second time: the same ones for the same seed, and of any at least one."""

    def place(conversation_id: str) -> bytes:
        return hashlib.sha256(f"{seed}\0{conversation_id}".encode()).digest()

    ranked = sorted(conversation_ids, key=place)
    return ranked[: max(1, round(share * len(ranked)))] if share > 0 else []
