"""Lines are counted once, however the findings are cut into batches."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.findings.finding import ORDER
from pipeline.trainers.acceptance.row_counts import RowCount, count_rows
from tests.trainers.acceptance.findings import findings_file

CODES = ["malformed-json", "empty-content", "unknown-role"]


def test_a_line_counts_once_for_a_code_and_once_for_a_group(tmp_path):
    places = [
        (1, "empty-content"),
        (1, "empty-content"),
        (2, "unknown-role"),
        (2, "empty-content"),
        (7, "unknown-role"),
    ]
    empty, both, none = frozenset({"empty-content"}), frozenset({"empty-content", "unknown-role"}), frozenset[str]()

    counts = count_rows(findings_file(tmp_path, *places), [empty, both, none])

    assert counts == {empty: RowCount(2, (1, 2), 2), both: RowCount(3, (1, 2, 7), 7), none: RowCount()}


def test_a_file_without_findings_has_no_lines(tmp_path):
    group = frozenset({"empty-content"})

    assert count_rows(findings_file(tmp_path), [group]) == {group: RowCount()}


@given(
    st.lists(st.tuples(st.integers(1, 20), st.sampled_from(CODES)), max_size=40),
    st.sets(st.sampled_from(CODES)),
    st.integers(1, 7),
)
def test_batches_make_no_difference(places, codes, rows_each):
    ordered = sorted(places, key=lambda place: (place[0], ORDER[place[1]]))
    group = frozenset(codes)
    lines = sorted({line for line, code in places if code in codes})
    with TemporaryDirectory() as folder:
        counts = count_rows(findings_file(Path(folder), *ordered, rows_each=rows_each), [group])

    assert counts[group] == RowCount(len(lines), tuple(lines[:5]), lines[-1] if lines else 0)
