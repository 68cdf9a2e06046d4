"""The two frames that a block of conversations is, and their columns as expressions: what rules are written in.

`dataset/frames/` makes the frames. What the lake's tables have stands in both frames under the same name and with the
same meaning (`state/lake/schemas.py`, with units in `state/warehouse/comments.py`); what is here alone is said here.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import TypeAlias

import polars as pl
from polars.datatypes import DataTypeClass

from pipeline.dataset.model.conversation import KNOWN_ROLES

Kind: TypeAlias = pl.DataType | DataTypeClass
Schema: TypeAlias = Mapping[str, Kind]

CONVERSATIONS: Schema = {
    "row": pl.Int64,
    "line": pl.Int64,
    "byte_offset": pl.Int64,
    "conversation_id": pl.String,
    "turn_count": pl.Int64,
    "word_count": pl.Int64,
    "tools": pl.String,
    "label": pl.Boolean,
    "media": pl.String,
    "conversation_annotations": pl.String,
    "text_hash": pl.UInt64,  # XXH3 of all contents, end to end
    "text_bytes": pl.Int64,  # of all contents
    "size_step": pl.Int64,  # of the bytes, on a scale of `SIZE_STEPS` a doubling
    "assistant_turns": pl.Int64,
    "supervised_turns": pl.Int64,  # that are learned from
    "learned_turns": pl.Int64,  # that are learned from, and say or call something
    "repeated_key": pl.String,  # a field that an object of the row names more than once, and how often
    "repeated_path": pl.String,  # JSON path of the object
    "no_double": pl.String,  # the first number of the row that no double holds
    "no_double_path": pl.String,  # its JSON path
    "no_integer": pl.String,  # the first whole number that no integer of 64 bits holds, and a double rounds
    "no_integer_path": pl.String,  # its JSON path
    "has_bare_tool": pl.Boolean,  # whether a tool is the function itself, without type and function around it
    "media_fields": pl.List(pl.String),  # names of the row's fields of pictures and sounds
    "unanswered_pairs": pl.List(pl.Int64),  # places of the training pairs without an answer, from 0
    "other_replies": pl.Int64,  # how many replies of a tree of messages are none of its turns
    "has_metadata_line": pl.Boolean,  # whether a line in front of the row says what the file is
}
TURNS: Schema = {
    "row": pl.Int64,
    "line": pl.Int64,
    "turn_index": pl.Int32,
    "role": pl.String,
    "content": pl.String,
    "word_count": pl.Int32,
    "is_supervised": pl.Boolean,
    "weight": pl.Float64,
    "tool_calls": pl.String,
    "tool_call_id": pl.String,
    "speaker_name": pl.String,
    "parts": pl.String,
    "reasoning": pl.String,
    "branch": pl.String,  # chosen or rejected
    "turn_annotations": pl.String,
    "conversation": pl.Int64,  # place of the conversation in its frame, from 0
    "role_code": pl.Int64,  # among the roles of the block, which begin with KNOWN_ROLES
    "size_bytes": pl.Int64,  # of the content
    "is_border": pl.Boolean,  # not to be compared with the turn before: of another conversation or alternative
    "begins": pl.Boolean,  # first of its conversation, or of an alternative where the two share no prompt
    "first_opened": pl.Int64,  # where <think> stands first and last, and </think>: bytes of the block's text
    "last_opened": pl.Int64,
    "first_closed": pl.Int64,
    "last_closed": pl.Int64,
    "media_mark": pl.String,  # a mark of a picture or sound, where it stands at an edge of a line
    "foreign_part": pl.String,  # type of the first part that is no text
    "call_faults": pl.List(pl.String),  # codes of what is wrong in how calls are written
    "arguments_fault": pl.String,  # what arguments of a call are, where they are not the JSON of an object
    "has_double_arguments": pl.Boolean,  # whether arguments of a call are encoded twice
    "has_ids": pl.Boolean,  # whether calls of the format have ids: ShareGPT's are texts, Gemini's are parts
    "is_opening": pl.Boolean,  # the first of its part that is not of the system
    "unknown_role": pl.String,  # the role, where trainers do not know it
    "has_role": pl.Boolean,  # whether the format says who speaks: a text on its own has nobody to begin
    "tag": pl.String,  # how the row calls the role, where LLaMA-Factory does not
    "usual_tags": pl.String,  # at the first turn with a tag: how dataset_info.json would name those of the conversation
}
SIZE_STEPS = 8  # a doubling; a step is 9 %


class _Columns:
    """Each annotated name is the expression of the column."""

    def __init__(self) -> None:
        for name in type(self).__annotations__:
            setattr(self, name, pl.col(name))


class ConversationColumns(_Columns):
    """The columns of a frame of conversations that rules ask for."""

    assistant_turns: pl.Expr
    supervised_turns: pl.Expr
    learned_turns: pl.Expr
    repeated_key: pl.Expr
    no_double: pl.Expr
    no_integer: pl.Expr
    has_bare_tool: pl.Expr
    media_fields: pl.Expr
    unanswered_pairs: pl.Expr
    other_replies: pl.Expr
    has_metadata_line: pl.Expr


class TurnColumns(_Columns):
    """The columns of a frame of turns that rules ask for, and what follows from them and from the turns around."""

    conversation: pl.Expr
    turn_index: pl.Expr
    role: pl.Expr
    role_code: pl.Expr
    content: pl.Expr
    word_count: pl.Expr
    size_bytes: pl.Expr
    is_supervised: pl.Expr
    is_border: pl.Expr
    begins: pl.Expr
    is_opening: pl.Expr
    unknown_role: pl.Expr
    weight: pl.Expr
    tool_calls: pl.Expr
    tool_call_id: pl.Expr
    parts: pl.Expr
    reasoning: pl.Expr
    branch: pl.Expr
    first_opened: pl.Expr
    last_opened: pl.Expr
    first_closed: pl.Expr
    last_closed: pl.Expr
    media_mark: pl.Expr
    foreign_part: pl.Expr
    call_faults: pl.Expr
    arguments_fault: pl.Expr
    has_double_arguments: pl.Expr
    has_ids: pl.Expr
    tag: pl.Expr
    has_role: pl.Expr

    def is_of(self, *roles: str) -> pl.Expr:
        """By one of the known roles: by its code, which is a fifth of the time of its text."""
        first, *others = (self.role_code == KNOWN_ROLES.index(role) for role in roles)
        for other in others:
            first = first | other
        return first

    @cached_property
    def is_known(self) -> pl.Expr:
        """By one of KNOWN_ROLES."""
        return self.role_code < len(KNOWN_ROLES)

    @cached_property
    def is_answer(self) -> pl.Expr:
        """By the assistant."""
        return self.is_of("assistant")

    @cached_property
    def is_system(self) -> pl.Expr:
        """By the system, or by the developer, as OpenAI calls it now."""
        return self.is_of("system", "developer")

    @cached_property
    def is_result(self) -> pl.Expr:
        """The result of a tool."""
        return self.is_of("tool", "function")

    @cached_property
    def has_call(self) -> pl.Expr:
        """Calls a tool."""
        return self.tool_calls.is_not_null()

    @cached_property
    def is_thinking(self) -> pl.Expr:
        """An answer with reasoning, beside it or between marks."""
        is_marked = self.first_opened.is_not_null() | self.first_closed.is_not_null()
        return self.is_answer & (self.reasoning.is_not_null() | is_marked)

    @cached_property
    def is_first(self) -> pl.Expr:
        """The first turn of its conversation."""
        return self.turn_index == 0

    @cached_property
    def is_last(self) -> pl.Expr:
        """The last turn of its conversation."""
        return self.is_first.shift(-1, fill_value=True)

    def at_begin(self, begins: pl.Expr, value: pl.Expr) -> pl.Expr:
        """A value as it is at the beginning of each turn's part. Without `over`, which groups anew: ten times the time.

        begins: flags the turns with which parts begin; before the first of a frame the value is null.
        """
        return pl.when(begins).then(value).forward_fill()

    def count_before(self, begins: pl.Expr, flag: pl.Expr) -> pl.Expr:
        """How many turns of the same part stand before each and are flagged."""
        before = flag.cast(pl.Int64).cum_sum() - flag.cast(pl.Int64)
        return before - self.at_begin(begins, before)

    def any_of_conversation(self, flag: pl.Expr) -> pl.Expr:
        """Whether any turn of the conversation is flagged."""
        return flag.any().over(self.conversation)
