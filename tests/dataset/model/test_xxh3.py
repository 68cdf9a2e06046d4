"""Many texts hashed at once are hashed as `xxhash` hashes each."""

import numpy as np
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.model.xxh3 import xxh3_64, xxh3_128

TEXTS = st.lists(st.binary(max_size=20) | st.binary(min_size=100, max_size=300), max_size=30)


def placed(texts: list[bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    ends = np.cumsum([0, *map(len, texts)])
    return np.frombuffer(b"".join(texts), dtype=np.uint8), ends[:-1], ends[1:]


@given(TEXTS)
def test_64_bits_are_those_of_xxhash(texts):
    assert xxh3_64(*placed(texts)).tolist() == [xxhash.xxh3_64_intdigest(text) for text in texts]


@given(TEXTS, st.integers(0, 2**64 - 1))
def test_128_bits_are_those_of_xxhash_with_a_seed_of_each_text(texts, first_seed):
    seeds = [(first_seed + 0x9E3779B97F4A7C15 * number) % 2**64 for number in range(len(texts))]

    found = xxh3_128(*placed(texts), np.array(seeds, dtype=np.uint64))

    assert found.tobytes() == b"".join(map(xxhash.xxh3_128_digest, texts, seeds))


def test_without_seeds_all_are_zero():
    assert xxh3_128(*placed([b"a"])).tobytes() == xxhash.xxh3_128_digest(b"a")
