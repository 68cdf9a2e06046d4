"""Rules about what stands beside a text, or in it in its place: pictures, sounds, reasoning."""

from typing import TYPE_CHECKING

from pipeline.dataset.rules.conversation_rules import RuleBook
from pipeline.dataset.rules.kinds import Severity
from pipeline.dataset.rules.mismatch import Mismatch

if TYPE_CHECKING:
    import polars as pl

    from pipeline.dataset.model.frame_columns import ConversationColumns, TurnColumns

BESIDE_RULES = RuleBook()
_OPENED, _CLOSED = "<think>", "</think>"


@BESIDE_RULES.of_conversations(
    lambda row: Mismatch("text alone", f"the {' and '.join(row['media_fields'])} beside it"),
    lambda row, _: f"$.{row['media_fields'][0]}",
    ("media_fields",),
)
def media_beside_text(conversation: "ConversationColumns") -> "pl.Expr":
    """Pictures, sounds or videos stand beside the text.

    Models of text cannot read them; conversions and training jobs leave them out, and what was asked of a picture is
    then answered by guessing.

    What to do: train a model that reads them with a trainer of its own, or remove the row.
    """
    return conversation.media_fields.is_not_null()


@BESIDE_RULES.of_turns("content", lambda turn: Mismatch("words", f"the mark {turn['media_mark']}"), ("media_mark",))
def media_mark(turn: "TurnColumns") -> "pl.Expr":
    """A mark in the text stands for a picture, a sound or a video.

    A trainer of text learns the mark as words: <image> is no picture to it.

    What to do: remove the mark, or the row; or train a model that reads pictures.
    """
    return turn.media_mark.is_not_null() & ~turn.is_answer  # an answer may well speak of HTML


@BESIDE_RULES.of_turns("content", Mismatch(f"{_CLOSED} after {_OPENED}", f"{_OPENED} alone"), ("first_opened",))
def reasoning_not_closed(turn: "TurnColumns") -> "pl.Expr":
    """The reasoning in an answer has no end.

    The model learns to think and never to answer; templates take all that follows for reasoning.

    What to do: write </think> where the answer begins, or remove the row.
    """
    is_open = turn.last_closed.is_null() | (turn.last_closed < turn.last_opened)
    return turn.is_answer & turn.first_opened.is_not_null() & is_open


@BESIDE_RULES.of_turns("content", Mismatch(f"{_OPENED} before {_CLOSED}", f"{_CLOSED} alone"), ("first_closed",))
def reasoning_not_opened(turn: "TurnColumns") -> "pl.Expr":
    """The reasoning in an answer has no beginning.

    Templates of the Qwen3 family put an empty pair <think></think> before it, so that the model learns to think after
    it has done so. DeepSeek's raw output looks like this, because its prompt ends with <think>.

    What to do: write <think> where the reasoning begins, or move it into reasoning_content.
    """
    is_early = turn.first_opened.is_null() | (turn.first_closed < turn.first_opened)
    return turn.is_answer & turn.first_closed.is_not_null() & is_early


@BESIDE_RULES.of_turns("content", Mismatch(f"an answer behind {_CLOSED}", "none"), ("last_closed",))
def reasoning_without_answer(turn: "TurnColumns") -> "pl.Expr":
    """An answer is reasoning alone.

    The model learns to think, and to say nothing.

    What to do: write the answer behind </think>, or remove the row.
    """
    ends_so = turn.content.str.contains(f"{_CLOSED}\\s*$")
    return turn.is_answer & turn.last_closed.is_not_null() & ends_so & ~turn.has_call


@BESIDE_RULES.of_turns(
    "turn",
    Mismatch("all of an answer in its content", "its reasoning beside it"),
    ("reasoning",),
    Severity.NOTE,
)
def reasoning_apart(turn: "TurnColumns") -> "pl.Expr":
    """An answer has its reasoning in a field of its own.

    It is learned only where the model's chat template writes reasoning_content, as those of Qwen3, DeepSeek and Kimi
    do; other templates, OpenAI and LLaMA-Factory leave it out.

    What to do: train a model whose template writes it, or put it between <think> and </think> in front of the answer.
    """
    return turn.reasoning.is_not_null()


@BESIDE_RULES.of_turns(
    "turn",
    Mismatch("reasoning in what answers the last question only", "some in an earlier answer"),
    ("reasoning", "first_opened", "first_closed"),
    Severity.NOTE,
)
def reasoning_in_earlier_answers(turn: "TurnColumns") -> "pl.Expr":
    """An answer before the last question has reasoning.

    The templates of Qwen3, DeepSeek and Kimi drop it there, so only what answers the last one is learned.

    What to do: make each answer the last of a row of its own, if its reasoning is to be learned.
    """
    last_question = turn.turn_index.filter(turn.is_of("user")).max().over(turn.conversation)
    return turn.is_thinking & (turn.turn_index < last_question)
