"""What is known of a file when all of it has been read, and the public report of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pipeline.contract.finding_record import FindingRow
from pipeline.dataset.findings.finding import CATALOGUE
from pipeline.dataset.findings.groups import unlisted
from pipeline.dataset.formats.recognise import Reading
from pipeline.dataset.profiles.splits import Split
from pipeline.dataset.profiles.turn_statistics import Statistics
from pipeline.dataset.quality.quality_statistics import QualityFigures
from pipeline.dataset.tokens import TokenFigures
from pipeline.dataset.tokens.spread import TOKEN_METHOD, spread

# Lines that cannot be of any format.
_NO_FORMAT = (
    "other-format",
    "malformed-json",
    "invalid-utf8",
    "line-too-long",
    "too-many-values",
    "nesting-too-deep",
    "not-an-object",
)


@dataclass(frozen=True, slots=True)
class Nearness:
    """What is said twice: conversations that nearly repeat an earlier one, clusters of such, answers in conflict."""

    near_duplicate_conversations: int
    near_duplicate_clusters: int
    conflicting_answers: int
    split: Split


@dataclass(frozen=True, slots=True)
class Profile:
    """All we know of a file."""

    status: Literal["ready", "error"]
    size_bytes: int
    statistics: Statistics
    duplicate_conversation_ids: int
    exact_duplicate_conversations: int
    content_sha256: str | None
    """Hex, None when the file was not read."""
    finding_counts: Counter[str]
    """Of all, listed or not."""
    findings: list[FindingRow]
    """The first REPORTED_FINDINGS, in line order."""
    errors: list[FindingRow]
    """The first ten of severity error."""
    parts: tuple[Path, ...]
    """Folders that hold `conversations.parquet` and `turns.parquet`, in file order."""
    findings_path: Path
    """The listed findings as Parquet."""
    reading: Reading = Reading()
    quality: QualityFigures | None = None
    """None where they were not asked for, or the file was not read."""
    tokens: TokenFigures | None = None
    """None where they were not asked for, or the file was not read."""
    nearness: Nearness | None = None
    """None where they were not asked for, or the file was not read."""
    together: Mapping[frozenset[str], int] = field(default_factory=dict)

    @property
    def token_count(self) -> int:
        """Tokens as well as we know them: by a tokenizer, or words × 1.3."""
        return self.tokens.count.tokens if self.tokens else self.statistics.tokens

    @property
    def token_method(self) -> str:
        """How they were counted."""
        return self.tokens.count.method if self.tokens else TOKEN_METHOD

    @property
    def format_lines(self) -> int:
        """Lines that fit the format, whatever else is wrong with them."""
        counts = self.statistics
        return counts.lines - counts.blank_lines - sum(self.finding_counts[code] for code in _NO_FORMAT)

    def as_dict(self, path: str, target_acceptance: Sequence[Mapping[str, object]] = ()) -> dict[str, object]:
        """The public report, as `lora-pipeline check --json` prints it.

        target_acceptance: what each trainer does with the file, where somebody asked; a profile knows no trainers.
        """
        counts = self.statistics
        return {
            "path": path,
            "format": self.reading.form.name,
            "format_why": self.reading.why,
            "format_lines": self.format_lines,
            "container": self.reading.container_name,
            "compression": self.reading.compression.value,
            "status": self.status,
            "bytes": self.size_bytes,
            "lines": counts.lines,
            "blank_lines": counts.blank_lines,
            "conversations": counts.conversations,
            "rejected_lines": counts.rejected_lines,
            "turns": counts.turns,
            "assistant_turns": counts.assistant_turns,
            "answers_to_learn": counts.answers_to_learn,
            "training_pairs": counts.training_pairs,
            "words": counts.words,
            "tokens": self.token_count,
            "token_method": self.token_method,
            "tokens_standard_error": self.tokens.count.standard_error if self.tokens else None,
            "tokens_by_words": counts.tokens,
            "avg_turns_per_conversation": self.avg_turns_per_conversation,
            "avg_tokens_per_turn": self.avg_tokens_per_turn,
            "roles": dict(sorted(counts.roles.items(), key=lambda item: (-item[1], item[0]))),
            "words_per_turn": spread(counts.words_per_turn),
            "turns_per_conversation": spread(counts.turns_per_conversation),
            "tokens_per_conversation": self.tokens.tokens_per_conversation if self.tokens else None,
            "truncation": self.tokens.truncation if self.tokens else None,
            "rows_by_tokens": {str(least): rows for least, rows in self.tokens.rows_by_tokens.items()}
            if self.tokens
            else None,
            "duplicate_conversation_ids": self.duplicate_conversation_ids,
            "exact_duplicate_conversations": self.exact_duplicate_conversations,
            **self._nearness(),
            **self._quality(),
            "target_acceptance": list(target_acceptance),
            "content_sha256": self.content_sha256,
            "finding_counts": {code: self.finding_counts[code] for code in CATALOGUE if self.finding_counts[code]},
            "finding_shares": self._finding_shares(),
            **self._unlisted(),
            "findings": self.findings,
            "findings_truncated": self.finding_counts.total() > len(self.findings),
        }

    def _nearness(self) -> dict[str, object]:
        near = self.nearness
        return {
            "near_duplicate_conversations": near.near_duplicate_conversations if near else None,
            "near_duplicate_clusters": near.near_duplicate_clusters if near else None,
            "validation_conversations": near.split.validation_conversations if near else None,
            "validation_pairs": near.split.validation_turns if near else None,
        }

    def _quality(self) -> dict[str, object]:
        figures = self.quality
        lengths = figures.lengths if figures else None
        return {
            "languages": dict(figures.languages.shares) if figures else None,
            "languages_sampled": figures.languages.sample_size if figures else None,
            "length_outliers": lengths.outlier_count if lengths else None,
        }

    def _unlisted(self) -> dict[str, object]:
        """How many findings of which code are counted and not listed; nothing where all are."""
        left = unlisted(self.finding_counts)
        return {"findings_not_listed": left} if left else {}

    def finding_share(self, code: str) -> float:
        """Lines with a code over all lines that are not blank."""
        lines = max(1, self.statistics.lines - self.statistics.blank_lines)
        return min(1.0, self.finding_counts[code] / lines)

    def _finding_shares(self) -> dict[str, float]:
        return {code: round(self.finding_share(code), 6) for code in CATALOGUE if self.finding_counts[code]}

    @property
    def avg_turns_per_conversation(self) -> float | None:
        """Mean; None without conversations."""
        counts = self.statistics
        return counts.turns / counts.conversations if counts.conversations else None

    @property
    def avg_tokens_per_turn(self) -> float | None:
        """Mean; None without turns."""
        return self.token_count / self.statistics.turns if self.statistics.turns else None
