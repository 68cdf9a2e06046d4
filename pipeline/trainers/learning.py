"""What of a conversation is learned from, within the length of a job; the same for every trainer.

A turn is learned from when the dataset says so and its weight is not 0. What follows the last such turn teaches
nothing and is left out; a conversation without any is dropped, and so is one whose first lies beyond max_length.
Of judgements only the last answer is learned, so that it and a question are what a row must have.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.dataset.convert.conversations import Said, Talk
from pipeline.dataset.tokens import TURN_OVERHEAD_TOKENS, Tokenizer
from pipeline.trainers.trainer import Objective

DropReason = Literal["nothing-supervised", "answer-cut-off", "no-question", "not-one-answer"]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A conversation that is not in the training files."""

    row: int
    line: int
    reason: DropReason


def is_learned(said: Said) -> bool:
    """Whether the model learns to say it."""
    return said.is_supervised and said.weight != 0


def prepare(talk: Talk, max_length: int, tokenizer: Tokenizer, objective: Objective = "sft") -> Talk | Dropped:
    """The conversation up to its last learned turn, or why there is nothing to learn."""
    places = [place for place, said in enumerate(talk.turns) if is_learned(said)]
    if not places:
        return Dropped(talk.row, talk.line, "nothing-supervised")
    is_judged = objective in {"preference", "kto"}
    if is_judged and places[-1] == 0:
        return Dropped(talk.row, talk.line, "no-question")
    if objective == "preference" and not _is_one_answer_each(talk, places):
        return Dropped(talk.row, talk.line, "not-one-answer")
    if _begins_after(talk.turns[: places[-1] if is_judged else places[0]], max_length, tokenizer):
        return Dropped(talk.row, talk.line, "answer-cut-off")
    lost = talk.lost - {"rejected-answers"} if objective == "preference" else talk.lost
    return replace(talk, turns=[_settled(said) for said in talk.turns[: places[-1] + 1]], lost=lost)


def has_fraction(said: Said) -> bool:
    """Whether it counts neither in full nor not at all."""
    return said.weight not in (None, 0, 1)


def has_unlearned_answers(talk: Talk) -> bool:
    """Whether some of its answers are only there for the ones that follow."""
    return any(said.role == "assistant" and not is_learned(said) for said in talk.turns)


def answers_apart(talk: Talk) -> Iterator[Talk]:
    """One conversation for each learned turn, which is its last; for trainers that learn from the last alone."""
    for place, said in enumerate(talk.turns):
        if is_learned(said):
            yield replace(talk, turns=talk.turns[: place + 1])


def _is_one_answer_each(talk: Talk, places: list[int]) -> bool:
    """Whether the alternatives are one answer each, which is all that Axolotl and LLaMA-Factory take."""
    return places == [len(talk.turns) - 1] and [said.role for said in talk.rejected] == ["assistant"]


def _settled(said: Said) -> Said:
    """With a weight only where it says more than the role: 0 for context, or a fraction."""
    learned = is_learned(said)
    if said.role == "assistant" and not learned:
        return replace(said, is_supervised=False, weight=0.0)
    return replace(said, is_supervised=learned, weight=said.weight if has_fraction(said) else None)


def _begins_after(before: list[Said], max_length: int, tokenizer: Tokenizer) -> bool:
    """Whether the turns before an answer fill the length; a token has at least one byte, so most need no counting."""
    overhead = TURN_OVERHEAD_TOKENS * (len(before) + 1)
    texts = [said.content + (said.tool_calls or "") for said in before]
    if sum(len(text.encode()) for text in texts) + overhead < max_length:
        return False
    return int(tokenizer.count(texts).sum()) + overhead >= max_length
