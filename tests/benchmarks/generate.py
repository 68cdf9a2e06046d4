"""Makes inputs for benchmarks: gigabytes of valid conversations, in seconds, the same for the same seed.

Sentences come from a pool that is built once and is JSON already, so a line is only joined. No two turns of that length
are alike, which keeps dictionaries and compression as busy as real data does, and each conversation names its own
number, so all ids and texts differ. The samples that people see come from `tests/samples.py`.
"""

import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["long", "short"]

_POOL_SIZE = 32_768
_CHUNK_BYTES = 8 * 2**20

_WORDS = (
    "the of and to in is you that it for on are with as this be at have from or one had by word but not what all were "
    "we when your can said there use an each which she do how their if will up other about out many then them these "
    "so some her would make like him into time has look two more write go see number no way could people my than "
    "first water been call who oil its now find long down day did get come made may part over new sound take only "
    "little work know place year live me back give most very after thing our just name good sentence man think say "
    "great where help through much before line right too mean old any same tell boy follow came want show also around "
    "form three small set put end does another well large must big even such because turn here why ask went men read "
    "need land different home us move try kind hand picture again change off play spell air away animal house point "
    "page letter mother answer found study still learn should world high every near add food between own below country "
    "plant last school father keep tree never start city earth eye light thought head under story saw left few while "
    "along might close something seem next hard open example begin life always those both paper together got group"
).split()
_NON_ASCII_WORDS = (
    "café naïve Zürich señor Ångström façade déjà-vu Łódź über 你好 数据 训练 ありがとう 東京 안녕하세요 서울 مرحبا "
    "привет μέση 🙂 🚀 ½ → “quoted” it’s – €20 São"
).split()
_NON_ASCII_WORD_SHARE = 0.08  # about 3 % of the characters
_LAYOUTS = ("{}.", "{}.", "{}!", "{}?\n\n", "- {}\n", '"{}", as they say.', "```python\nprint('{}')\n```\n")


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a kind's conversations look: exchanges (user, assistant) and sentences in each half, least and most."""

    exchanges: tuple[int, int]
    user_sentences: tuple[int, int]
    assistant_sentences: tuple[int, int]


_SHAPES: dict[Kind, _Shape] = {
    "long": _Shape(exchanges=(3, 16), user_sentences=(1, 7), assistant_sentences=(2, 24)),
    "short": _Shape(exchanges=(1, 3), user_sentences=(1, 2), assistant_sentences=(1, 6)),
}


def write_conversations(path: Path, size_bytes: int, kind: Kind = "long", seed: int = 0) -> int:
    """Write a valid JSONL file of at least `size_bytes`, by less than one line; return its number of lines.

    A "long" line has a mean of about 11 KB in about 20 turns, a "short" one about 900 bytes in about 6.
    """
    line_count = 0
    written_bytes = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb", buffering=_CHUNK_BYTES) as file:
        for line in _lines(_SHAPES[kind], seed):
            file.write(line)
            line_count += 1
            written_bytes += len(line)
            if written_bytes >= size_bytes:
                return line_count
    raise AssertionError("the lines never end")


def small_uploads(folder: Path, count: int, seed: int = 0, conversation_count: int = 20) -> list[Path]:
    """Write `count` small valid files, all different, `small-00000.jsonl` and so on; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = _lines(_SHAPES["short"], seed)
    paths = [folder / f"small-{number:05}.jsonl" for number in range(count)]
    for path in paths:
        path.write_bytes(b"".join(next(lines) for _ in range(conversation_count)))
    return paths


def _lines(shape: _Shape, seed: int) -> Iterator[bytes]:
    rng = random.Random(seed)
    pool = [_sentence_json(rng) for _ in range(_POOL_SIZE)]
    for number in itertools.count(1):
        turns = [
            b'{"role":"user","content":"This is talk number %d."},{"role":"assistant","content":"Noted."}' % number
        ]
        for _ in range(_between(rng, shape.exchanges)):
            question = b" ".join(rng.choices(pool, k=_between(rng, shape.user_sentences)))
            answer = b" ".join(rng.choices(pool, k=_between(rng, shape.assistant_sentences)))
            turns.append(b'{"role":"user","content":"%b"},{"role":"assistant","content":"%b"}' % (question, answer))
        yield b'{"conversation_id":"talk-%d-%d","turns":[%b]}\n' % (seed, number, b",".join(turns))


def _between(rng: random.Random, bounds: tuple[int, int]) -> int:
    least, most = bounds
    return least + int(rng.random() * (most - least + 1))  # a fifth of the time of randint, which dominated


def _sentence_json(rng: random.Random) -> bytes:
    words = [
        rng.choice(_NON_ASCII_WORDS if rng.random() < _NON_ASCII_WORD_SHARE else _WORDS)
        for _ in range(rng.randint(3, 20))
    ]
    sentence = rng.choice(_LAYOUTS).format(" ".join(words))
    return json.dumps(sentence, ensure_ascii=False)[1:-1].encode()
