"""What only the whole file can tell of its quality, as a sum over its parts: a + b == statistics of a ‖ b."""

from dataclasses import dataclass

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.frames.figures import Figures
from pipeline.dataset.quality.answer_lengths import (
    LengthFigures,
    Lengths,
    length_findings,
    measure_lengths,
)
from pipeline.dataset.quality.languages import (
    LanguageFigures,
    LanguageSample,
    language_findings,
    sample_languages,
)
from pipeline.dataset.quality.short_answers import Answers, measure_answers
from pipeline.dataset.reading.columns import Columns


@dataclass(frozen=True, slots=True)
class QualityFigures:
    """The quality of a file."""

    languages: LanguageFigures
    lengths: LengthFigures | None
    """None for too few conversations."""
    findings: list[Finding]
    """Notes about the whole file."""


@dataclass(frozen=True, slots=True)
class QualityStatistics:
    """Bounded, whatever the file; `+` joins two neighbouring parts, in file order."""

    answers: Answers = Answers()
    lengths: Lengths = Lengths()
    languages: LanguageSample = LanguageSample()

    def __add__(self, other: "QualityStatistics") -> "QualityStatistics":
        return QualityStatistics(
            self.answers + other.answers, self.lengths + other.lengths, self.languages + other.languages
        )

    def conclude(self, row_name: str = "line") -> QualityFigures:
        """The figures, and the findings that follow from them, in the catalogue's order. row_name: line or row."""
        languages, lengths = self.languages.conclude(), self.lengths.conclude()
        found = [*self.answers.findings(row_name), *length_findings(lengths, row_name), *language_findings(languages)]
        return QualityFigures(languages, lengths, sorted(found, key=lambda finding: finding.sort_key))


def measure_quality(columns: Columns, figures: Figures) -> QualityStatistics:
    """The statistics of one block. figures: at least `answer_figures` and `length_figures`."""
    if not columns.ids:
        return QualityStatistics()
    return QualityStatistics(measure_answers(figures), measure_lengths(figures), sample_languages(columns))
