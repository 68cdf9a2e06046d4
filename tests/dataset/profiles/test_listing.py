"""What is not listed is counted all the same: no figure, verdict or trainer's answer depends on the limit."""

from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dataset.findings.finding import CATALOGUE
from pipeline.dataset.findings.warning_kinds import DUPLICATES
from pipeline.dataset.profiles.merge import all_findings
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.trainers.acceptance import acceptance_of, asking
from pipeline.trainers.acceptance.acceptance_rules import dropping_codes
from pipeline.trainers.acceptance.row_counts import FIRST_ROWS
from tests.engine_blocks import line_of
from tests.how_many import examples
from tests.properties.reading import profile_bytes, profile_ranges

RULES = asking(Rules(max_rejected_share=0.99))
MODULES = (
    *("findings.groups", "profiles.duplicates", "profiles.merge"),
    *("near.near_duplicates", "near.conflicting_answers"),
)
LINES = [
    *(b"1\n", b"\n", b"x\n", b'{"turns":[]}\n', line_of("a", ("assistant", "hi")), line_of("b", ("human", ""))),
    *(line_of("c", ("user", "hi")), line_of("d", ("user", "hi"), ("user", "hi"), ("system", "x"))),
    *(line_of("e", ("user", "q"), ("assistant", "a")), line_of("f", ("user", "q"), ("assistant", "b"))),
    *(
        line_of("g", ("user", "one two three four five")),
        line_of("g", ("user", "one two three four"), ("user", "five")),
    ),
    *(line_of("h", ("user", "mail me at a@b.org"), ("assistant", "As an AI language model, I cannot do that.")),),
]


@contextmanager
def limit_of(count: int):
    """While this lasts, so many findings of a code are listed."""
    with ExitStack() as patches:
        for module in MODULES:
            patches.enter_context(patch(f"pipeline.dataset.{module}.MAX_LISTED", count))
        yield


def read(data: bytes, limit: int, wanted: int | None) -> tuple[dict[str, object], list[dict[str, object]]]:
    """The report without its findings, and the findings that are listed."""
    with limit_of(limit), TemporaryDirectory() as folder:
        if wanted is None:
            profile = profile_bytes(data, Path(folder), RULES, 300)
        else:
            profile = profile_ranges(data, Path(folder), RULES, wanted, 300)
        listed = list(all_findings(profile.findings_path))
        report = profile.as_dict("some.jsonl", [each.as_dict() for each in acceptance_of(profile)])
    return {name: value for name, value in report.items() if not name.startswith("findings")}, listed


@settings(max_examples=examples(25))
@given(lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=60), wanted=st.integers(2, 5))
def test_the_first_of_each_code_are_listed_and_all_else_stays_as_it_is(lines, wanted):
    data = b"".join(lines)
    report, everything = read(data, 1_000_000, None)

    expected = []
    for code in {str(row["code"]) for row in everything}:
        expected += islice((row for row in everything if row["code"] == code), FIRST_ROWS)
    for count in (None, wanted):
        limited, listed = read(data, FIRST_ROWS, count)
        assert limited == report
        assert sorted(map(repr, listed)) == sorted(map(repr, expected))
        assert [row["line"] for row in listed] == sorted(row["line"] for row in listed)


def test_no_trainer_drops_rows_for_what_only_the_whole_file_shows():
    """What conversations have together is counted block by block."""
    late = {kind.code for kind in DUPLICATES}

    assert not dropping_codes() & late
    assert dropping_codes() <= CATALOGUE.keys()


@pytest.mark.parametrize("count", [1, 3])
def test_a_limit_is_one_of_a_code_and_not_of_all(count):
    _, listed = read(b"1\n\nx\n" * 5, count, None)

    assert [row["code"] for row in listed if row["line"] > 0].count("blank-line") == count
    assert [row["code"] for row in listed].count("malformed-json") == count
