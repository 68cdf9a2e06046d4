"""Profiles a whole file: reads it in one part or several, sums the parts, finds duplicates, reaches the verdict."""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.conversations.findings import CATALOGUE, Finding, Severity
from pipeline.conversations.model import Limits
from pipeline.conversations.reader import BLOCK_BYTES, ByteReader, Prefixed
from pipeline.conversations.sniff import HEAD_BYTES, sniff
from pipeline.profiles.duplicates import Duplicates, find_duplicates
from pipeline.profiles.merge import FindingRow, first_findings, write_findings
from pipeline.profiles.part import FINGERPRINTS, profile_part
from pipeline.profiles.statistics import TOKEN_METHOD, Statistics, spread

REPORTED_FINDINGS = 1_000
NATIVE = "native"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a file is judged by: the reader's limits, and the share of rejected lines that a ready file may have."""

    limits: Limits = Limits()
    max_rejected_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Profile:
    """All we know of a file.

    content_sha256: hex, None when the file was not read. findings: the first REPORTED_FINDINGS, in line order;
    errors: the first ten of severity error. parts: folders that hold `conversations.parquet` and `turns.parquet`,
    in file order; findings_path: all findings as Parquet.
    """

    status: Literal["ready", "error"]
    size_bytes: int
    statistics: Statistics
    duplicate_conversation_ids: int
    exact_duplicate_conversations: int
    content_sha256: str | None
    finding_counts: Counter[str]
    findings: list[FindingRow]
    errors: list[FindingRow]
    parts: tuple[Path, ...]
    findings_path: Path

    def as_dict(self, path: str) -> dict[str, object]:
        """The public report, as `lora-pipeline check --json` prints it."""
        counts = self.statistics
        total_findings = self.finding_counts.total()
        return {
            "path": path,
            "format": NATIVE,
            "status": self.status,
            "bytes": self.size_bytes,
            "lines": counts.lines,
            "blank_lines": counts.blank_lines,
            "conversations": counts.conversations,
            "rejected_lines": counts.rejected_lines,
            "turns": counts.turns,
            "assistant_turns": counts.assistant_turns,
            "training_pairs": counts.training_pairs,
            "words": counts.words,
            "tokens": counts.tokens,
            "token_method": TOKEN_METHOD,
            "avg_turns_per_conversation": self.avg_turns_per_conversation,
            "avg_tokens_per_turn": self.avg_tokens_per_turn,
            "roles": dict(sorted(counts.roles.items(), key=lambda item: (-item[1], item[0]))),
            "words_per_turn": spread(counts.words_per_turn),
            "turns_per_conversation": spread(counts.turns_per_conversation),
            "duplicate_conversation_ids": self.duplicate_conversation_ids,
            "exact_duplicate_conversations": self.exact_duplicate_conversations,
            "content_sha256": self.content_sha256,
            "finding_counts": {code: self.finding_counts[code] for code in CATALOGUE if self.finding_counts[code]},
            "findings": self.findings,
            "findings_truncated": total_findings > len(self.findings),
        }

    @property
    def avg_turns_per_conversation(self) -> float | None:
        """Mean; None without conversations."""
        counts = self.statistics
        return counts.turns / counts.conversations if counts.conversations else None

    @property
    def avg_tokens_per_turn(self) -> float | None:
        """Mean; None without turns."""
        return self.statistics.tokens / self.statistics.turns if self.statistics.turns else None


def profile_stream(
    stream: ByteReader, folder: Path, rules: Rules, on_bytes: Callable[[int], None] = lambda _: None
) -> Profile:
    """Profile a file read from its beginning, in this process; its rows are left in `folder`.

    on_bytes: told how many more bytes were read.

    Raises:
        LakeError: the folder cannot be written.
    """
    digest = hashlib.sha256()
    size_bytes = 0

    def see(chunk: bytes) -> None:
        nonlocal size_bytes
        size_bytes += len(chunk)
        digest.update(chunk)
        on_bytes(len(chunk))

    head = _read_head(stream)
    source = Prefixed(head, stream)
    refusal = sniff(head)
    if refusal:
        while chunk := source.read(BLOCK_BYTES):
            see(chunk)
        return refuse(refusal, size_bytes, digest.hexdigest(), folder)
    statistics = profile_part(source, folder, rules.limits, on_bytes=see)
    return conclude([statistics], [folder], size_bytes, digest.hexdigest(), folder, rules)


def _read_head(stream: ByteReader) -> bytes:
    """The first HEAD_BYTES; a connection may give them in several pieces."""
    head = b""
    while len(head) < HEAD_BYTES and (more := stream.read(HEAD_BYTES - len(head))):
        head += more
    return head


def refuse(finding: Finding, size_bytes: int, content_sha256: str | None, folder: Path) -> Profile:
    """The profile of a file that is not read line by line, because of one finding that speaks of all of it."""
    findings_path = folder / "all_findings.parquet"
    write_findings([], Duplicates.none(), [finding], findings_path)
    rows = first_findings(findings_path, REPORTED_FINDINGS)
    return Profile(
        status="error",
        size_bytes=size_bytes,
        statistics=Statistics(),
        duplicate_conversation_ids=0,
        exact_duplicate_conversations=0,
        content_sha256=content_sha256,
        finding_counts=Counter({finding.code: 1}),
        findings=rows,
        errors=rows,
        parts=(),
        findings_path=findings_path,
    )


def conclude(
    statistics: list[Statistics],
    parts: list[Path],
    size_bytes: int,
    content_sha256: str,
    folder: Path,
    rules: Rules,
) -> Profile:
    """The profile of a file whose parts, in file order, have been read; `folder` gets all findings."""
    total = sum(statistics, start=Statistics())
    duplicates = find_duplicates([part / FINGERPRINTS for part in parts])
    of_file = _file_findings(total)
    findings_path = folder / "all_findings.parquet"
    write_findings([part / "findings.parquet" for part in parts], duplicates, of_file, findings_path)
    counts = total.finding_counts + duplicates.counts() + Counter(finding.code for finding in of_file)
    has_errors = any(CATALOGUE[code].severity is Severity.ERROR for code in counts)
    return Profile(
        status=_status(total, rules.max_rejected_share),
        size_bytes=size_bytes,
        statistics=total,
        duplicate_conversation_ids=duplicates.id_count,
        exact_duplicate_conversations=duplicates.turns_count,
        content_sha256=content_sha256,
        finding_counts=counts,
        findings=first_findings(findings_path, REPORTED_FINDINGS),
        errors=first_findings(findings_path, 10, Severity.ERROR) if has_errors else [],
        parts=tuple(parts),
        findings_path=findings_path,
    )


def _file_findings(total: Statistics) -> list[Finding]:
    if total.conversations or total.rejected_lines:
        return []
    return [Finding(1, 0, "no-conversations", "$", "expected at least one conversation, found only blank lines")]


def _status(total: Statistics, max_rejected_share: float) -> Literal["ready", "error"]:
    if total.conversations == 0:
        return "error"
    share = total.rejected_lines / (total.conversations + total.rejected_lines)
    return "ready" if share <= max_rejected_share else "error"
