"""Which keys a store touches, which of them a listing shows, and how a name that a person typed becomes one.

The rules hold for every store, so that an upload keeps its key when an installation moves to S3.
"""

import hashlib
import re
import unicodedata

from pipeline.errors import UsageError
from pipeline.state.store.left_out import BACKSLASH, EMPTY_PART, FOLDER_MARK, HIDDEN, NOT_UTF8, UNFINISHED, Reason

UPLOADS = "uploads/"
# What we put there ourselves: uploads that come in, the mark of the installation, files that `put` writes, whose a
# folder is, how its uploads are read, and which are deleted.
_OWN = re.compile(
    r"uploads/(?:\.incoming/(?:[^/]*\.part)?|\.lora-installation|(?:.*/)?(?:\.[0-9a-f]{32}\.part|\.owner|\.mappings|\.deleted))",
    re.DOTALL,
)
_UNFINISHED = (".part", ".tmp", "~")  # what browsers, rsync and editors call a file they still write
# File systems take 255 bytes a name; the rest is for the suffixes that tools add to it.
_MAX_NAME_BYTES = 200
_MAX_EXTENSION_BYTES = 20
# Control, format (among them the marks that reverse text), surrogate, line and paragraph separators.
_UNREADABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


# A valid key with no hidden part, as one expression: a tick asks it for each object of the store.
_VISIBLE = re.compile(r"[^./\\\0\ud800-\udfff][^/\\\0\ud800-\udfff]*(?:/[^./\\\0\ud800-\udfff][^/\\\0\ud800-\udfff]*)*")


def key_problem(key: str) -> str:
    """Return why no store may touch `key`, or an empty string."""
    if "\0" in key or "\\" in key:
        return "it holds a NUL or a backslash"
    if key.startswith("/"):
        return "it is absolute"
    if {"", ".", ".."} & set(key.split("/")):
        return "a part of it is empty, `.` or `..`"
    if not _is_encodable(key):
        return "it is not valid Unicode"
    return ""


def check_key(key: str) -> None:
    """Refuse a key that could lead out of the store.

    Raises:
        UsageError: says which key and why.
    """
    if problem := key_problem(key):
        raise UsageError(f"the key {key!r} cannot be used: {problem}; expected uploads/<owner>/<name>")


def check_prefix(prefix: str) -> None:
    """Refuse a prefix under which no valid key lies.

    Raises:
        UsageError: says which prefix and why.
    """
    if prefix:
        check_key(prefix.removesuffix("/"))


def is_listed(key: str) -> bool:
    """Tell whether a listing shows `key`: valid, not hidden, not still being written."""
    return _VISIBLE.fullmatch(key) is not None and not key.endswith(_UNFINISHED)


def why_left_out(key: str, size_bytes: int | None = None) -> Reason | None:
    """Say why a listing leaves `key` out, given that it does; None for what is our own. A folder's key ends in `/`."""
    if not _is_encodable(key):
        return NOT_UTF8
    if "\0" in key or "\\" in key:
        return BACKSLASH
    if _OWN.fullmatch(key):
        return None
    parts = key.split("/")
    if {"", ".", ".."} & set(parts[:-1]):
        return EMPTY_PART
    if any(part.startswith(".") for part in parts[:-1]):
        return HIDDEN
    if parts[-1] in ("", ".", ".."):
        return FOLDER_MARK if not parts[-1] and size_bytes == 0 else EMPTY_PART
    return HIDDEN if parts[-1].startswith(".") else UNFINISHED


def safe_key(owner: str, file_name: str, dataset_id: str = "") -> str:
    """Return the key for an upload of `owner`, one that every store accepts and every listing shows.

    With `dataset_id` it is the key of an upload through the service, which made the id; else that of a dropped file.
    """
    folder = f"{safe_owner(dataset_id)}/" if dataset_id else ""
    return f"{UPLOADS}{safe_owner(owner)}/{folder}{safe_file_name(file_name)}"


def safe_owner(owner: str) -> str:
    """Return a folder name for an owner; two different owners never share one."""
    name = _readable_name(owner.replace("/", "-").replace("\\", "-"), "owner")
    if name == owner and "~" not in owner:
        return name
    # What was taken out of the name is what told `a/b` from `a-b`, so a digest says it again. The `~` marks it, so that
    # nobody can take the folder of `a/b` by calling himself what it became.
    return f"{name}~{hashlib.sha256(owner.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def is_owner_digest(owner: str) -> bool:
    """Tell whether a name is a folder that `safe_owner` made, and with that nobody's own name."""
    return re.fullmatch(r".*~[0-9a-f]{16}", owner, re.DOTALL) is not None


def safe_file_name(file_name: str) -> str:
    """Return the last part of a path or name as a readable file name (NFC, at most 200 bytes, extension kept)."""
    # Some browsers send the whole path on the sender's machine, with its separators.
    return _readable_name(re.split(r"[/\\]", file_name.rstrip("/\\"))[-1], "upload")


def _readable_name(text: str, fallback: str) -> str:
    visible = "".join(c if c.isspace() or unicodedata.category(c) not in _UNREADABLE else "" for c in text)
    name = unicodedata.normalize("NFC", " ".join(visible.split())).lstrip(". ") or fallback
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > _MAX_EXTENSION_BYTES:
        stem, dot, extension = name, "", ""
    room = _MAX_NAME_BYTES - len(f"{dot}{extension}".encode())
    name = stem.encode()[:room].decode(errors="ignore") + dot + extension
    return f"{name}_" if name.endswith(_UNFINISHED) else name


def _is_encodable(text: str) -> bool:
    # A file name that is not UTF-8 reaches Python with lone surrogates; no database or S3 service takes those.
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)
