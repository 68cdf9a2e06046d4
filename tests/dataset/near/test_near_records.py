"""Records of several files are one array."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.near import near_records as module
from pipeline.dataset.near.near_records import Records

NUMBERED = np.dtype([("number", "<u4")])


@given(
    counts=st.lists(st.integers(0, 9), max_size=4),
    chunk_records=st.integers(1, 10),
    next_records=st.integers(1, 9),
    data=st.data(),
)
def test_records_are_read_as_they_were_written(counts, chunk_records, next_records, data):
    total = sum(counts)
    written = np.arange(total, dtype="<u4") * 7
    rows = sorted(data.draw(st.sets(st.integers(0, total - 1)))) if total else []
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(module, "_CHUNK_RECORDS", chunk_records)
        patch.setattr(module, "_NEXT_RECORDS", next_records)
        paths = [Path(folder, str(number)) for number in range(len(counts))]
        for path, part in zip(paths, np.split(written, np.cumsum(counts))[:-1] if counts else [], strict=True):
            path.write_bytes(part.tobytes())
        records = Records(paths, NUMBERED)

        chunks = list(records.chunks())
        taken = records.take(np.array(rows, dtype=np.int64))

    assert len(records) == total
    assert [row for row, _ in chunks] == [int(chunk["number"][0]) // 7 for _, chunk in chunks]
    assert [number for _, chunk in chunks for number in chunk["number"].tolist()] == written.tolist()
    assert max((len(chunk) for _, chunk in chunks), default=0) <= chunk_records
    assert taken["number"].tolist() == [row * 7 for row in rows]
