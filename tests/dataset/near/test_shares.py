"""Records of one hash come together in their order, whatever is held at once; of all found the first are listed."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.near import shares as module
from pipeline.dataset.near.shares import Found, found_in, grouped, joined, shares, taken

RECORD = np.dtype([("hash", "<u8", 2), ("row", "<i8"), ("line", "<i8"), ("offset", "<i8")])
hashes = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1)), max_size=20)


def records_of(listed) -> np.ndarray:
    """Records of these hashes, numbered from 1."""
    records = np.zeros(len(listed), dtype=RECORD)
    records["hash"] = np.array(listed, dtype=np.uint64).reshape(-1, 2)
    records["row"] = records["line"] = records["offset"] = np.arange(1, len(listed) + 1)
    return records


@given(listed=hashes, cut=st.integers(0, 20), share_records=st.integers(1, 8), read_records=st.integers(1, 5))
def test_each_hash_is_in_one_share_and_in_order(listed, cut, share_records, read_records):
    records = records_of(listed)
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(module, "READ_RECORDS", read_records)
        paths = [Path(folder) / name for name in ("a", "b")]
        for path, some in zip(paths, (records[:cut], records[cut:]), strict=True):
            path.write_bytes(some.tobytes())

        got = [[record for some in share for record in some] for share in shares(paths, RECORD, "hash", share_records)]

        assert sorted(path.name for path in Path(folder).iterdir()) == ["a", "b"]
    assert sorted(int(record["row"]) for share in got for record in share) == records["row"].tolist()
    for share in got:
        rows = [int(record["row"]) for record in share]
        assert rows == sorted(rows)
    of_hash = [{tuple(record["hash"].tolist()) for record in share} for share in got]
    assert sum(map(len, of_hash)) == len(set().union(*of_hash))


@given(hashes)
def test_a_group_is_a_hash_in_the_order_of_the_records(listed):
    records = records_of(listed)

    order, is_first = grouped(records, "hash")

    ordered = [listed[index] for index in order.tolist()]
    assert sorted(order.tolist()) == list(range(len(listed)))
    assert [index for index, first in enumerate(is_first) if first and listed] == [
        index for index, each in enumerate(ordered) if index == 0 or each != ordered[index - 1]
    ]
    assert len(set(listed)) == sum(is_first[: len(listed)])
    for each in set(listed):
        places = [index for index in order.tolist() if listed[index] == each]
        assert places == sorted(places)


def test_some_records_are_taken_whole():
    records = records_of([(1, 2), (3, 4), (5, 6)])

    assert taken(records, np.array([2, 0])).tobytes() == records[2].tobytes() + records[0].tobytes()


@given(st.lists(st.sets(st.integers(0, 29), max_size=8), max_size=4), st.sampled_from([None, 1, 3]))
def test_of_all_that_is_found_the_first_rows_are_listed(found, limit):
    records = records_of([(0, 0)] * 30)

    chosen = [np.array(sorted(each, reverse=True), dtype=np.int64) for each in found]
    got = joined((found_in(records, each, np.zeros(len(each), dtype=np.int64), limit) for each in chosen), limit)

    rows = sorted(row + 1 for each in found for row in each)
    assert got.count == len(rows)
    assert got.listed.tolist() == [[row, row, row, 1] for row in rows[:limit]]


def test_nothing_found_is_nothing():
    assert (Found().count, Found().listed.shape) == (0, (0, 4))
