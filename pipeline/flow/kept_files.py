"""A file beside an owner's uploads, in JSON: what must not be forgotten with a catalog that is lost."""

import io
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from pipeline.errors import ObjectMissing
from pipeline.state.store import Store
from pipeline.state.store.keys import UPLOADS

_Value = TypeVar("_Value")


def read_kept(
    store: Store, folder: str, name: str, decode: Callable[[bytes], dict[str, _Value]], most_bytes: int
) -> dict[str, _Value]:
    """What the file says; nothing where there is none, or not one of ours: others may have written anything there.

    Raises:
        StoreError: it cannot be read now.
    """
    if not folder:  # a name that no other key can hold
        return {}
    try:
        with store.open(f"{UPLOADS}{folder}/{name}", 0, most_bytes) as reader:
            return decode(reader.read())
    except (ObjectMissing, msgspec.MsgspecError, UnicodeDecodeError):
        return {}


def write_kept(store: Store, folder: str, name: str, values: Mapping[str, object]) -> None:
    """Have the file say this, and nothing else.

    Raises:
        StoreError: it cannot be written now.
    """
    text = msgspec.json.encode(values, order="sorted")
    store.put(f"{UPLOADS}{folder}/{name}", io.BytesIO(text), len(text))
