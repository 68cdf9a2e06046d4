"""Pairs that agree in a band are found, few for each row, whatever is held at once and however many rows there are."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.near import candidates as module
from pipeline.dataset.near.candidates import candidates, first_and_next
from pipeline.dataset.near.near_records import Records
from pipeline.dataset.near.signatures import BANDS, SIGNED_BANDS

few = st.lists(st.lists(st.integers(0, 3), min_size=BANDS, max_size=BANDS), max_size=12)


def spilled(folder: Path, listed) -> Records:
    records = np.zeros(len(listed), dtype=SIGNED_BANDS)
    records["bands"] = np.array(listed, dtype=np.uint32).reshape(-1, BANDS)
    path = folder / "signatures.bands"
    path.write_bytes(records.tobytes())
    return Records([path], SIGNED_BANDS)


def expected(listed, is_asked, numbers) -> list[tuple[int, int]]:
    """Of each of these bands and row the first row before it that agrees, and the next one."""
    pairs = set()
    for band in numbers:
        for later in np.flatnonzero(is_asked).tolist():
            before = [row for row in range(later) if is_asked[row] and listed[row][band] == listed[later][band]]
            pairs |= {(row, later) for row in before[:1] + before[-1:]}
    return sorted(pairs)


@given(
    listed=few,
    share_keys=st.integers(1, 500),
    row_bits=st.sampled_from([2, 27]),
    numbers=st.sampled_from([range(BANDS), range(5), range(9, 10), range(26, BANDS)]),
    data=st.data(),
)
def test_each_row_is_compared_with_the_first_and_the_next_before_it(listed, share_keys, row_bits, numbers, data):
    """Also by some bands alone, and of files whose rows need the bits in which the bands are numbered."""
    is_asked = np.array(data.draw(st.lists(st.booleans(), min_size=len(listed), max_size=len(listed))), dtype=np.bool_)
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(module, "SHARE_KEYS", share_keys)
        patch.setattr(module, "_ROW_BITS", row_bits)
        bands = spilled(Path(folder), listed)

        pairs = [
            pair for earlier, later in candidates(bands, is_asked, Path(folder), numbers)
            for pair in zip(earlier.tolist(), later.tolist(), strict=True)
        ]  # fmt: skip

        assert [path.name for path in Path(folder).iterdir()] == ["signatures.bands"]
    assert sorted(set(pairs)) == expected(listed, is_asked, numbers)


def test_rows_of_one_key_are_each_compared_with_two():
    (firsts, later), (befores, also_later) = first_and_next(np.arange(1_000), np.full(1_000, 7, dtype=np.uint64))

    assert (firsts.tolist(), later.tolist()) == ([0] * 999, list(range(1, 1_000)))
    assert (befores.tolist(), also_later.tolist()) == (list(range(1, 999)), list(range(2, 1_000)))
