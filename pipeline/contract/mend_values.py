"""What mending a dataset would change, and how two datasets differ: as API, client and pages have it."""

from typing import Literal

from pydantic import Field

from pipeline.contract.http_answers import Value

DifferenceKind = Literal[
    "text",
    "reasoning",
    "tool calls",
    "tool call id",
    "speaker",
    "branch",
    "media",
    "tools",
    "label",
    "learned",
    "weight",
    "beyond what is shown",
]


class MendCount(Value):
    """How many rows one remedy changes, or how many findings of a code are left."""

    code: str
    what: str = Field(description="What is done, or what a person has to do.")
    count: int


class MendExample(Value):
    """A row as it stands and as it would be, cut around what changes; what cannot be printed is escaped."""

    code: str
    row: int
    line: int
    before: str
    after: str | None = Field(description="Null for a row that is put aside.")


class MendPreview(Value):
    """What mending would do. `lines_in` are those kept and those put aside."""

    is_ready: bool = Field(description="Whether the mended file could be trained on.")
    refusal: str | None = Field(description="Why the file cannot be mended at all.")
    lines_in: int
    lines_out: int
    lines_aside: int
    lines_changed: int
    lines_rejected: int
    mended: list[MendCount]
    rejected: list[MendCount] = Field(description="What is put aside because of an error.")
    remaining: list[MendCount] = Field(description="Findings of the mended file: only a person can decide.")
    examples: list[MendExample]


class ComparedFigure(Value):
    """A figure of both datasets."""

    name: str
    before: int
    after: int


class ComparedFindings(Value):
    """How often a finding occurs in both; 0 before is a new one, 0 after is one that is gone."""

    code: str
    severity: str
    before: int
    after: int


class ChangedRow(Value):
    """A row of the same id, or at the same place, that says something else: the first thing that differs.

    `before` and `after` are of what `what` names: a turn's text first, then what is beside the texts.
    """

    before_row: int
    after_row: int
    conversation_id: str
    what: DifferenceKind = Field("text", description="The kind of thing that differs.")
    before: str
    after: str


class DatasetComparison(Value):
    """How two datasets differ, by what their accepted rows say, wherever they stand. `rows_…` name the first ones."""

    before_id: str
    after_id: str
    unchanged: int
    added: int
    removed: int
    changed: int = Field(description="Rows of the same id, or at the same place, that say something else.")
    rows_added: list[int] = Field(description="Places in the newer dataset.")
    rows_removed: list[int] = Field(description="Places in the older dataset.")
    rows_changed: list[ChangedRow]
    figures: list[ComparedFigure]
    findings: list[ComparedFindings]
