"""Repeats are found exactly, over any number of spills and shares, and name the first of their kind."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.near import shares
from pipeline.dataset.profiles import duplicates
from pipeline.dataset.profiles.duplicates import Duplicates, find_duplicates, fingerprints
from tests.engine_blocks import columns_of, line_of

lines = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.lists(
            st.tuples(st.sampled_from(["user", "tool"]), st.sampled_from(["", "x", "xy", "y"])), min_size=1, max_size=2
        ),
    ),
    max_size=12,
)


def spill(folder, *parts: list[bytes]):
    """The fingerprint files of the parts' lines, numbered on."""
    paths = []
    for number, part in enumerate(parts):
        records = fingerprints(columns_of(*part or [b"{}\n"]))
        for place in ("row", "line"):
            records[place] += sum(map(len, parts[:number]))
        paths.append(folder / f"{number}.bin")
        paths[-1].write_bytes(records.tobytes())
    return paths


def found(repeats: Duplicates) -> list[tuple[int, str, str]]:
    return [(finding.line, finding.code, finding.fault) for finding in repeats.findings()]


def expected_of(listed) -> list[tuple[int, str, str]]:
    ids: dict[str, int] = {}
    turns: dict[tuple[tuple[str, str], ...], int] = {}
    expected = []
    for line, (identity, pairs) in enumerate(listed, start=1):
        if (first := ids.setdefault(identity, line)) != line:
            expected.append(
                (line, "duplicate-conversation-id", f"expected an id of its own, found the id of line {first}")
            )
        if (first := turns.setdefault(tuple(pairs), line)) != line:
            expected.append((line, "duplicate-conversation", f"expected new turns, found the turns of line {first}"))
    return expected


@given(listed=lines, cut=st.integers(0, 12), share_records=st.integers(1, 13), read_records=st.integers(1, 5))
def test_repeats_are_those_of_a_dictionary_whatever_fits_into_memory(listed, cut, share_records, read_records):
    written = [line_of(identity, *pairs) for identity, pairs in listed]
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(duplicates, "SHARE_RECORDS", share_records)
        patch.setattr(shares, "READ_RECORDS", read_records)

        repeats = find_duplicates(spill(Path(folder), written[:cut], written[cut:]))

    expected = expected_of(listed)
    assert found(repeats) == expected
    assert repeats.counts() == Counter(code for _, code, _ in expected)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([("user", "ab"), ("user", "c")], [("user", "a"), ("user", "bc")]),
        ([("user", "ab")], [("user", "a"), ("user", "b")]),
        ([("user", "a")], [("tool", "a")]),
        ([("user", ""), ("user", "")], [("user", "")]),
        ([("user", "x"), ("tool", "y")], [("tool", "x"), ("user", "y")]),
        ([("usera", "b")], [("user", "ab")]),
    ],
)
def test_the_same_text_in_other_turns_is_no_repeat(tmp_path, left, right):
    assert found(find_duplicates(spill(tmp_path, [line_of("1", *left), line_of("2", *right)]))) == []


def test_a_repeat_is_seen_however_it_is_written_and_whatever_other_roles_a_block_has(tmp_path):
    """Roles are numbered anew in each block; a number must not become part of the hash."""
    first = [line_of("1", ("zebra", "é")), line_of("2", ("bot", "é"))]
    second = [rb'{"turns":[{"content":"\u00e9","x":1,"role":"bot"}],"conversation_id":"3"}' + b"\n"]

    assert found(find_duplicates(spill(tmp_path, first, second))) == [
        (3, "duplicate-conversation", "expected new turns, found the turns of line 2")
    ]


def test_a_finding_has_the_offset_of_its_own_line(tmp_path):
    line = line_of("a", ("user", "x"))

    findings = list(find_duplicates(spill(tmp_path, [line, line])).findings())

    assert [(f.line, f.byte_offset, f.path) for f in findings] == [
        (2, len(line), "$.conversation_id"),
        (2, len(line), "$.turns"),
    ]


def test_no_lines_have_no_repeats(tmp_path):
    assert found(find_duplicates(spill(tmp_path, []))) == found(find_duplicates([])) == found(Duplicates()) == []
    assert Duplicates().counts() == Counter()
