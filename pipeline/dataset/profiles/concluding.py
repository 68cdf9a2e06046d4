"""Reaches the verdict on a file whose parts have been read: sums, duplicates, findings in order."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.dataset.findings.finding import CATALOGUE, Finding, Severity
from pipeline.dataset.formats.recognise import Reading
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.formats.rows.respelled import odd_names
from pipeline.dataset.model.printable import printable
from pipeline.dataset.model.quiet import give_back_freed_memory
from pipeline.dataset.near.conflicting_answers import find_conflicting_answers
from pipeline.dataset.near.near_duplicates import FindRoots, find_near_duplicates
from pipeline.dataset.profiles.duplicates import find_duplicates
from pipeline.dataset.profiles.merge import first_findings, write_findings
from pipeline.dataset.profiles.mixed_reasoning import mixed_reasoning
from pipeline.dataset.profiles.part import ANSWERS, FINGERPRINTS, SIGNATURES
from pipeline.dataset.profiles.profile import Nearness, Profile
from pipeline.dataset.profiles.profile_rules import WORDS, Rules
from pipeline.dataset.profiles.splits import split
from pipeline.dataset.profiles.totals import Totals
from pipeline.dataset.profiles.turn_statistics import Statistics
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.dataset.tokens import TokenFigures

REPORTED_FINDINGS = 1_000
REPORTED_ERRORS = 10
_MANY_CONVERSATIONS = 1_000_000  # what is known of all of them then takes more than the blocks did
_SHOWN_NAMES = 4


def refuse(finding: Finding, size_bytes: int, content_sha256: str | None, folder: Path) -> Profile:
    """The profile of a file that is not read line by line, because of one finding that speaks of all of it."""
    findings_path = folder / "all_findings.parquet"
    write_findings([], [[finding]], findings_path)
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


@dataclass(frozen=True, slots=True)
class Source:
    """The file that was read."""

    size_bytes: int
    content_sha256: str
    reading: Reading
    findings: tuple[Finding, ...] = ()
    """What speaks of all of it, such as a broken archive."""
    place_of: Callable[[int], str] | None = None
    """Where a line of its text stands, where it lies in several files of an archive."""


def conclude(
    totals: list[Totals],
    parts: list[Path],
    source: Source,
    folder: Path,
    rules: Rules,
    find_roots: FindRoots | None = None,
) -> Profile:
    """The profile of a file whose parts, in file order, have been read; `folder` gets all findings.

    find_roots: looks for near-duplicates elsewhere (`find_near_duplicates`).

    Raises:
        LakeError: the folder cannot be written.
        TokenizerError: the tokenizer cannot be loaded.
    """
    total = sum(totals, start=Totals())
    counts = total.statistics
    quality = total.quality.conclude(source.reading.row_name) if rules.has_quality else None
    if counts.conversations >= _MANY_CONVERSATIONS:
        give_back_freed_memory()
    tokens = _tokens(total, rules)
    duplicates = find_duplicates([part / FINGERPRINTS for part in parts])
    of_file = [*source.findings, *_file_findings(counts, source.reading)]
    of_file += [
        *mixed_reasoning(counts.thinking_conversations, counts.conversations),
        *(quality.findings if quality else []),
    ]
    late: list[Iterable[Finding]] = [sorted(of_file, key=lambda finding: finding.sort_key)] if of_file else []
    finding_counts = counts.finding_counts + duplicates.counts() + Counter(finding.code for finding in of_file)
    if drift := total.types.findings(source.reading.row_name):
        late.append(drift)
        finding_counts += Counter(finding.code for finding in drift)
    if duplicates.counts():
        late.append(duplicates.findings(source.reading.form.layout, source.reading.row_name))
    nearness = None
    if rules.has_near_duplicates:
        nearness, found, found_counts = _nearness(parts, source.reading.row_name, find_roots)
        late += found
        finding_counts += found_counts
    findings_path = folder / "all_findings.parquet"
    write_findings([part / "findings.parquet" for part in parts], late, findings_path, source.place_of)
    has_errors = any(CATALOGUE[code].severity is Severity.ERROR for code in finding_counts)
    return Profile(
        status=_status(counts, of_file, rules.max_rejected_share),
        size_bytes=source.size_bytes,
        statistics=counts,
        duplicate_conversation_ids=duplicates.id_count,
        exact_duplicate_conversations=duplicates.turns_count,
        content_sha256=source.content_sha256,
        finding_counts=finding_counts,
        findings=first_findings(findings_path, REPORTED_FINDINGS),
        errors=first_findings(findings_path, REPORTED_ERRORS, Severity.ERROR) if has_errors else [],
        parts=tuple(parts),
        findings_path=findings_path,
        reading=source.reading,
        quality=quality,
        tokens=tokens,
        nearness=nearness,
        together=total.together,
    )


def _tokens(total: Totals, rules: Rules) -> TokenFigures | None:
    if rules.tokenizer == WORDS or not total.statistics.turns:
        return None
    return total.tokens.conclude(rules.load_tokenizer())


def _nearness(
    parts: list[Path], row_name: str, find_roots: FindRoots | None
) -> tuple[Nearness, list[Iterable[Finding]], Counter[str]]:
    near = find_near_duplicates([part / SIGNATURES for part in parts], find_roots)
    conflicts = find_conflicting_answers([part / ANSWERS for part in parts])
    nearness = Nearness(near.conversation_count, near.cluster_count, conflicts.conversation_count, split(near.clusters))
    return nearness, [near.findings(row_name), conflicts.findings(row_name)], near.counts() + conflicts.counts()


def _file_findings(total: Statistics, reading: Reading) -> list[Finding]:
    if total.conversations:
        return _odd_names(reading)
    if total.rejected_lines:
        return _unlike(reading)
    found = "only blank lines" if total.blank_lines else "none"
    return [Finding(1, 0, "no-conversations", "$", Mismatch("at least one conversation", found))]


def _odd_names(reading: Reading) -> list[Finding]:
    """The fields that the file names otherwise than its format."""
    names = odd_names(reading.form)
    if not names:
        return []
    found = ", ".join(f"'{printable(theirs)}' for {ours}" for ours, theirs in names[:_SHOWN_NAMES])
    more = f" and {len(names) - _SHOWN_NAMES:,} more" if len(names) > _SHOWN_NAMES else ""
    expected = f"the names that fields of {reading.form.name} have"
    return [Finding(1, 0, "odd-field-name", "$", Mismatch(expected, f"{found}{more}"))]


def _unlike(reading: Reading) -> list[Finding]:
    """What the file seems to be, where nobody chose its format and no row of its beginning is of one."""
    if not reading.unlike:
        return []
    if reading.form is NATIVE:
        return [Finding(1, 0, "unknown-format", "$", Mismatch("rows of a format that we know", reading.unlike))]
    return [Finding(1, 0, "unreadable-rows", "$", Mismatch(f"rows of {reading.form.title}", reading.unlike))]


def _status(total: Statistics, of_file: list[Finding], max_rejected_share: float) -> Literal["ready", "error"]:
    if total.conversations == 0 or any(finding.severity is Severity.ERROR for finding in of_file):
        return "error"
    share = total.rejected_lines / (total.conversations + total.rejected_lines)
    return "ready" if share <= max_rejected_share else "error"
