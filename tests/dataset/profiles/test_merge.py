"""The findings of parts, of the file and of duplicates become one list in line order."""

import numpy as np
import pytest

from pipeline.dataset.findings.finding import Finding, Severity
from pipeline.dataset.findings.groups import MAX_LISTED
from pipeline.dataset.near.shares import Found
from pipeline.dataset.profiles.duplicates import Duplicates
from pipeline.dataset.profiles.finding_columns import finding_rows
from pipeline.dataset.profiles.merge import all_findings, first_findings, write_findings
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.errors import LakeError
from pipeline.state.lake import TableWriter

X = Mismatch("x", None)
ROWS = [
    Finding(line, line * 10, code, "$", X) for line, code in [(1, "blank-line"), (2, "empty-turns"), (4, "blank-line")]
]
REPEAT = Duplicates(Found(2, np.array([[2, 2, 20, 1], [4, 4, 40, 1]])), Found(1, np.array([[4, 4, 40, 3]])))


def part_of(path, *findings: Finding):
    with TableWriter("findings", path) as writer:
        for finding in findings:  # a row group each, as blocks leave them
            writer.write(finding_rows([finding]))
    return path


def places(path) -> list[tuple[int, str]]:
    return [(int(row["line"]), str(row["code"])) for row in all_findings(path)]


def test_parts_follow_one_another(tmp_path):
    parts = [part_of(tmp_path / "a", *ROWS[:2]), part_of(tmp_path / "b"), part_of(tmp_path / "c", ROWS[2])]

    write_findings(parts, [], tmp_path / "all")

    assert list(all_findings(tmp_path / "all")) == [finding.as_row() for finding in ROWS]


def test_repeats_and_findings_of_the_file_stand_at_their_lines(tmp_path):
    parts = [part_of(tmp_path / "a", *ROWS)]

    write_findings(parts, [[Finding(1, 0, "no-conversations", "$", X)], REPEAT.findings()], tmp_path / "all")

    assert places(tmp_path / "all") == [
        (1, "no-conversations"),
        (1, "blank-line"),
        (2, "empty-turns"),
        (2, "duplicate-conversation-id"),
        (4, "blank-line"),
        (4, "duplicate-conversation-id"),
        (4, "duplicate-conversation"),
    ]


def test_what_only_the_file_shows_stands_among_thousands(tmp_path):
    """Rows are copied as they are where nothing comes between; the order is as if all were looked at."""
    blank = [Finding(line, line, "blank-line", "$", X) for line in range(1, 35_001) if line % 7]
    late = [Finding(line, line, "duplicate-conversation", "$", X) for line in (7, 9_996, 20_000, 20_006, 34_993)]
    others = [Finding(line, line, "conflicting-answers", "$", X) for line in range(36_000, 46_000)]
    part = tmp_path / "a"
    with TableWriter("findings", part) as writer:
        writer.write(finding_rows(blank))

    write_findings([part], [late, others, []], tmp_path / "all")

    in_order = sorted([*blank[:MAX_LISTED], *late, *others], key=lambda finding: finding.sort_key)
    assert list(all_findings(tmp_path / "all")) == [finding.as_row() for finding in in_order]


def test_the_first_findings_may_be_of_one_severity(tmp_path):
    path = part_of(tmp_path / "a", *ROWS)

    assert first_findings(path, 2) == [ROWS[0].as_row(), ROWS[1].as_row()]
    assert first_findings(path, 2, Severity.ERROR) == [ROWS[1].as_row()]
    assert first_findings(path, 9) == [finding.as_row() for finding in ROWS]


def test_no_findings_leave_an_empty_file(tmp_path):
    write_findings([], [], tmp_path / "all")

    assert places(tmp_path / "all") == []


@pytest.mark.parametrize("repeats", [[], [list(REPEAT.findings())]])
def test_a_folder_that_is_not_there_is_told(tmp_path, repeats):
    with pytest.raises(LakeError, match="missing"):
        write_findings([], repeats, tmp_path / "missing" / "all")
