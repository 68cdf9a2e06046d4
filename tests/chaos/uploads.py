"""Uploads of which everything is known: valid, broken and odd ones, each with the verdict that it must get."""

import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import zstandard

from tests.installation import bad_file, conversation, valid_file

Way = Literal["dropped", "service"]
OWNERS: dict[Way, tuple[str, ...]] = {"dropped": ("ana",), "service": ("ben", "cleo")}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file, how it arrives, and what must become of it.

    conversations, turns, findings: rows in the lake; findings is None where there are some.
    """

    file_name: str
    owner: str
    way: Way
    content: bytes
    status: Literal["ready", "error"]
    conversations: int
    turns: int
    findings: int | None


@dataclass(frozen=True, slots=True)
class _Content:
    """What a kind of upload holds."""

    ending: str
    content: bytes
    conversations: int
    turns: int
    findings: int | None = 0


def make_uploads(count: int, seed: int) -> list[Upload]:
    """Some of every kind, in an order of the seed; no two have the same bytes, and those of other seeds other names."""
    rng = random.Random(seed)
    return [_upload(number, rng, seed) for number in range(count)]


def _upload(number: int, rng: random.Random, seed: int) -> Upload:
    way: Way = rng.choice(("dropped", "service"))
    kind: Callable[[random.Random, int], _Content] = _large if number % 20 == 5 else rng.choice(_KINDS)
    if way == "dropped" and number % 20 == 10:
        kind = _empty  # the service takes none
    made = kind(rng, 1 + 10_000 * seed + number)
    status: Literal["ready", "error"] = "ready" if made.findings == 0 else "error"
    name = f"{kind.__name__.lstrip('_')}-{seed}-{number}{made.ending}"
    return Upload(
        name, rng.choice(OWNERS[way]), way, made.content, status, made.conversations, made.turns, made.findings
    )


def _good(rng: random.Random, seed: int) -> _Content:
    count = rng.randint(1, 40)
    return _Content(".jsonl", valid_file(count, seed=seed), count, 2 * count)


def _large(_: random.Random, seed: int) -> _Content:
    count = 8_000  # a megabyte: it takes so long that it is likely to be killed in the middle
    return _Content(".jsonl", valid_file(count, seed=seed), count, 2 * count)


def _bad(rng: random.Random, seed: int) -> _Content:
    bad_lines = rng.randint(1, 40)
    return _Content(".jsonl", bad_file(bad_lines, seed=seed), 2, 4, bad_lines)


def _packed(rng: random.Random, seed: int) -> _Content:
    count = rng.randint(1, 40)
    if rng.random() < 0.5:
        return _Content(".jsonl.gz", gzip.compress(valid_file(count, seed=seed), mtime=0), count, 2 * count)
    return _Content(".jsonl.zst", zstandard.compress(valid_file(count, seed=seed)), count, 2 * count)


def _array(rng: random.Random, seed: int) -> _Content:
    count = rng.randint(1, 20)
    rows = [conversation(seed * 1_000_000 + number).strip() for number in range(count)]
    return _Content(".json", ("[\n" + ",\n".join(rows) + "\n]\n").encode(), count, 2 * count)


def _one_line_array(rng: random.Random, seed: int) -> _Content:
    """As `json.dumps` of a list writes it: all rows share the one line."""
    count = rng.randint(1, 20)
    rows = [json.loads(conversation(seed * 1_000_000 + number)) for number in range(count)]
    return _Content(".json", json.dumps(rows).encode(), count, 2 * count)


def _odd_name(rng: random.Random, seed: int) -> _Content:
    made = _good(rng, seed)
    return _Content(" (Füße, 2×) 100%.jsonl", made.content, made.conversations, made.turns)


def _cut_short(rng: random.Random, seed: int) -> _Content:
    """The last line ends in the middle, as after a copy that broke off."""
    count = rng.randint(2, 20)
    return _Content(".jsonl", valid_file(count, seed=seed)[:-20], count - 1, 2 * (count - 1), None)


def _binary(rng: random.Random, _seed: int) -> _Content:
    picture = b"\x89PNG\r\n\x1a\n" + rng.randbytes(2_000).replace(b"\n", b"-")
    return _Content(".jsonl", picture, 0, 0, None)


def _empty(_rng: random.Random, _seed: int) -> _Content:
    return _Content(".jsonl", b"", 0, 0, None)


_KINDS = (_good, _good, _good, _bad, _bad, _packed, _array, _one_line_array, _odd_name, _cut_short, _binary)
