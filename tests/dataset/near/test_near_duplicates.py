"""Near-duplicates are found by similarity alone, over any number of spills, and each is told of once."""

from collections import Counter
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.near import alike, candidates, near_duplicates, near_records, shingles
from pipeline.dataset.near.near_duplicates import find_near_duplicates
from pipeline.dataset.near.signatures import SIGNATURE, SIGNED, SIGNED_BANDS, SINGLE, bands_of
from tests.dataset.near.examples import jaccard_of, spill, variants


def text_of(numbers) -> str:
    return " ".join(f"w{number}" for number in numbers)


def components(listed: list[list[str]], least: float) -> list[int]:
    """Of each conversation, the line of the first that pairs of at least such a similarity connect it with."""
    names = list(range(1, len(listed) + 1))
    for left, right in combinations(range(len(listed)), 2):
        if jaccard_of(listed[left], listed[right]) >= least:
            joined = {names[left], names[right]}
            names = [min(joined) if name in joined else name for name in names]
    return names


@given(listed=variants())
def test_clusters_hold_what_is_alike_and_nothing_else(listed):
    """Pairs of a similarity of 0.9 are together, and what is together is connected by pairs of at least 0.6.

    In between chance decides, with the figures of the benchmark.
    """
    with TemporaryDirectory() as folder:
        found = find_near_duplicates(spill(Path(folder), listed)).clusters
        ours, found_rows = found.clusters.tolist(), found.rows.tolist()

    alike, connected = components(listed, 0.9), components(listed, 0.6)
    for left, right in combinations(range(len(listed)), 2):
        if alike[left] == alike[right]:
            assert ours[left] == ours[right]
        if ours[left] == ours[right]:
            assert connected[left] == connected[right]
    assert found_rows == list(range(1, len(listed) + 1))


@given(listed=variants(), cut=st.integers(0, 10), chunk_records=st.integers(1, 4), piece_bytes=st.integers(1, 3_000))
def test_where_a_file_is_cut_and_what_is_held_at_once_makes_no_difference(listed, cut, chunk_records, piece_bytes):
    with TemporaryDirectory() as folder:
        whole = find_near_duplicates(spill(Path(folder), listed))
        expected = whole.clusters.clusters.tolist()
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(near_records, "_CHUNK_RECORDS", chunk_records)
        patch.setattr(shingles, "_PIECE_BYTES", piece_bytes)
        patch.setattr(alike, "COMPARED_PAIRS", 2)
        patch.setattr(near_duplicates, "COMPARED_PAIRS", 2)
        patch.setattr(near_duplicates, "_SHARE_RECORDS", chunk_records)
        patch.setattr(candidates, "SHARE_KEYS", 2 * chunk_records)
        parts = find_near_duplicates(spill(Path(folder), listed[:cut], listed[cut:]))

        assert parts.clusters.clusters.tolist() == expected
    assert [f.fault for f in parts.findings()] == [f.fault for f in whole.findings()]
    assert (parts.cluster_count, parts.conversation_count) == (whole.cluster_count, whole.conversation_count)


def test_a_finding_names_the_first_line_and_the_similarity(tmp_path):
    other, words = text_of(range(500, 700)), text_of(range(200))
    listed = [[other], [words], [words.upper() + "!"], [words + " and"]]

    found = find_near_duplicates(spill(tmp_path, listed))

    expected = "expected new turns, found nearly those of line 2 (estimated Jaccard similarity"
    assert [(f.line, f.code, f.path, f.fault) for f in found.findings()] == [
        (3, "near-duplicate-conversation", "$", f"{expected} 1.00)"),
        (4, "near-duplicate-conversation", "$", f"{expected} 1.00)"),
    ]
    assert [f.byte_offset for f in found.findings()] == found.offsets.tolist()
    assert found.clusters.clusters.tolist() == [1, 2, 2, 2]
    assert (found.cluster_count, found.conversation_count) == (1, 2)
    assert found.counts() == Counter({"near-duplicate-conversation": 2})


def test_the_similarity_with_the_first_line_may_be_low(tmp_path):
    """The third is like the second, and the second like the first."""
    listed = [[text_of(range(start, start + 400))] for start in (0, 40, 80)]

    found = find_near_duplicates(spill(tmp_path, listed))

    *_, last = found.findings()
    similarity = jaccard_of(listed[0], listed[2])
    assert found.clusters.clusters.tolist() == [1, 1, 1]
    assert similarity == pytest.approx(0.66, abs=0.01)
    begin, end = "expected new turns, found nearly those of line 1 (estimated Jaccard similarity ", ", by way of lines"
    assert last.fault.startswith(begin)
    assert last.fault.endswith(f"{end} between)")
    assert float(last.fault.removeprefix(begin).split(end)[0]) == pytest.approx(similarity, abs=0.1)


def test_an_exact_copy_is_in_the_cluster_and_left_to_the_exact_pass(tmp_path):
    words = text_of(range(200))
    listed = [[words], [words], [words + " and"], [words + " and"], [words]]

    found = find_near_duplicates(spill(tmp_path, listed[:2], listed[2:]))

    assert found.clusters.clusters.tolist() == [1] * 5
    assert [finding.line for finding in found.findings()] == [3]
    assert found.cluster_count == 1


def test_exact_copies_alone_are_a_cluster_without_near_duplicates(tmp_path):
    found = find_near_duplicates(spill(tmp_path, [["Yes"], ["No"], ["Yes"]]))

    assert found.clusters.clusters.tolist() == [1, 2, 1]
    assert (found.cluster_count, found.conversation_count, found.counts()) == (0, 0, Counter())


@pytest.mark.parametrize("spills", [[], [[]], [[], []]])
def test_no_conversations_have_no_near_duplicates(tmp_path, spills):
    found = find_near_duplicates(spill(tmp_path, *spills))

    assert list(found.findings()) == found.clusters.clusters.tolist() == []
    assert (found.cluster_count, found.conversation_count) == (0, 0)


@pytest.mark.parametrize("kind", [SINGLE, SIGNED])
@pytest.mark.parametrize("is_same", [False, True])
def test_a_hundred_thousand_alike_are_one_cluster_in_seconds(tmp_path, is_same, kind):
    """Each is compared with two of those before it; compared with all, this test would not end."""
    rows = np.zeros(100_000, dtype=SIGNATURE)
    rows["row"] = rows["line"] = np.arange(1, 100_001)
    rows["content"] = 1 if is_same else rows["line"]
    rows["kind"] = kind
    path = tmp_path / "signatures.bin"
    path.write_bytes(rows.tobytes())
    bands_of(path).write_bytes(np.zeros(100_000 * (kind == SIGNED), dtype=SIGNED_BANDS).tobytes())

    found = find_near_duplicates([path])

    assert set(found.clusters.clusters.tolist()) == {1}
    assert found.conversation_count == (0 if is_same else 99_999)
