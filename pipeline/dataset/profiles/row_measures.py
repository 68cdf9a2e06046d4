"""What is counted of each conversation of a block for its row in the lake, beside what its columns say.

Characters always; tokens as they were counted or are usual, which is known before the file's sample is; the language
where the rules ask for it, as telling it takes longer than all the rest.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.quality.languages import languages_of
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.tokens import TokenStatistics
from pipeline.dataset.tokens.features import count_characters


@dataclass(frozen=True, slots=True)
class RowMeasures:
    """One value a conversation."""

    char_counts: Integers
    token_counts: Integers | None
    """None for words × 1.3."""
    languages: list[str | None] | None
    """None where nobody asked."""


def measure_rows(columns: Columns, tokens: TokenStatistics, rules: Rules) -> RowMeasures:
    """Of a block with conversations. tokens: of this block alone."""
    return RowMeasures(
        columns.of_rows(_characters),
        tokens.by_row,
        languages_of(columns) if rules.has_languages else None,
    )


def _characters(columns: Columns) -> Integers:
    starts = columns.text_starts[columns.turn_starts]
    return count_characters(columns.text, np.asarray(starts, dtype=np.int64))
