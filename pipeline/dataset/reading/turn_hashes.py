"""Hashes of turns, by which conversations and prompts are found to be the same."""

from collections.abc import Iterable

import msgspec
import numpy as np
import numpy.typing as npt
import xxhash

from pipeline.dataset.formats.rows.message_lists import TEXT_PARTS, only_text
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.reading.columns import Columns


def hash_turns(
    columns: Columns, firsts: Integers, ends: Integers, said: npt.NDArray[np.uint64] | None = None
) -> npt.NDArray[np.uint64]:
    """Hash of the turns from each first to before its end: n × 2, 128 bits each.

    The text is seeded with the hash of roles and lengths: alone it would not tell where one turn ends and the next
    begins. said: of each turn, what it says beside its text and role.
    """
    hashes = np.array([xxhash.xxh3_64_intdigest(role.encode()) for role in columns.role_names], dtype=np.uint64)
    roles = hashes[columns.roles] if said is None else hashes[columns.roles] ^ said
    outline = np.stack([np.diff(columns.text_starts).astype(np.uint64), roles], axis=1)
    outlines, text = memoryview(outline.tobytes()), memoryview(columns.text.data)
    turn_bytes = outline.itemsize * 2
    spans = zip(
        (firsts * turn_bytes).tolist(),
        (ends * turn_bytes).tolist(),
        columns.text_starts[firsts].tolist(),
        columns.text_starts[ends].tolist(),
        strict=True,
    )
    seed, digest = xxhash.xxh3_64_intdigest, xxhash.xxh3_128_digest
    return as_words(
        [digest(text[text_from:text_to], seed(outlines[from_:to])) for from_, to, text_from, text_to in spans]
    )


def hash_surroundings(columns: Columns) -> npt.NDArray[np.uint64]:
    """Of each turn, the hash of what is given beside words: parts that are no text, and the tools to choose from.

    The same words with other tools, or about another picture, are another prompt and teach something else.
    """
    extras = columns.extras
    given = np.zeros(len(columns.roles), dtype=np.uint64)
    if extras.tools is not None:
        given ^= np.repeat(text_hashes(extras.tools), columns.turn_counts)
    if extras.parts is not None:
        given ^= text_hashes(map(_pictures_of, extras.parts))
    return given


def _pictures_of(parts: str | None) -> str | None:
    """The parts of a content that are no text, as JSON; None where there are none."""
    if not parts or only_text(parts):
        return None
    others = [part for part in msgspec.json.decode(parts) if part.get("type") not in TEXT_PARTS]
    return msgspec.json.encode(others).decode() if others else None


def text_hashes(texts: Iterable[str | None]) -> npt.NDArray[np.uint64]:
    """Hash of each text, 0 where there is none."""
    return np.array([xxhash.xxh3_64_intdigest(text.encode()) if text else 0 for text in texts], dtype=np.uint64)


def as_words(digests: list[bytes]) -> npt.NDArray[np.uint64]:
    """Digests of 128 bits as n × 2 numbers."""
    return np.frombuffer(b"".join(digests), dtype="<u8").reshape(-1, 2)
