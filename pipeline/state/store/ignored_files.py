"""What lies in the store and gets no row: whose it is, why, and how its name can be shown.

The reasons that follow from a name are in `state/store/left_out.py` and `upload_identity.py`; what is remembered of
them, and who was told, is in `state/catalog/ignored.py`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pipeline.safe_text import escaped
from pipeline.state.store import data_names, left_out, upload_identity
from pipeline.state.store.keys import UPLOADS
from pipeline.state.store.left_out import LeftOut, Reason
from pipeline.state.store.store_protocol import StoredObject

TAKEN_ID = Reason(
    "taken-id",
    "the id in its path belongs to another dataset",
    "put it right under uploads/<owner>/, where it becomes a dataset of its own",
)
OTHER_SIZE = Reason(
    "other-size",
    "it has another size than was announced",
    "put it right under uploads/<owner>/, where it becomes a dataset of its own",
)
BESIDE = Reason("beside", "it lies beside the folder uploads/, where nobody looks", "put it under uploads/<owner>/")

_FROM_NAMES = (
    left_out.HIDDEN,
    left_out.UNFINISHED,
    left_out.BACKSLASH,
    left_out.NOT_UTF8,
    left_out.EMPTY_PART,
    left_out.FOLDER_MARK,
    left_out.LINK,
    left_out.NO_FILE,
    left_out.UNREADABLE,
    upload_identity.NO_OWNER,
    upload_identity.SUBFOLDER,
    upload_identity.LONE_SHARD,
    upload_identity.NOT_AN_UPLOAD,
)
REASONS = {reason.code: reason for reason in (*_FROM_NAMES, TAKEN_ID, OTHER_SIZE, BESIDE)}
FROM_NAMES = frozenset(reason.code for reason in _FROM_NAMES)
"""Codes that each look at the store finds."""
FROM_ROWS = frozenset({TAKEN_ID.code, OTHER_SIZE.code})
"""Codes that only a look finds which compares uploads through the service with their rows."""

# What systems leave in each folder that somebody opens: not worth a word to its owner.
_LITTER = re.compile(r"\.DS_Store|\._.*|\.nfs[0-9a-f]+|\.fuse_hidden.*|\.Trash.*|\.Spotlight.*|\.fseventsd|\.localized")
_DATA = re.compile(
    rf"\.(?:{'|'.join((*data_names.ROWS, *data_names.ARCHIVES))})(?:\.(?:{'|'.join(data_names.PACKED)}))?$",
    re.IGNORECASE,
)
_ESCAPED = re.compile(r"\\(?:\\|x([0-9a-f]{2})|u\{([0-9a-f]+)\})")


@dataclass(frozen=True, slots=True)
class IgnoredFile:
    """Something in the store that gets no row."""

    key: str
    """As people see it (`shown_key`)."""
    folder: str
    """Its owner's, or empty."""
    reason: Reason
    size_bytes: int | None = None
    modified_at: datetime | None = None


def ignored(entry: StoredObject | LeftOut, reason: Reason | None = None) -> IgnoredFile:
    """An entry of a listing that gets no row; of an object, with the reason."""
    found = entry.reason if isinstance(entry, LeftOut) else reason
    assert found is not None  # noqa: S101  # an object is not left out by itself
    return IgnoredFile(shown_key(entry.key), owner_folder(entry.key), found, entry.size_bytes, entry.modified_at)


def owner_folder(key: str) -> str:
    """The folder right under `uploads/` that a key lies in; empty where it lies in none that can be an owner's.

    >>> owner_folder("uploads/ana/spring/chat.jsonl")
    'ana'
    """
    folder, slash, name = key.removeprefix(UPLOADS).partition("/")
    is_owner = key.startswith(UPLOADS) and slash and name and folder and not folder.startswith(".")
    return folder if is_owner and folder == _encodable(folder) and "\\" not in folder else ""


def what_to_do(reason: Reason, shown: str) -> str:
    """The remedy for a file of this shown key, which says whose folder is meant where one can know."""
    folder = owner_folder(key_of(shown))
    return reason.remedy.replace("<owner>", folder) if folder else reason.remedy


def beside_uploads(names: Iterable[str]) -> Iterator[IgnoredFile]:
    """What of the names beside `uploads/`, those of folders with their `/`, somebody meant to be uploaded."""
    for name in names:
        is_folder = name.endswith("/") and name != UPLOADS
        is_meant = name.strip("/ ").casefold() in ("uploads", "upload", "") if is_folder else _DATA.search(name)
        if is_meant:
            yield IgnoredFile(shown_key(name), "", BESIDE)


def is_told(file: IgnoredFile, now: datetime) -> bool:
    """Whether its owner should hear of it by now."""
    after_s = file.reason.told_after_s
    if after_s is None or _LITTER.fullmatch(file.key.rstrip("/").rpartition("/")[2]):
        return False
    return after_s == 0 or file.modified_at is None or abs((now - file.modified_at).total_seconds()) >= after_s


def shown_key(key: str) -> str:
    r"""The key as it can be printed and stored anywhere; `key_of` gives it back.

    >>> print(shown_key("uploads/ana/caf\udce9\n.jsonl"))
    uploads/ana/caf\xe9\x0a.jsonl
    """
    if key.isascii() and key.isprintable() and "\\" not in key:
        return key
    return "".join(map(_shown, key))


def key_of(shown: str) -> str:
    """The key that `shown_key` made printable."""
    return _ESCAPED.sub(_read, shown)


def _shown(character: str) -> str:
    if character == "\\":
        return "\\\\"
    return character if character.isprintable() else escaped(character)


def _read(match: re.Match[str]) -> str:
    if match[1]:
        code = int(match[1], 16)
        return chr(code if code < 0x80 else code + 0xDC00)
    return chr(int(match[2], 16)) if match[2] else "\\"


def _encodable(text: str) -> str:
    return text.encode("utf-8", "ignore").decode()
