"""Stage 3, second half: a model reads a conversation anew and annotates all its turns, in one request.

Its words are held against those of the arc as the writer's were; `filled` puts them where the writer told nothing, and
`agreement.py` tells how often the two say the same.
"""

from collections.abc import Sequence

import msgspec

from pipeline.generation.annotating import Told, annotated, filled
from pipeline.generation.model import EmotionalArc, Failed, MadeConversation, MadeTurn
from pipeline.generation.reading_answers import decoded
from pipeline.generation.transcripts import transcript
from pipeline.generation.vocabulary import vocabulary_of
from pipeline.generation.written_answers import Schema, closed_object, turn_fields
from pipeline.llm.asking import Answer, Message, Request

READER = "the reader"
_TOKENS_A_TURN, _TOKENS_MORE = 120, 400  # a turn's six values as JSON are some 60 tokens
_SYSTEM = (
    "You annotate conversations. You read each turn for itself, in the light of those before it, and tell what is in "
    "it, not what ought to be. Where a value cannot be told from the text, you answer null."
)
_PROMPT = """Annotate every turn of this conversation, in order.

- emotion: what is felt by whoever speaks; secondary_emotion: what else, or null.
- intensity: how strongly, from 0 (hardly) to 1 (as strongly as can be).
- valence: how pleasant, from -1 (very unpleasant) to 1 (very pleasant).
- strategy: of an answer, what it does for the one who asks; of other turns null.
- phase: which part of the conversation the turn belongs to.

{transcript}"""


class _Reread(msgspec.Struct, forbid_unknown_fields=True):
    """What the reader tells of a turn."""

    turn: int
    emotion: str | None
    secondary_emotion: str | None
    intensity: float | None
    valence: float | None
    strategy: str | None
    phase: str | None


class _Answered(msgspec.Struct, forbid_unknown_fields=True):
    """What it tells of all."""

    turns: list[_Reread]


def reread_request(
    custom_id: str, conversation: MadeConversation, arc: EmotionalArc, model: str, seed: int | None = None
) -> Request:
    """What a model is asked to annotate a conversation; the same arguments give the same request."""
    prompt = _PROMPT.format(transcript=transcript(conversation))
    most = _TOKENS_A_TURN * len(conversation.turns) + _TOKENS_MORE
    return Request(custom_id, model, _SYSTEM, (Message("user", prompt),), most, _schema(arc), 0.0, seed)


def read_reread(answer: Answer, conversation: MadeConversation, arc: EmotionalArc) -> MadeConversation | Failed:
    """The conversation with the reader's annotations alone; a turn that it left out has none, and says so."""
    told = decoded(answer, _Answered)
    if isinstance(told, Failed):
        return told
    by_turn: dict[int, _Reread] = {each.turn: each for each in reversed(told.turns)}
    words = vocabulary_of(arc)
    turns = [
        annotated(_bare(turn), _told(by_turn.get(number)), words)
        for number, turn in enumerate(conversation.turns, start=1)
    ]
    return _with_turns(conversation, turns)


def with_reread(conversation: MadeConversation, reread: MadeConversation) -> MadeConversation:
    """The conversation with what only the reader told; where both told something, the writer's word stays."""
    return _with_turns(conversation, list(map(filled, conversation.turns, reread.turns)))


def _with_turns(conversation: MadeConversation, turns: Sequence[MadeTurn]) -> MadeConversation:
    return msgspec.structs.replace(conversation, turns=tuple(turns))


def _bare(turn: MadeTurn) -> MadeTurn:
    return MadeTurn(turn.role, turn.content)


def _told(each: _Reread | None) -> Told:
    if each is None:
        return Told(None, None, None, None, None, None, READER)
    return Told(each.emotion, each.secondary_emotion, each.intensity, each.valence, each.strategy, each.phase, READER)


def _schema(arc: EmotionalArc) -> Schema:
    turn = closed_object({"turn": {"type": "integer"}, **turn_fields(arc)})
    return closed_object({"turns": {"type": "array", "items": turn}})
