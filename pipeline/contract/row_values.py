"""Rows of a dataset as people look at them: which are asked for, and what is told of each."""

from typing import Literal

from pydantic import Field

from pipeline.contract.finding_record import FindingRecord
from pipeline.contract.http_answers import Value
from pipeline.contract.marked_line import MarkedLine

MAX_ROWS = 50
MAX_TEXT_CHARACTERS = 200
SplitName = Literal["train", "validation"]


class RowQuery(Value):
    """Which rows are asked for; what is left out asks for nothing."""

    row: int | None = Field(None, ge=1, le=2**62, description="This one, by its place in the file.")
    finding: str | None = Field(
        None, max_length=100, description="With a finding of this code, as in docs/findings.md."
    )
    role: str | None = Field(None, max_length=200, description="With a turn of this role.")
    turns_min: int | None = Field(None, ge=0, le=2**31, description="With so many turns at least.")
    turns_max: int | None = Field(None, ge=0, le=2**31, description="With so many turns at most.")
    words_min: int | None = Field(None, ge=0, le=2**40, description="Of so many words at least.")
    words_max: int | None = Field(None, ge=0, le=2**40, description="Of so many words at most.")
    split: SplitName | None = Field(None, description="Of this side of the split.")
    cluster: int | None = Field(
        None, ge=1, le=2**62, description="Of this cluster of near-duplicates, named by its first row."
    )
    text: str | None = Field(
        None, max_length=MAX_TEXT_CHARACTERS, description="With a turn that holds this text, in any case."
    )
    language: str | None = Field(
        None,
        max_length=8,
        description="Whose longest answer is in this language (ISO 639-1). It is told row by row, so an answer may be "
        "short: `next_after` says where to go on.",
    )


class RowTurn(Value):
    """A turn. Long texts are cut: `characters` is how many the content has."""

    role: str
    content: str
    characters: int
    is_learned: bool = Field(description="Whether it is learned from.")
    weight: float | None
    reasoning: str | None = Field(description="What was thought before the content, where it is kept apart.")
    tool_calls: str | None = Field(description="JSON text, as OpenAI's tool_calls.")
    tool_call_id: str | None
    name: str | None
    media: list[str] = Field(description="Pictures, sounds and files that stand in the content, by name.")
    branch: str | None = Field(description="chosen or rejected, in data of preferences.")


class BrowsedRow(Value):
    """An accepted row. `turns`: the first ones of `turn_count`."""

    row: int = Field(description="Its place in the file, from 1.")
    line: int
    conversation_id: str
    turn_count: int
    word_count: int
    split: SplitName | None
    cluster: int | None = Field(description="The first row of its cluster of near-duplicates.")
    cluster_size: int = Field(description="How many conversations the cluster has; 1 for one that is like no other.")
    tools: str | None = Field(description="JSON text, as OpenAI's tools.")
    label: bool | None = Field(description="Whether the answer was liked, in data of single judgements.")
    media: list[str] = Field(description="Pictures and sounds beside the turns, by name.")
    findings: list[FindingRecord]
    turns: list[RowTurn]


class RejectedRow(Value):
    """A row that could not be read, as it stands in the upload."""

    row: int
    line: int
    findings: list[FindingRecord]
    text: MarkedLine | None = Field(description="Its beginning or the place of its first fault; null where it is gone.")


class RowPage(Value):
    """One page of accepted rows, in the order of the file. `total`: of all pages, null where a language is asked."""

    items: list[BrowsedRow]
    total: int | None
    page: int
    limit: int
    next_after: int | None = Field(
        None, description="Of a language: the row after which to go on (`after`); null at the end of the dataset."
    )
    looked_at: int = Field(0, description="Of a language: how many rows were looked at for this answer.")


class RejectedPage(Value):
    """One page of rejected rows, in the order of the file; at most 10,000 of a kind of finding are listed."""

    items: list[RejectedRow]
    total: int
    page: int
    limit: int
