"""Stage 1: from a model's answer to a conversation that is whole, or why it is none.

What was told of the turns is held against the arc's words (`annotating.py`); a value that is missing stays missing.
Which failure is worth another draw is in `draws.py`; what a person would not want to train on, in `screening.py`.
"""

from collections.abc import Iterator, Sequence

from pipeline.generation.annotating import Told, annotated
from pipeline.generation.cut_turns import cut_sign, is_closed, words_of
from pipeline.generation.model import EmotionalArc, Failed, MadeConversation, MadeTurn, PlannedItem
from pipeline.generation.reading_answers import decoded, is_cut_off
from pipeline.generation.vocabulary import vocabulary_of
from pipeline.generation.written_answers import WrittenConversation, WrittenTurn
from pipeline.llm.asking import Answer

_SHOWN_FAULTS = 5


def parsed(
    answer: Answer, item: PlannedItem, arc: EmotionalArc, system: str | None = None
) -> MadeConversation | Failed:
    """The conversation of an answer. arc: the item's. system: the system prompt; None where the model writes it.

    An answer that was cut off is taken if nothing of it is missing: it is valid, and each turn ends as sentences do.
    """
    written = decoded(answer, WrittenConversation)
    if isinstance(written, Failed):
        return written
    texts = [turn.content.strip() for turn in written.turns]
    prompt = (written.system or "").strip() if system is None else system
    faults = [
        *_faults(written.title, [turn.role for turn in written.turns], texts),
        *_faults_of_plan(len(texts), item, arc),
        *([] if prompt or system is not None else ["expected a system prompt, found none"]),
    ]
    if faults:
        return Failed("validation_error", _listed(faults))
    if cuts := list(_cuts(written.turns, texts, was_cut=is_cut_off(answer))):
        return Failed("truncation", _listed(cuts))
    return _made(written, texts, arc, prompt)


def faults_of(conversation: MadeConversation) -> list[str]:
    """What a conversation lacks to be whole, whoever wrote it: a person who edits one may leave a turn empty."""
    texts = [turn.content.strip() for turn in conversation.turns]
    return list(_faults(conversation.title, [turn.role for turn in conversation.turns], texts))


def _faults(title: str, roles: Sequence[str], texts: Sequence[str]) -> Iterator[str]:
    if not title.strip():
        yield "expected a title, found none"
    if fault := _role_fault(roles):
        yield fault
    for number, text in enumerate(texts, start=1):
        if not text:
            yield f"turn {number}: expected words, found none"


def _role_fault(roles: Sequence[str]) -> str | None:
    """The first that is wrong with the order of turns: all that follow would be wrong by it."""
    for number, role in enumerate(roles):
        expected = "assistant" if number % 2 else "user"
        if role != expected:
            return f"turn {number + 1}: expected the {expected}, found the {role}"
    return None if roles and len(roles) % 2 == 0 else "expected the assistant to have the last turn, found none of it"


def _faults_of_plan(count: int, item: PlannedItem, arc: EmotionalArc) -> Iterator[str]:
    if count != item.turns and not arc.turns_min <= count <= arc.turns_max:
        yield f"expected {item.turns} turns, or {arc.turns_min} to {arc.turns_max}, found {count}"


def _cuts(turns: Sequence[WrittenTurn], texts: Sequence[str], *, was_cut: bool) -> Iterator[str]:
    for number, (turn, text) in enumerate(zip(turns, texts, strict=True)):
        if is_closed(text) and text.count("```") % 2 == 0:
            continue
        others = [*texts[:number], text.rpartition(" ")[0], *texts[number + 1 :]]
        sign = cut_sign(text, turn.role == "assistant", frozenset(words_of(others)))
        if sign is None and was_cut:
            sign = "no mark, in an answer that was cut off"
        if sign:
            yield f"turn {number + 1}: expected the end of a sentence, found {sign}"


def _made(written: WrittenConversation, texts: Sequence[str], arc: EmotionalArc, system: str) -> MadeConversation:
    words = vocabulary_of(arc)
    turns = (
        annotated(MadeTurn(turn.role, text), _told(turn), words)
        for turn, text in zip(written.turns, texts, strict=True)
    )
    return MadeConversation(
        written.title.strip(),
        system,
        tuple(turns),
        written.session_context.strip(),
        written.expected_outcome.strip(),
    )


def _told(turn: WrittenTurn) -> Told:
    return Told(turn.emotion, turn.secondary_emotion, turn.intensity, turn.valence, turn.strategy, turn.phase)


def _listed(faults: Sequence[str]) -> str:
    more = len(faults) - _SHOWN_FAULTS
    return "; ".join(faults[:_SHOWN_FAULTS]) + (f"; and {more} more" if more > 0 else "")
