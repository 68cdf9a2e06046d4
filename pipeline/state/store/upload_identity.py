"""What a key of the store says about an upload, and the ids that uploads get.

The id is the dataset's for ever, in Dagster too, so `dataset_id` must never change what it returns.
"""

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass

from pipeline.state.store.keys import UPLOADS, is_listed, why_left_out
from pipeline.state.store.left_out import HIDDEN, Reason
from pipeline.wording import slug

_MAX_SLUG = 40
# 64 bits: among a million datasets of one slug, two share an id with probability 1e12 / 2^65 = 3e-8; and nobody
# can search out a second file that takes the id of a given one.
_HASH_HEX_DIGITS = 16
# What both functions below return, and nothing that people call their folders by accident.
_ID = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{_MAX_SLUG - 2}}}[a-z0-9])?-[0-9a-f]{{{_HASH_HEX_DIGITS}}}")

NO_OWNER = Reason("no-owner", "it belongs to no owner", "put it under uploads/<owner>/")
MANIFEST_SUFFIX = ".shards.json"
"""How the name of an upload ends that names others, which are one dataset together."""
_SHARDS = MANIFEST_SUFFIX.removesuffix(".json")
LONE_SHARD = Reason(
    "shard",
    "it lies in a folder of shards, and no manifest of that name is there",
    f"put a manifest beside the folder, under its name with .json: uploads/<owner>/NAME{MANIFEST_SUFFIX}",
    172_800.0,  # its manifest may come later, and where a queue tells of uploads a listing sees both once a day
)
SUBFOLDER = Reason("subfolder", "it lies in a folder of its owner's", "put it right under uploads/<owner>/")
NOT_AN_UPLOAD = Reason("not-an-upload", "it does not lie under uploads/", "put it under uploads/<owner>/")


@dataclass(frozen=True, slots=True)
class UploadKey:
    """A key that names an upload."""

    owner: str
    name: str
    dataset_id: str = ""  # only of an upload through the service, which made the id and the row before the file came

    @property
    def is_drop(self) -> bool:
        """Whether nobody announced it, so that the sensor must register it."""
        return not self.dataset_id


def owner_and_name(key: str) -> UploadKey | Reason:
    """Read `uploads/<owner>/<name>` or `uploads/<owner>/<dataset_id>/<name>`; any kind of file is taken.

    A file of the wrong kind gets a verdict like any other: its owner is told, instead of waiting in vain.
    Any other key names no upload, and the reason says why.
    """
    if not is_listed(key):
        return why_left_out(key) or HIDDEN
    if not key.startswith(UPLOADS):
        return NOT_AN_UPLOAD
    match key.split("/")[1:]:
        case [owner, name]:
            return UploadKey(owner, name)
        case [owner, made_id, name] if _ID.fullmatch(made_id):
            return UploadKey(owner, name, made_id)
        case [_]:
            return NO_OWNER
        case [_, folder, *_] if folder.endswith(_SHARDS):
            return LONE_SHARD
        case _:
            return SUBFOLDER


def manifest_of(key: str) -> str:
    """The manifest to which a shard belongs by the name of its folder.

    >>> manifest_of("uploads/ana/spring.shards/part-1.jsonl.gz")
    'uploads/ana/spring.shards.json'
    """
    return "/".join(key.split("/")[:3]) + MANIFEST_SUFFIX.removeprefix(_SHARDS)


def folder_of_shards(manifest: str) -> str:
    """The folder whose shards belong to a manifest by its name.

    >>> folder_of_shards("uploads/ana/spring.shards.json")
    'uploads/ana/spring.shards'
    """
    return manifest.removesuffix(MANIFEST_SUFFIX.removeprefix(_SHARDS))


def dataset_id(owner: str, storage_path: str, content_version: str) -> str:
    """Return the id of one version of one dropped file, readable and short.

    >>> dataset_id("ana", "uploads/ana/Support Chat.jsonl", "etag:1")
    'support-chat-8bce553d8d8c2f46'
    """
    # Lengths in front keep ("a", "bc") and ("ab", "c") apart.
    parts = [part.encode("utf-8", "surrogatepass") for part in (owner, storage_path, content_version)]
    digest = hashlib.sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).hexdigest()
    return f"{_slug(storage_path)}-{digest[:_HASH_HEX_DIGITS]}"


def new_dataset_id(file_name: str) -> str:
    """Return an id for an upload through the service: nobody can guess it, and its beginning says what it is."""
    return f"{_slug(file_name)}-{secrets.token_hex(_HASH_HEX_DIGITS // 2)}"


def _slug(storage_path: str) -> str:
    stem = storage_path.rpartition("/")[2]
    stem = stem.rpartition(".")[0] or stem
    ascii_text = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    return slug(ascii_text)[:_MAX_SLUG].rstrip("-") or "dataset"
