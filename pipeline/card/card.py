"""The values that a card is drawn from. Where they come from is in `sources.py`, how they look in `page.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.formats.container_names import CONTAINER_NAMES
from pipeline.trainers.acceptance import Acceptance


@dataclass(frozen=True, slots=True)
class Spread:
    """How values are spread; all None where there are none."""

    min: int | None = None
    p50: int | None = None
    p95: int | None = None
    p99: int | None = None
    max: int | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """What a limit on tokens does to the rows."""

    max_length: int
    rows_cut: int
    share_cut: float
    rows_without_supervised_tokens: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What a card reads of the public report, under the report's names. None: not measured."""

    format: str
    format_why: str
    container: str
    compression: str
    status: Literal["ready", "error"]
    bytes: int
    lines: int
    blank_lines: int
    conversations: int
    rejected_lines: int
    turns: int
    assistant_turns: int
    answers_to_learn: int | None
    words: int
    tokens: int
    token_method: str
    tokens_standard_error: float | None
    avg_turns_per_conversation: float | None
    roles: dict[str, int]
    words_per_turn: Spread
    turns_per_conversation: Spread
    tokens_per_conversation: Spread | None
    truncation: tuple[Cut, ...] | None
    rows_by_tokens: dict[str, int] | None
    duplicate_conversation_ids: int
    exact_duplicate_conversations: int
    near_duplicate_conversations: int | None
    validation_conversations: int | None
    languages: dict[str, float] | None
    languages_sampled: int | None
    content_sha256: str | None
    finding_counts: dict[str, int]

    @property
    def is_array(self) -> bool:
        """Whether its rows are no lines, but those of an array or of another container, which may share lines."""
        return self.container in CONTAINER_NAMES


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a sample."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """One of the first conversations; long text and long conversations are cut."""

    conversation_id: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A dataset as its card shows it."""

    name: str
    """Of the dataset, or of the file."""
    path: str
    """Where it was read."""
    figures: Figures
    acceptance: tuple[Acceptance, ...] = ()
    examples: tuple[FindingRecord, ...] = ()
    """Some findings of each kind, by row."""
    samples: tuple[Conversation, ...] = ()
    words_per_turn: Mapping[int, int] | None = None
    """How often each value occurs; None where only the spread is known."""
    turns_per_conversation: Mapping[int, int] | None = None
    """How often each value occurs; None where only the spread is known."""
    dataset_id: str = ""
    """Empty and None for a file that is in no catalog."""
    owner: str = ""
    """Empty and None for a file that is in no catalog."""
    validated_at: datetime | None = None
    """Empty and None for a file that is in no catalog."""
