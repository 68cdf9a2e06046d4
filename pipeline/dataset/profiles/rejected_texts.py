"""What is kept of the text of rejected rows, beside their errors: so much that a person knows them again.

Of accepted rows the lake has every turn; of rejected ones nothing else.
"""

from collections.abc import Sequence

from pipeline.dataset.findings.finding import CATALOGUE, Finding, Severity
from pipeline.dataset.formats.blocks_of_lines import Block

_MOST_BYTES = 4  # of a character


def rejected_texts(findings: Sequence[Finding], block: Block, max_chars: int) -> list[str | None] | None:
    """The beginning of the row of each error of a block; None for what is no error, or was not kept.

    max_chars: 0 for no text at all. Bytes that are no UTF-8 are escaped.
    """
    if not max_chars:
        return None
    return [_beginning(finding, block, max_chars) if _is_error(finding) else None for finding in findings]


def _is_error(finding: Finding) -> bool:
    return CATALOGUE[finding.code].severity is Severity.ERROR


def _beginning(finding: Finding, block: Block, max_chars: int) -> str | None:
    number = finding.row - block.first_row
    if block.skipped_bytes or not 0 <= number < len(block.starts) - 1:
        return None
    start, end = int(block.starts[number]), int(block.starts[number + 1])
    data = block.data[start : min(end, start + _MOST_BYTES * max_chars)]
    return data.rstrip(b"\n").decode("utf-8", "backslashreplace")[:max_chars]
