"""All that is summed over the blocks and the parts of a file."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.conversations.columns import Columns
from pipeline.conversations.findings import Finding
from pipeline.conversations.verdicts import Verdicts
from pipeline.profiles.rules import WORDS, Rules
from pipeline.profiles.statistics import Statistics, measure
from pipeline.quality.statistics import QualityStatistics, measure_quality
from pipeline.tokens import TokenStatistics, measure_tokens
from pipeline.tokens.tokenizers import Tokenizer


@dataclass(frozen=True, slots=True)
class Totals:
    """`+` joins two neighbouring parts, in file order."""

    statistics: Statistics = Statistics()
    quality: QualityStatistics = QualityStatistics()
    tokens: TokenStatistics = TokenStatistics()

    def __add__(self, other: "Totals") -> "Totals":
        """Both parts together."""
        return Totals(self.statistics + other.statistics, self.quality + other.quality, self.tokens + other.tokens)


def measure_block(
    verdicts: Verdicts, columns: Columns, findings: Sequence[Finding], rules: Rules, tokenizer: Tokenizer | None
) -> Totals:
    """The totals of one block, as far as the rules ask for them. tokenizer: needed where tokens are counted exactly."""
    return Totals(
        measure(verdicts, columns, list(findings)),
        measure_quality(columns) if rules.has_quality else QualityStatistics(),
        measure_tokens(columns, tokenizer, exact=rules.is_exact) if rules.tokenizer != WORDS else TokenStatistics(),
    )
