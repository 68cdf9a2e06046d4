"""Rules about training pairs that repeat their conversation (brightrun-lora-v4)."""

from typing import TYPE_CHECKING

from pipeline.dataset.rules.conversation_rules import Row, RuleBook
from pipeline.dataset.rules.kinds import Severity
from pipeline.dataset.rules.mismatch import Mismatch

if TYPE_CHECKING:
    import polars as pl

    from pipeline.dataset.model.frame_columns import ConversationColumns

PAIR_RULES = RuleBook()


def _unanswered(row: Row) -> Mismatch:
    more = len(row["unanswered_pairs"]) - 1
    return Mismatch("an answer", f"none, and none in {more:,} more of its pairs" if more else "none")


@PAIR_RULES.of_conversations(
    _unanswered,
    lambda row, layout: f"{layout.turns}[{row['unanswered_pairs'][0]}].target_response",
    ("unanswered_pairs",),
)
def pair_without_target(conversation: "ConversationColumns") -> "pl.Expr":
    """A training pair has no answer.

    There is nothing to learn from it, so it is left out; the conversation's other pairs stay.

    What to do: write its target_response, or leave it out.
    """
    return conversation.unanswered_pairs.is_not_null()


@PAIR_RULES.of_conversations(
    Mismatch("a row", "a line with _meta, which is kept beside the row after it"),
    lambda *_: "$._meta",
    ("has_metadata_line",),
    Severity.NOTE,
)
def file_metadata_line(conversation: "ConversationColumns") -> "pl.Expr":
    """A line says what the file is, and is no row.

    It is kept with the conversation that follows it. Trainers that take each line for a row stop at it.

    What to do: nothing to do: conversions leave it out, or write it anew where the format has it.
    """
    return conversation.has_metadata_line
