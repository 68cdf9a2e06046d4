"""Rules about what belongs together: training pairs (brightrun-lora-v4), messages, both answers of a preference."""

from typing import TYPE_CHECKING

from pipeline.dataset.rules.conversation_rules import Row, RuleBook
from pipeline.dataset.rules.kinds import Severity
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.wording import plural_of

if TYPE_CHECKING:
    import polars as pl

    from pipeline.dataset.model.frame_columns import ConversationColumns, TurnColumns

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


@PAIR_RULES.of_turns("content", Mismatch("both answers to one prompt", "two prompts"), ("branch",))
def different_prompts(turn: "TurnColumns") -> "pl.Expr":
    """The chosen and the rejected answer are to different prompts.

    Which of two answers is better is told of one question. Where the questions differ, trainers take them for a part
    of the answers and learn which question is better.

    What to do: write the prompt that both answer, or leave the row out.
    """
    is_asked = turn.is_of("user", "system", "developer")
    return turn.is_border & (turn.branch == "rejected") & is_asked


def _left_out(row: Row) -> Mismatch:
    count = row["other_replies"]
    return Mismatch(
        "one reply to each message",
        f"{count:,} more {plural_of('reply', count, 'replies')}, which the conversation leaves out",
    )


@PAIR_RULES.of_conversations(_left_out, lambda row, layout: layout.turns, ("other_replies",))
def other_replies_left_out(conversation: "ConversationColumns") -> "pl.Expr":
    """A tree of messages has more replies than the best-ranked one to each.

    A conversation is one way through its tree: from the first message the reply of the lowest rank, or the first where
    no rank is told. The others, and what follows them, are not learned.

    What to do: nothing to do, if one conversation a tree is enough; else write a row of messages for each way.
    """
    return conversation.other_replies.is_not_null()
