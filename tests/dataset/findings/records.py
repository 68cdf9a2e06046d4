"""Findings as those who tell of them have them, made short."""

from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.rules.mismatch import Mismatch


def record(code: str, line: int, mismatch: Mismatch, path: str = "$", byte_offset: int | None = None) -> FindingRecord:
    """byte_offset: ten times the line before, unless given."""
    offset = 10 * (line - 1) if byte_offset is None else byte_offset
    return FindingRecord.of(Finding(line, offset, code, path, mismatch).as_row())


def older_record(code: str, line: int, message: str, byte_offset: int) -> FindingRecord:
    """As a version before 5 kept one in the catalog."""
    return FindingRecord.of(
        {
            "row": line,
            "line": line,
            "offset": byte_offset,
            "code": code,
            "severity": "error",
            "path": "$",
            "message": message,
        }
    )


def planted_record(text: str, line: int, code: str = "") -> FindingRecord:
    """A finding that holds the text wherever text can stand. code: another code than the text."""
    return FindingRecord(line, line, 10 * line, None, code or text, text, text, text, text, text, text)
