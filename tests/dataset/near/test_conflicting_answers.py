"""A prompt that is answered in two ways is found, over any number of spills and shares."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.model.conversation import Branch
from pipeline.dataset.near import conflicting_answers, shares
from pipeline.dataset.near.conflicting_answers import answers, find_conflicting_answers
from pipeline.dataset.reading.columns import Columns, Extras
from tests.engine_blocks import columns_of, line_of

turns = st.tuples(st.sampled_from(["user", "assistant", "tool"]), st.sampled_from(["", "x", "xy", "y"]))
conversations = st.lists(st.lists(turns, min_size=1, max_size=4), max_size=14)


def found_in(folder: Path, *parts: Columns) -> list[tuple[int, str]]:
    paths, done = [], 0
    for number, columns in enumerate(parts):
        written = answers(columns)
        written["row"] += done
        written["line"] += done
        done += len(columns.ids)
        paths.append(folder / f"{number}.bin")
        paths[-1].write_bytes(written.tobytes())
    found = find_conflicting_answers(paths)
    findings = list(found.findings())
    assert found.counts() == Counter(finding.code for finding in findings)
    return [(finding.line, finding.fault) for finding in findings]


def columns_from(listed) -> Columns:
    return columns_of(*[line_of("a", *pairs) for pairs in listed] or [b"{}\n"])


def detail(first: int) -> str:
    return f"expected one answer to a prompt, found the prompt of line {first} with another answer"


def expected_of(listed) -> list[tuple[int, str]]:
    seen: dict[tuple[tuple[str, str], ...], dict[str, int]] = {}
    expected = []
    for line, pairs in enumerate(listed, start=1):
        last = max((place for place, (role, _) in enumerate(pairs) if role == "assistant"), default=0)
        if last == 0:
            continue
        answered = seen.setdefault(tuple(pairs[:last]), {})
        others = [first for text, first in answered.items() if text != pairs[last][1]]
        if others:
            expected.append((line, detail(min(others))))
        answered.setdefault(pairs[last][1], line)
    return expected


@given(listed=conversations, cut=st.integers(0, 14), share_records=st.integers(1, 15), chunk_records=st.integers(1, 5))
def test_conflicts_are_those_of_a_dictionary_whatever_fits_into_memory(listed, cut, share_records, chunk_records):
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(conflicting_answers, "SHARE_RECORDS", share_records)
        patch.setattr(shares, "READ_RECORDS", chunk_records)

        found = found_in(Path(folder), columns_from(listed[:cut]), columns_from(listed[cut:]))

    assert found == expected_of(listed)


def test_a_finding_names_the_first_line_with_another_answer(tmp_path):
    listed = [[("user", "Tea?"), ("assistant", text)] for text in ("Yes", "Yes", "No", "Yes", "Perhaps")]
    columns = columns_from(listed)

    assert found_in(tmp_path, columns) == [(3, detail(1)), (4, detail(3)), (5, detail(1))]
    (first, *_) = find_conflicting_answers([tmp_path / "0.bin"]).findings()
    assert (first.byte_offset, first.code, first.path) == (int(columns.offsets[2]), "conflicting-answers", "$")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([("user", "ab"), ("user", "c"), ("assistant", "1")], [("user", "a"), ("user", "bc"), ("assistant", "2")]),
        ([("user", "a"), ("assistant", "1")], [("tool", "a"), ("assistant", "2")]),
        ([("system", "s"), ("user", "a"), ("assistant", "1")], [("user", "a"), ("assistant", "2")]),
        ([("assistant", "1")], [("assistant", "2")]),
        ([("user", "a")], [("user", "b")]),
    ],
)
def test_other_prompts_and_none_conflict_with_nothing(tmp_path, left, right):
    assert found_in(tmp_path, columns_from([left, right])) == []


def test_a_rejected_answer_conflicts_with_nothing(tmp_path):
    """Both lines choose the same answer, and reject another."""
    one, other = ([("user", "Tea?"), ("assistant", "Yes"), ("assistant", bad)] for bad in ("No", "Never"))
    columns = columns_from([one, other])
    branches = np.array([Branch.NONE, Branch.CHOSEN, Branch.REJECTED] * 2, dtype=np.int8)

    assert found_in(tmp_path, replace(columns, branches=branches)) == []
    # Without branches the same turns are two answers, the first of them part of the prompt.
    assert found_in(tmp_path, columns) == [(2, detail(1))]


@pytest.mark.parametrize(("label", "expected"), [(True, [(2, detail(1))]), (None, [(2, detail(1))]), (False, [])])
def test_a_disliked_answer_conflicts_with_nothing(tmp_path, label, expected):
    columns = columns_from([[("user", "Tea?"), ("assistant", text)] for text in ("Yes", "No")])
    none: list[None] = [None] * 4
    extras = Extras(none, none, none, none, none, tools=[None, None], labels=[True, label])

    assert found_in(tmp_path, replace(columns, extras=extras)) == expected


def test_only_what_is_learned_from_is_an_answer(tmp_path):
    columns = columns_from([[("user", "Tea?"), ("assistant", text)] for text in ("Yes", "No")])

    unlearned = replace(columns, is_supervised=np.array([False, True, False, False]))

    assert found_in(tmp_path, unlearned) == []


def test_no_files_hold_no_conflicts():
    assert list(find_conflicting_answers([]).findings()) == []
