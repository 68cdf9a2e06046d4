"""Calls that look through some bands each, in any order and some of them twice, join what one process joins."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dataset.near import alike
from pipeline.dataset.near.alike import roots_by_bands
from pipeline.dataset.near.near_records import Records
from pipeline.dataset.near.signatures import BANDS, SIGNED_BANDS
from pipeline.errors import LakeError
from pipeline.flow.stored_near import BandsByEngine, StoredBands, join_by_bands
from pipeline.state.lake.places_of_parts import FolderParts
from tests.engines.backwards import Backwards

few = st.lists(st.lists(st.integers(0, 2), min_size=BANDS, max_size=BANDS), max_size=16)


@settings(max_examples=20)
@given(listed=few, cut=st.integers(0, 16), width=st.sampled_from([1, 12, 99]), data=st.data())
def test_bands_by_an_engine_join_what_one_process_joins(listed, cut, width, data):
    asked = st.lists(st.booleans(), min_size=len(listed), max_size=len(listed))
    is_asked = np.array(data.draw(asked), dtype=np.bool_)
    bands = np.zeros(len(listed), dtype=SIGNED_BANDS)
    bands["bands"] = np.array(listed, dtype=np.uint32).reshape(-1, BANDS) * 0x1111_1111  # alike in all samples or none
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(alike, "LEAST_AGREEMENTS", 8 * BANDS * 2 // 5)  # of many pairs of three values each
        parts, names = FolderParts(Path(folder)), ["part-a", "part-b"]
        for name, some in zip(names, (bands[:cut], bands[cut:]), strict=True):
            (path := parts.folder / name / "signatures.bands").parent.mkdir()
            path.write_bytes(some.tobytes())
        here = Records([parts.folder / name / "signatures.bands" for name in names], SIGNED_BANDS)
        expected = roots_by_bands(here, is_asked, parts.folder).tolist()

        engine = Backwards(width)
        found = BandsByEngine(engine, parts, tuple(names)).roots(is_asked).tolist()

    assert found == expected
    numbers = sorted(number for part in engine.done for number in part.numbers)
    assert (numbers, len(engine.done)) == (list(range(BANDS)), {1: 8, 12: 12, 99: 32}[width])


def test_a_worker_that_does_not_see_the_folder_says_what_is_expected(tmp_path):
    part = StoredBands(FolderParts(tmp_path / "elsewhere"), ("part-a",), "part-b", range(4))

    with pytest.raises(LakeError, match=r"expected LORA_LAKE to be s3://…, or a folder that all workers have"):
        join_by_bands(part, lambda _: None)


def test_what_a_range_left_and_is_not_there_is_no_fault_of_ours(tmp_path):
    """A share of the network may show it late."""
    part = StoredBands(FolderParts(tmp_path), ("part-a",), "part-b", range(4))

    with pytest.raises(LakeError, match=r"cannot read signatures\.bands: No such file or directory"):
        join_by_bands(part, lambda _: None)
