"""Rules about what is learned from, about contents that are no plain text, and about fields that stand twice."""

from typing import TYPE_CHECKING

from pipeline.dataset.model.printable import printable
from pipeline.dataset.rules.conversation_rules import RuleBook, of_role
from pipeline.dataset.rules.mismatch import Mismatch

if TYPE_CHECKING:
    import polars as pl

    from pipeline.dataset.model.frame_columns import ConversationColumns, TurnColumns

WEIGHT_RULES, LEARNING_RULES, FIELD_RULES = RuleBook(), RuleBook(), RuleBook()
_WEIGHTS = ("weight",)


@WEIGHT_RULES.of_turns("turn", lambda turn: Mismatch("a weight of 0 or 1", f"{turn['weight']:.6g}"), _WEIGHTS)
def partial_weight(turn: "TurnColumns") -> "pl.Expr":
    """A weight is neither 0 nor 1.

    OpenAI, Together and Fireworks refuse it; other trainers ignore weights.

    What to do: write 1 to learn from the turn, 0 to leave it out.
    """
    return (turn.weight != 0) & (turn.weight != 1)


@WEIGHT_RULES.of_turns("turn", of_role("weights on the assistant's turns only", "one on {}"), _WEIGHTS)
def weight_on_non_assistant(turn: "TurnColumns") -> "pl.Expr":
    """A weight stands on a turn of another role.

    Only the assistant's turns are learned from, so the weight does nothing or stops the trainer.

    What to do: remove the weight, or set it to 0.
    """
    return (turn.weight > 0) & ~turn.is_answer


@WEIGHT_RULES.of_turns(
    "content",
    lambda turn: Mismatch("parts of text", f"one of type {printable(turn['foreign_part'])!r}"),
    ("foreign_part",),
)
def unsupported_content_part(turn: "TurnColumns") -> "pl.Expr":
    """A content has a part that is no text.

    Models of text cannot read images, sounds and files; the part is dropped, or stops the trainer.

    What to do: remove the part, or train a model that reads it.
    """
    return turn.foreign_part.is_not_null()


@LEARNING_RULES.of_conversations(Mismatch("an answer to learn from", "only empty ones or such of weight 0"))
def nothing_supervised(conversation: "ConversationColumns") -> "pl.Expr":
    """No answer is learned from.

    The line costs time and trains nothing; a batch of such lines shows a loss of 0.

    What to do: give an answer a weight of 1 and some words, or remove the line.
    """
    return (conversation.learned_turns == 0) & (conversation.assistant_turns > 0)  # without any it is told elsewhere


@FIELD_RULES.of_conversations(
    lambda row: Mismatch("each field once", row["repeated_key"]), lambda row, _: row["repeated_path"], ("repeated_key",)
)
def repeated_key(conversation: "ConversationColumns") -> "pl.Expr":
    """An object names a field twice.

    Most readers take the last and say nothing, so the first is lost; Arrow, and with it the dataset loader of TRL,
    Axolotl and LLaMA-Factory, stops.

    What to do: keep one of the two, or give them names of their own.
    """
    return conversation.repeated_key.is_not_null()


@FIELD_RULES.of_conversations(
    lambda row: Mismatch("numbers that a double holds", row["no_double"]),
    lambda row, _: row["no_double_path"],
    ("no_double",),
)
def number_too_large(conversation: "ConversationColumns") -> "pl.Expr":
    """A number is larger than a double holds.

    Arrow, and with it the dataset loader of TRL, Axolotl and LLaMA-Factory, refuses the whole file; others read it as
    infinite.

    What to do: write a smaller number, or a text, or leave the field out.
    """
    return conversation.no_double.is_not_null()


@FIELD_RULES.of_conversations(
    lambda row: Mismatch("whole numbers of at most 64 bits", row["no_integer"]),
    lambda row, _: row["no_integer_path"],
    ("no_integer",),
)
def integer_too_large(conversation: "ConversationColumns") -> "pl.Expr":
    """A whole number is outside of -2^63 to 2^63 - 1, which 64 bits hold.

    Arrow, and whoever else makes a table of the file, takes it for a double and rounds it: of an id, the last digits
    are lost.

    What to do: write an id as a text, or a smaller number.
    """
    return conversation.no_integer.is_not_null()
