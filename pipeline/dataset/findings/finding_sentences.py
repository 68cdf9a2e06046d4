"""Makes the sentences of findings from their parts: the only place that does, and nothing takes them apart again."""

from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.rules.mismatch import Mismatch

# Python writes them, JSON has no such values; all other faults of JSON are in the words of the decoder.
JSON_LACKS = frozenset({"NaN", "Infinity", "-Infinity"})


def fault_sentence(code: str, mismatch: Mismatch) -> str:
    """What was expected and found, without what to do.

    >>> fault_sentence("wrong-type", Mismatch("a string", "a number", "(also at $.b)"))
    'expected a string, found a number (also at $.b)'
    """
    expected, found, detail, column = mismatch
    said = "" if expected is None else f"expected {expected}"
    if found is not None:
        if column is not None and code == "malformed-json":
            found = f"{found} at column {column}" if found in JSON_LACKS else f"a fault at column {column}: {found}"
        said = f"{said}, found {found}" if said else f"found {found}"
    if detail is not None:
        said = f"{said} {detail}" if said else detail
    return said


def fault_of(finding: FindingRecord) -> str:
    """What was expected and found, without what to do; the whole message where only that is known."""
    mismatch = mismatch_of(finding)
    return finding.message if mismatch is None else fault_sentence(finding.code, mismatch)


def mismatch_of(finding: FindingRecord) -> Mismatch | None:
    """The parts that the message was made of; None where only the message is known, as of versions before 5."""
    if finding.expected is None and finding.found is None and finding.detail is None:
        return None
    return Mismatch(finding.expected, finding.found, finding.detail, finding.column)


def message_sentence(code: str, mismatch: Mismatch, remedy: str) -> str:
    """The whole sentence: what was expected, what was found, and what to do."""
    return f"{fault_sentence(code, mismatch)}; {remedy}"
