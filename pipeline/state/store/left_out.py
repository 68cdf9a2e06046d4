"""Why something that lies in a store is no object for it: each reason once, with its sentence and its remedy.

Which keys have which problem is decided in `keys.py`; what the rules of uploads add is in `ignored_files.py`.
"""

from dataclasses import dataclass
from datetime import datetime

_WELL_AFTER_S = 3_600.0  # what is still being written, or tidied up by whoever made it, is not a complaint


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a file becomes no dataset."""

    code: str
    """Public and for ever."""
    sentence: str
    remedy: str
    told_after_s: float | None = 0.0
    """How long it must lie unchanged before its owner is told; None: never."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a listing left out."""

    key: str
    """As the store has it, perhaps not valid Unicode; that of a folder ends in `/`."""
    reason: Reason
    size_bytes: int | None = None
    modified_at: datetime | None = None


HIDDEN = Reason(
    "hidden", "its name, or that of its folder, begins with a dot", "rename it without the dot", _WELL_AFTER_S
)
UNFINISHED = Reason(
    "unfinished",
    "its name says that it is still being written (.part, .tmp or ~)",
    "rename it when it is whole",
    _WELL_AFTER_S,
)
BACKSLASH = Reason("backslash", "its name holds a backslash or a NUL", "rename it")
NOT_UTF8 = Reason("not-utf-8", "its name is not UTF-8, so that nothing can name it", "rename it")
EMPTY_PART = Reason(
    "empty-part",
    "a part of its path is empty, `.` or `..`",
    "store it again as uploads/<owner>/<name>, with single slashes",
)
FOLDER_MARK = Reason(
    "folder", "it is empty and named like a folder, as consoles make them", "nothing, or remove it", None
)
LINK = Reason(
    "link",
    "it is a symbolic link, which a store does not follow",
    "put the file itself there, or set LORA_STORE to the folder that the link leads to",
)
NO_FILE = Reason("no-file", "it is no plain file: a pipe, a socket or a device", "put a plain file there")
UNREADABLE = Reason(
    "unreadable",
    "it cannot be read: its permissions forbid it, its path is too long, or its disk fails",
    "let the user who runs the pipeline read it, or store it again under a shorter path",
)
