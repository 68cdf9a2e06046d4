"""XXH3 of many texts at once, number for number what `xxhash` says of each.

A megabyte of one-word rows has a hundred thousand texts: to ask for each by itself takes longer than all the rest.
So texts of up to 16 bytes are hashed together in numpy; of longer ones there are few for their bytes. Names and order
of the steps are those of the algorithm's specification. All sums and products are modulo 2^64.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import xxhash

from pipeline.dataset.model.bit_flags import Bytes, Integers

Hashes = npt.NDArray[np.uint64]

_SHORT_BYTES = 16
_AT_ONCE = 2**12  # texts, so that all that is computed of them stays near the core
_SECRET = bytes.fromhex(  # the beginning of the algorithm's default secret
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578"
    "825ad07dccff7221b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea3"
    "71644897a20df94e3819ef46a9deacd8"
)
_PRIME32_2 = np.uint64(0x85EBCA77)
_PRIME64_1, _PRIME64_2 = np.uint64(0x9E3779B185EBCA87), np.uint64(0xC2B2AE3D27D4EB4F)
_PRIME64_3 = np.uint64(0x165667B19E3779F9)
_PRIME_MX1, _PRIME_MX2 = np.uint64(0x165667919E3779F9), np.uint64(0x9FB21C651E98DF25)
_LOW = np.uint64(2**32 - 1)


def xxh3_64(data: Bytes, starts: Integers, ends: Integers) -> Hashes:
    """Hash of each of n texts, which lie in data from each start to before its end."""
    hashes = np.empty(len(starts), dtype=np.uint64)
    for of_kind, texts in _short_kinds(data, starts, ends):
        hashes[of_kind] = texts.hash_64()
    long = np.flatnonzero(ends - starts > _SHORT_BYTES)
    if len(long):
        view, digest = memoryview(data), xxhash.xxh3_64_intdigest  # type: ignore[arg-type]  # an array has a buffer
        places = zip(starts[long].tolist(), ends[long].tolist(), strict=True)
        hashes[long] = [digest(view[start:end]) for start, end in places]
    return hashes


def hash_texts(data: Bytes, starts: Integers) -> Hashes:
    """Hash of each of n texts, end to end in data. starts: n + 1."""
    return xxh3_64(data, starts[:-1], starts[1:])


def hash_strings(strings: Sequence[str]) -> Hashes:
    """Hash of the UTF-8 of each of n strings."""
    encoded = list(map(str.encode, strings))
    starts = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded)), out=starts[1:])
    return hash_texts(np.frombuffer(b"".join(encoded), dtype=np.uint8), starts)


def xxh3_128(data: Bytes, starts: Integers, ends: Integers, seeds: Hashes | None = None) -> Hashes:
    """Digest of each of n texts, n × 2: the 16 bytes that `xxhash` gives, as two numbers. seeds: n, or all 0."""
    if seeds is None:
        seeds = np.zeros(len(starts), dtype=np.uint64)
    words = np.empty((len(starts), 2), dtype=">u8")
    for of_kind, texts in _short_kinds(data, starts, ends):
        words[of_kind, 0], words[of_kind, 1] = texts.hash_128(seeds[of_kind])
    digests = words.view("<u8")
    long = np.flatnonzero(ends - starts > _SHORT_BYTES)
    if len(long):
        view, digest = memoryview(data), xxhash.xxh3_128_digest  # type: ignore[arg-type]  # an array has a buffer
        places = zip(starts[long].tolist(), ends[long].tolist(), seeds[long].tolist(), strict=True)
        joined = b"".join([digest(view[start:end], seed) for start, end, seed in places])
        digests[long] = np.frombuffer(joined, dtype="<u8").reshape(-1, 2)
    return digests


def _short_kinds(data: Bytes, starts: Integers, ends: Integers) -> Iterator[tuple[Integers, "_Texts"]]:
    """The indices of texts that the algorithm treats alike, with these texts."""
    sizes = ends - starts
    for kind, (least, most) in ((_Empty, (0, 0)), (_Tiny, (1, 3)), (_Small, (4, 8)), (_Medium, (9, _SHORT_BYTES))):
        of_kind = np.flatnonzero((sizes >= least) & (sizes <= most))
        for first in range(0, len(of_kind), _AT_ONCE):
            some = of_kind[first : first + _AT_ONCE]
            yield some, kind(data, starts[some], sizes[some])


class _Texts:
    """Texts of sizes that are treated alike."""

    def __init__(self, data: Bytes, starts: Integers, sizes: Integers) -> None:
        self._data = data
        self._starts = starts
        self._lengths = sizes
        self._sizes = sizes.astype(np.uint64)

    def _read(self, after: "Integers | int", size_bytes: int) -> Hashes:
        """The number at so many bytes after the start of each text."""
        count = len(self._data) - size_bytes + 1  # at every byte one begins
        loads = np.ndarray(count, dtype=f"<u{size_bytes}", buffer=self._data, strides=(1,))
        numbers: Hashes = loads[self._starts + after].astype(np.uint64)
        return numbers

    def hash_64(self) -> Hashes:
        raise NotImplementedError

    def hash_128(self, seeds: Hashes) -> tuple[Hashes, Hashes]:
        """The higher and the lower half."""
        raise NotImplementedError


class _Empty(_Texts):
    def hash_64(self) -> Hashes:
        return _xxh64_avalanche(np.full(len(self._starts), _flip(56, 64)))

    def hash_128(self, seeds: Hashes) -> tuple[Hashes, Hashes]:
        return _xxh64_avalanche(seeds ^ _flip(80, 88)), _xxh64_avalanche(seeds ^ _flip(64, 72))


class _Tiny(_Texts):
    def _combined(self) -> Hashes:
        first, middle, last = (self._read(at, 1) for at in (0, self._lengths >> 1, self._lengths - 1))
        return first << np.uint64(16) | middle << np.uint64(24) | last | self._sizes << np.uint64(8)

    def hash_64(self) -> Hashes:
        return _xxh64_avalanche(self._combined() ^ _flip(0, 4, 4))

    def hash_128(self, seeds: Hashes) -> tuple[Hashes, Hashes]:
        low = self._combined()
        swapped = low.astype(np.uint32).byteswap()
        high = (swapped << np.uint32(13) | swapped >> np.uint32(19)).astype(np.uint64)
        return _xxh64_avalanche(high ^ (_flip(8, 12, 4) - seeds)), _xxh64_avalanche(low ^ (_flip(0, 4, 4) + seeds))


class _Small(_Texts):
    def hash_64(self) -> Hashes:
        keyed = self._read(self._lengths - 4, 4) + (self._read(0, 4) << np.uint64(32)) ^ _flip(8, 16)
        keyed ^= _rotated(keyed, 49) ^ _rotated(keyed, 24)
        keyed *= _PRIME_MX2
        keyed ^= (keyed >> np.uint64(35)) + self._sizes
        return _shifted(keyed * _PRIME_MX2, 28)

    def hash_128(self, seeds: Hashes) -> tuple[Hashes, Hashes]:
        seeds = seeds ^ seeds.astype(np.uint32).byteswap().astype(np.uint64) << np.uint64(32)
        both = self._read(0, 4) + (self._read(self._lengths - 4, 4) << np.uint64(32))
        high, low = _multiplied(both ^ (_flip(16, 24) + seeds), _PRIME64_1 + (self._sizes << np.uint64(2)))
        high += low << np.uint64(1)
        low = _shifted(_shifted(low ^ high >> np.uint64(3), 35) * _PRIME_MX2, 28)
        return _avalanche(high), low


class _Medium(_Texts):
    def hash_64(self) -> Hashes:
        low, high = self._read(0, 8) ^ _flip(24, 32), self._read(self._lengths - 8, 8) ^ _flip(40, 48)
        above, below = _multiplied(low, high)
        return _avalanche(self._sizes + low.byteswap() + high + (above ^ below))

    def hash_128(self, seeds: Hashes) -> tuple[Hashes, Hashes]:
        low, high = self._read(0, 8), self._read(self._lengths - 8, 8)
        above, below = _multiplied(low ^ high ^ (_flip(32, 40) - seeds), _PRIME64_1)
        below += self._sizes - np.uint64(1) << np.uint64(54)
        high ^= _flip(48, 56) + seeds
        above += high + (high & _LOW) * (_PRIME32_2 - np.uint64(1))
        below ^= above.byteswap()
        upper, lower = _multiplied(below, _PRIME64_2)
        return _avalanche(upper + above * _PRIME64_2), _avalanche(lower)


def _flip(one: int, other: int, size_bytes: int = 8) -> np.uint64:
    """What two places of the secret differ in."""
    numbers = (int.from_bytes(_SECRET[at : at + size_bytes], "little") for at in (one, other))
    return np.uint64(next(numbers) ^ next(numbers))


def _multiplied(left: Hashes, right: "Hashes | np.uint64") -> tuple[Hashes, Hashes]:
    """The higher and the lower half of the product of 128 bits."""
    half = np.uint64(32)
    left_low, left_high, right_low, right_high = left & _LOW, left >> half, right & _LOW, right >> half
    crossed = left_high * right_low
    carried = (left_low * right_low >> half) + (crossed & _LOW) + left_low * right_high
    return (crossed >> half) + (carried >> half) + left_high * right_high, left * right


def _shifted(hashes: Hashes, bits: int) -> Hashes:
    return hashes ^ hashes >> np.uint64(bits)


def _rotated(hashes: Hashes, bits: int) -> Hashes:
    return hashes << np.uint64(bits) | hashes >> np.uint64(64 - bits)


def _avalanche(hashes: Hashes) -> Hashes:
    return _shifted(_shifted(hashes, 37) * _PRIME_MX1, 32)


def _xxh64_avalanche(hashes: Hashes) -> Hashes:
    return _shifted(_shifted(_shifted(hashes, 33) * _PRIME64_2, 29) * _PRIME64_3, 32)
