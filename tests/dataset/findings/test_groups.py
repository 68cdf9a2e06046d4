"""All findings are counted; of a code that is found too often the first are listed, whatever stands between them."""

import numpy as np

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import MAX_LISTED, Group, Listing, all_findings_of, count_groups, unlisted
from pipeline.dataset.rules.mismatch import Mismatch


def group(code: str, *lines: int) -> Group:
    return Group(code, np.array(lines), lambda line: Finding(line, 10 * line, code, "$", Mismatch("words", None)))


def test_findings_come_in_line_order_and_within_a_line_in_the_catalogues():
    groups = [group("unknown-role", 2, 5), group("malformed-json", 1), group("empty-content", 2)]

    found = [(finding.line, finding.code) for finding in all_findings_of(groups)]

    assert found == [(1, "malformed-json"), (2, "unknown-role"), (2, "empty-content"), (5, "unknown-role")]
    assert count_groups(groups) == {"unknown-role": 2, "malformed-json": 1, "empty-content": 1}


def test_a_code_is_listed_up_to_the_limit_over_all_blocks_and_no_more_are_made():
    made = []

    def make(row: int) -> Finding:
        made.append(row)
        return Finding(row, 0, "blank-line", "$", Mismatch("words", None))

    listing = Listing()
    first = listing.take([Group("blank-line", np.arange(MAX_LISTED - 1), make), group("unknown-role", 3)])
    second = listing.take([Group("blank-line", np.arange(MAX_LISTED, 3 * MAX_LISTED), make), group("unknown-role", 4)])

    assert len(first) == MAX_LISTED
    assert [(finding.line, finding.code) for finding in second] == [(4, "unknown-role"), (MAX_LISTED, "blank-line")]
    assert len(made) == MAX_LISTED


def test_two_groups_of_one_code_share_its_limit_by_place():
    odd = group("blank-line", *range(1, 2 * MAX_LISTED, 2))
    even = group("blank-line", *range(0, 2 * MAX_LISTED, 2))

    listed = Listing().take([odd, even])

    assert [finding.line for finding in listed] == list(range(MAX_LISTED))


def test_what_is_not_listed_is_named_by_code():
    assert unlisted({"blank-line": MAX_LISTED, "malformed-json": MAX_LISTED + 3}) == {"malformed-json": 3}
