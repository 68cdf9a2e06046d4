"""Draws the piece of a line that a finding speaks of, with its mark. Pure: the bytes of the line in, text out."""

from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.findings.excerpt import Excerpt, excerpt
from pipeline.dataset.findings.finding import CATALOGUE, Scope
from pipeline.dataset.findings.json_path import Span
from pipeline.dataset.findings.line_mark import place

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def is_of_a_line(finding: FindingRecord) -> bool:
    """Whether there is a line to be shown; a fault of the file as a whole has none."""
    return finding.code not in CATALOGUE or CATALOGUE[finding.code].scope is not Scope.FILE


def drawn_line(text: bytes, finding: FindingRecord, width: int, *, is_cut: bool) -> tuple[Excerpt, int | None] | None:
    """The piece of the line, and the column where its mark begins; None where there is nothing to show.

    text: from the line's first byte, without its end. width: cells that the piece may take. is_cut: whether the line
    goes on after the text.
    """
    if finding.byte_offset == 0 and finding.code != "byte-order-mark":
        text = text.removeprefix(BYTE_ORDER_MARK)
    span = place(text, finding)
    if not text.strip() or (span is None and is_cut and finding.code != "line-too-long"):
        return None
    return excerpt(text, span, width, is_cut=is_cut), _column(text, span) if span else None


def _column(text: bytes, span: Span) -> int:
    return len(text[: span.start].decode("utf-8", "surrogateescape")) + 1
