"""All that is summed over the blocks and the parts of a file."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import polars as pl

from pipeline.dataset.findings.groups import Group, count_groups
from pipeline.dataset.frames.figures import figures_of
from pipeline.dataset.frames.frames import Frames
from pipeline.dataset.profiles.profile_rules import WORDS, Rules
from pipeline.dataset.profiles.together import count_together
from pipeline.dataset.profiles.turn_statistics import Statistics, conversation_figures, measure, turn_figures
from pipeline.dataset.profiles.type_drift import ColumnTypes
from pipeline.dataset.quality.answer_lengths import length_figures
from pipeline.dataset.quality.quality_statistics import (
    QualityStatistics,
    measure_quality,
)
from pipeline.dataset.quality.short_answers import answer_figures
from pipeline.dataset.reading.block_verdicts import Verdicts
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.tokens import TokenStatistics, measure_tokens
from pipeline.dataset.tokens.tokenizers import Tokenizer


@dataclass(frozen=True, slots=True)
class Totals:
    """`+` joins two neighbouring parts, in file order."""

    statistics: Statistics = Statistics()
    quality: QualityStatistics = QualityStatistics()
    tokens: TokenStatistics = TokenStatistics()
    together: Counter[frozenset[str]] = field(default_factory=Counter)
    """See `count_together`."""
    types: ColumnTypes = ColumnTypes()

    def __add__(self, other: "Totals") -> "Totals":
        """Both parts together."""
        return Totals(
            self.statistics + other.statistics,
            self.quality + other.quality,
            self.tokens + other.tokens,
            self.together + other.together,
            self.types + other.types,
        )


def measure_block(
    verdicts: Verdicts,
    columns: Columns,
    frames: Frames,
    groups: Sequence[Group],
    rules: Rules,
    tokenizer: Tokenizer | None,
) -> Totals:
    """The totals of one block, as far as the rules ask for them.

    frames: of the different rows, where they come again and again. groups: findings of its conversations. tokenizer:
    needed where tokens are counted exactly.
    """
    figures = figures_of(frames, columns, *_figures(rules.has_quality))
    has_tokens = rules.tokenizer != WORDS
    return Totals(
        measure(verdicts, columns, figures, count_groups([*verdicts.groups, *groups])),
        measure_quality(columns, figures) if rules.has_quality else QualityStatistics(),
        measure_tokens(columns, tokenizer, exact=rules.is_exact) if has_tokens else TokenStatistics(),
        count_together(groups, rules.counted_together, len(columns.ids)),
    )


def measure_rejected(verdicts: Verdicts) -> Totals:
    """The totals of a block without conversations, of which a megabyte can be sixteen: nothing is asked of frames."""
    return Totals(
        Statistics(
            lines=verdicts.rejected_count + verdicts.blank_count,
            blank_lines=verdicts.blank_count,
            rejected_lines=verdicts.rejected_count,
            finding_counts=count_groups(verdicts.groups),
        )
    )


@cache
def _figures(has_quality: bool) -> tuple[dict[str, pl.Expr], dict[str, pl.Expr]]:
    """What is asked of the turns and of the conversations of a block."""
    if not has_quality:
        return turn_figures(), conversation_figures()
    return turn_figures() | answer_figures(), conversation_figures() | length_figures()
