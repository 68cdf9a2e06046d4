"""The figures of a dataset, as a sum over its parts: statistics of a + statistics of b == statistics of a ‖ b."""

from collections import Counter
from dataclasses import dataclass, field, fields

import numpy as np
import polars as pl

from pipeline.dataset.frames.figures import Figures, counted, counts_of
from pipeline.dataset.model.conversation import KNOWN_ROLES
from pipeline.dataset.model.frame_columns import TurnColumns
from pipeline.dataset.model.xxh3 import hash_strings
from pipeline.dataset.reading.block_verdicts import Verdicts
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.tokens.spread import TOKENS_PER_WORD

MAX_ROLES = 10_000
ROLE_CHARACTERS = 200  # of a role's name; a hostile one is as long as a line may be
SAMPLE_CONVERSATIONS = 3
SAMPLE_TURNS = 20
SAMPLE_CHARACTERS = 2_000

Sample = dict[str, str | list[dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts over some lines of a file; `+` joins two neighbouring parts, in file order."""

    lines: int = 0
    blank_lines: int = 0
    conversations: int = 0
    rejected_lines: int = 0
    turns: int = 0
    assistant_turns: int = 0
    answers_to_learn: int = 0
    """Turns that are learned from, and say or call something."""
    words: int = 0
    thinking_conversations: int = 0
    """Those with an answer that has reasoning."""
    roles: Counter[str] = field(default_factory=Counter)
    """Turns by role (see `merge_roles`), long names cut."""
    words_per_turn: Counter[int] = field(default_factory=Counter)
    """How often each value occurs."""
    turns_per_conversation: Counter[int] = field(default_factory=Counter)
    """How often each value occurs."""
    finding_counts: Counter[str] = field(default_factory=Counter)
    samples: tuple[Sample, ...] = ()
    """The first three conversations, long text cut."""

    def __add__(self, other: "Statistics") -> "Statistics":
        """The statistics of both parts together."""
        sums = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        sums["roles"] = merge_roles(self.roles, other.roles)
        sums["samples"] = sums["samples"][:SAMPLE_CONVERSATIONS]
        return Statistics(**sums)

    @property
    def tokens(self) -> int:
        """Words × 1.3, rounded (half to even)."""
        return round(self.words * TOKENS_PER_WORD)

    @property
    def training_pairs(self) -> int:
        """Counts turns, as the replaced system did; the name is the contract."""
        return self.turns


def turn_figures() -> dict[str, pl.Expr]:
    """What `measure` needs of the turns of a block."""
    turn = TurnColumns()
    return {
        "words_per_turn": counts_of(turn.word_count),
        "turns_per_role": counts_of(turn.role_code),
        "thinking_conversations": turn.conversation.filter(turn.is_thinking).n_unique(),
    }


def conversation_figures() -> dict[str, pl.Expr]:
    """What `measure` needs of the conversations of a block."""
    return {
        "assistant_turns": pl.col("assistant_turns").sum(),
        "answers_to_learn": pl.col("learned_turns").sum(),
        "words": pl.col("word_count").sum(),
        "turns_per_conversation": counts_of(pl.col("turn_count")),
    }


def measure(verdicts: Verdicts, columns: Columns, figures: Figures, finding_counts: Counter[str]) -> Statistics:
    """The statistics of one block. figures: of the block, at least those named above."""
    return Statistics(
        lines=len(columns.ids) + verdicts.rejected_count + verdicts.blank_count,
        blank_lines=verdicts.blank_count,
        conversations=len(columns.ids),
        rejected_lines=verdicts.rejected_count,
        turns=len(columns.roles),
        assistant_turns=figures["assistant_turns"],
        answers_to_learn=figures["answers_to_learn"],
        words=figures["words"],
        thinking_conversations=figures["thinking_conversations"],
        roles=_roles(columns.role_names, counted(figures["turns_per_role"])),
        words_per_turn=counted(figures["words_per_turn"]),
        turns_per_conversation=counted(figures["turns_per_conversation"]),
        finding_counts=finding_counts,
        samples=tuple(_sample(columns, i) for i in range(min(SAMPLE_CONVERSATIONS, len(columns.ids)))),
    )


def _roles(names: list[str], counts: Counter[int]) -> Counter[str]:
    """Turns by role, long names cut. counts: by a role's place among the names."""
    roles: Counter[str] = Counter()
    for place, count in counts.items():
        role = names[place]
        roles[role if len(role) <= ROLE_CHARACTERS else _cut(role, ROLE_CHARACTERS)] += count
    return merge_roles(roles, Counter())


def merge_roles(left: Counter[str], right: Counter[str]) -> Counter[str]:
    """Sum of two role counts that names at most MAX_ROLES roles, so that hostile input stays bounded.

    Beyond that the known roles and those of the smallest hash are kept, and the rest counted as `(other)`. The
    smallest hashes of a whole are among the smallest of its parts, so the sum does not depend on the parts.
    """
    total = left + right
    if len(total) <= MAX_ROLES:
        return total
    other = total.pop(OTHER_ROLES, 0)
    known, strange = ([role for role in total if (role in KNOWN_ROLES) == is_known] for is_known in (True, False))
    ranked = [*_by_hash(known), *_by_hash(strange)]
    kept = Counter({role: total[role] for role in ranked[: MAX_ROLES - 1]})
    kept[OTHER_ROLES] = other + total.total() - kept.total()
    return kept


OTHER_ROLES = "(other)"


def _by_hash(roles: list[str]) -> list[str]:
    """Those of the smallest hash, in its order, and no more than are asked for."""
    return [roles[index] for index in np.argsort(hash_strings(roles))[:MAX_ROLES].tolist()]


def _sample(columns: Columns, index: int) -> Sample:
    first, end = columns.turn_starts[index : index + 2].tolist()
    turns = [columns.turn(turn) for turn in range(first, min(end, first + SAMPLE_TURNS))]
    return {
        "conversation_id": _cut(columns.ids[index].as_py()),
        "turns": [{name: _cut(text) for name, text in turn.items()} for turn in turns],
    }


def _cut(text: str, characters: int = SAMPLE_CHARACTERS) -> str:
    return text if len(text) <= characters else text[: characters - 1] + "…"
