"""Findings of one code in many rows of a block, as columns: a row of two bytes may be faulty, a million times.

How many there are is always known. A finding, with its words, is made only of those that are listed: the first
MAX_LISTED of a code in a file, by place. What exceeds them is counted.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.model.bit_flags import Integers

# Nobody mends more by hand, and the first ten thousand show the kind. A million findings are 40 MB and a CPU second.
MAX_LISTED = 10_000


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one code."""

    code: str
    rows: Integers
    """Where, among the block's rows, ascending."""
    make: Callable[[int], Finding]
    """The finding at one of them."""

    def findings(self, limit: int | None = None) -> list[Finding]:
        """The first ones, at most `limit`."""
        return list(map(self.make, self.rows[:limit].tolist()))


def group_of(finding: Finding, rows: Integers) -> Group:
    """A finding that stands alone. rows: the one that it is about."""
    return Group(finding.code, rows, lambda _: finding)


def count_groups(groups: Iterable[Group]) -> Counter[str]:
    """How many findings of each code there are."""
    counts: Counter[str] = Counter()
    for group in groups:
        counts[group.code] += len(group.rows)
    return counts


def all_findings_of(groups: Iterable[Group]) -> list[Finding]:
    """Every finding, in order: for a few rows, as those of one block that a person mends."""
    found = [finding for group in groups for finding in group.findings()]
    return sorted(found, key=lambda finding: finding.sort_key)


def unlisted(counts: Mapping[str, int]) -> dict[str, int]:
    """Of each code that a file has too often, how many findings are counted and not listed."""
    return {code: count - MAX_LISTED for code, count in counts.items() if count > MAX_LISTED}


def unlisted_sentence(counts: Mapping[str, int], codes: Iterable[str]) -> str:
    """What is told of the codes among these that are not listed to the end; empty where all are."""
    left = unlisted({code: counts.get(code, 0) for code in codes})
    more = ", ".join(f"{count:,} more of {code}" for code, count in left.items())
    verb = "is" if sum(left.values()) == 1 else "are"
    return f"{more} {verb} counted, not listed: {MAX_LISTED:,} of a code are" if more else ""


class Listing:
    """Chooses what is listed of a stream of blocks: the first findings of each code."""

    def __init__(self) -> None:
        self._listed: Counter[str] = Counter()

    def take(self, groups: Iterable[Group]) -> list[Finding]:
        """Those of the next block's findings that are listed, in order."""
        found = []
        for group in groups:
            found += group.findings(MAX_LISTED - self._listed[group.code])
        kept = []
        for finding in sorted(found, key=lambda finding: finding.sort_key):
            if self._listed[finding.code] < MAX_LISTED:  # two groups of a block may have one code
                self._listed[finding.code] += 1
                kept.append(finding)
        return kept
