"""Hashes of turns, by which conversations and prompts are found to be the same."""

from collections.abc import Iterable

import msgspec
import numpy as np
import xxhash

from pipeline.dataset.formats.rows.message_lists import TEXT_PARTS, only_text
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.model.xxh3 import Hashes, hash_strings, xxh3_64, xxh3_128
from pipeline.dataset.reading.columns import Columns


def hash_turns(columns: Columns, firsts: Integers, ends: Integers, said: Hashes | None = None) -> Hashes:
    """Hash of the turns from each first to before its end: n × 2, 128 bits each.

    The text is seeded with the hash of roles and lengths: alone it would not tell where one turn ends and the next
    begins. said: of each turn, what it says beside its text and role.
    """
    hashes = hash_strings(columns.role_names)
    roles = hashes[columns.roles] if said is None else hashes[columns.roles] ^ said
    outline = np.stack([np.diff(columns.text_starts).astype(np.uint64), roles], axis=1)
    turn_bytes = outline.itemsize * 2
    seeds = xxh3_64(outline.view(np.uint8).ravel(), firsts * turn_bytes, ends * turn_bytes)
    return xxh3_128(columns.text, columns.text_starts[firsts], columns.text_starts[ends], seeds)


def hash_surroundings(columns: Columns) -> Hashes:
    """Of each turn, the hash of what is given beside words: pictures and sounds, and the tools to choose from.

    The same words with other tools, or about another picture, are another prompt and teach something else.
    """
    extras = columns.extras
    given = np.zeros(len(columns.roles), dtype=np.uint64)
    if extras.tools is not None:
        given ^= np.repeat(text_hashes(extras.tools), columns.turn_counts)
    if extras.media is not None:
        given ^= np.repeat(text_hashes(extras.media), columns.turn_counts)
    if extras.parts is not None:
        given ^= text_hashes(map(_pictures_of, extras.parts))
    return given


def _pictures_of(parts: str | None) -> str | None:
    """The parts of a content that are no text, as JSON; None where there are none."""
    if not parts or only_text(parts):
        return None
    others = [part for part in msgspec.json.decode(parts) if part.get("type") not in TEXT_PARTS]
    return msgspec.json.encode(others).decode() if others else None


def text_hashes(texts: Iterable[str | None]) -> Hashes:
    """Hash of each text, 0 where there is none."""
    return np.array([xxhash.xxh3_64_intdigest(text.encode()) if text else 0 for text in texts], dtype=np.uint64)
