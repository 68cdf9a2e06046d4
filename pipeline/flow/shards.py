"""A manifest: a small upload that names others of its owner, which together are one dataset, in that order.

`NAME.shards.json` holds {"shards": ["NAME.shards/part-*.jsonl.gz", …]}: paths below its owner's folder, or the same as
addresses of this store; `*` in the last part stands for any characters. A shard is lines, plain or packed. Nothing
outside the folder of the manifest's owner can be named.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, takewhile

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.formats.archive_text import natural_order
from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES, BYTE_ORDER_MARK, ByteReader, Pieced, read_head
from pipeline.dataset.formats.containers import BrokenArchive, broken_in, unpacked
from pipeline.dataset.formats.sniff import HEAD_BYTES as SNIFFED_BYTES
from pipeline.dataset.formats.sniff import sniff
from pipeline.dataset.model.printable import printable
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.errors import ObjectChanged, ObjectMissing, ObjectUnreadable, StoreError, TooLarge
from pipeline.state.store import Store, StoredObject
from pipeline.state.store.keys import UPLOADS, is_listed
from pipeline.state.store.upload_identity import MANIFEST_SUFFIX
from pipeline.wording import size

MAX_SHARDS = 10_000
IDENTITY_OF_SHARDS = "shards:"
_MOST_BYTES = 4 * 2**20
_AT_ONCE = 8  # that are asked for: each waits for an answer, and does nothing else
_MOST_PATTERNS = 32
_MOST_LISTED = 100_000  # of what lies in folders of shards, and below them
_MOST_NAME_BYTES = 255  # of a file system
_MOST_KEY_BYTES = 1_024  # of S3
_FEW = 20  # of a folder, that are asked for one by one


class BadManifest(Exception):
    """A manifest that cannot be followed. finding: what is told of it."""

    def __init__(self, code: str, expected: str, found: str) -> None:
        super().__init__(found)
        self.finding = Finding(1, 0, code, "$", Mismatch(expected, found))


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    shards: list[str] = Field(min_length=1, max_length=MAX_SHARDS)
    version: str = ""  # says nothing; a bucket sees only other bytes as another upload


@dataclass(frozen=True, slots=True)
class Shard:
    """One version of an object that is a part of a dataset."""

    key: str
    name: str
    """Its path below its owner's folder."""
    size_bytes: int
    version: str


@dataclass(frozen=True, slots=True)
class Shards:
    """What a manifest names."""

    shards: tuple[Shard, ...]
    missing: tuple[str, ...]
    """Of what it names, that which is not there."""
    identity: str
    """Which bytes they all are."""
    bad: BadManifest | None = field(default=None, compare=False)

    @property
    def problem(self) -> Finding | None:
        """Why none of them is read."""
        if self.bad:
            return self.bad.finding
        if not self.missing:
            return None
        more = f" and {len(self.missing) - 1:,} more" if len(self.missing) > 1 else ""
        found = f"none at {printable(self.missing[0], 200)}{more}"
        return Finding(1, 0, "shard-missing", "$", Mismatch("the shards of the manifest", found))

    @property
    def digest(self) -> str:
        """Their identity as a SHA-256 in hex."""
        return self.identity.removeprefix(IDENTITY_OF_SHARDS)

    @property
    def size_bytes(self) -> int:
        """Of all shards, as they lie in the store."""
        return sum(shard.size_bytes for shard in self.shards)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which bytes an upload is, and how many of them there are to read."""

    content_version: str
    size_bytes: int


def is_manifest(key: str) -> bool:
    """Whether an upload names others."""
    return key.endswith(MANIFEST_SUFFIX)


def identity_of(store: Store, stored: StoredObject) -> Identity:
    """What tells an upload's bytes from others; those of a manifest are its own and its shards'.

    Raises:
        ObjectMissing, ObjectChanged, ObjectUnreadable, StoreError: as `Store.content_version`.
    """
    if not is_manifest(stored.key):
        return Identity(store.content_version(stored), stored.size_bytes)
    shards = shards_of(store, stored.key, stored.observed_version)
    return Identity(shards.identity, shards.size_bytes or stored.size_bytes)


def shards_of(store: Store, key: str, version: str = "") -> Shards:
    """The shards of the manifest at a key, in its order, as they are now. None where it is `bad`.

    Raises:
        ObjectMissing, ObjectChanged, StoreError: the manifest cannot be read, or the store does not answer.
        ObjectUnreadable: of a shard the store does not say whether it is there, though it answers.
    """
    with store.open(key, 0, _MOST_BYTES + 1, version) as reader:
        data = read_head(reader, _MOST_BYTES + 1)
    try:
        return shards_in(store, key, data)
    except (ObjectMissing, ObjectChanged):
        raise
    except StoreError as error:
        store.stat(key)  # one that is away says so
        raise ObjectUnreadable(f"the shards of {key} cannot be looked at: {error}") from error


def shards_in(store: Store, key: str, data: bytes) -> Shards:
    """The shards that a manifest of these bytes names at a key, as `shards_of` has them.

    Raises:
        StoreError: the store does not answer, or does not say whether a shard is there.
    """
    digest = hashlib.sha256(data)
    try:
        named = _named(data)
        found, missing = _resolve(store, key, named)
    except BadManifest as error:
        return Shards((), (), f"{IDENTITY_OF_SHARDS}{digest.hexdigest()}", error)
    for shard in found:
        digest.update(f"\0{shard.key}\0{shard.size_bytes}\0{shard.version}".encode())
    digest.update("".join(f"\0missing {name}" for name in missing).encode())
    return Shards(tuple(found), tuple(missing), f"{IDENTITY_OF_SHARDS}{digest.hexdigest()}")


def check_manifest(store: Store, key: str, data: bytes) -> None:
    """See that what a manifest at a key would say can be followed, wherever its shards are.

    Raises:
        BadManifest: it cannot.
    """
    for name in _named(data):
        if "*" in _key(store, _folder_of(key), name):
            raise BadManifest("bad-manifest", "shards whose names hold no *", printable(name, 200))


@dataclass(frozen=True, slots=True)
class KeptUpload:
    """An upload that still has the bytes of its dataset."""

    key: str
    version: str
    shards: Shards | None = None
    """Of a manifest."""


@contextmanager
def opened_upload(
    store: Store, kept: KeptUpload, max_unpacked_bytes: int, *, is_whole: bool = True
) -> Iterator[ByteReader]:
    """Open an upload to be read once; of a manifest the text of its shards, one after the other.

    is_whole: whether what its shards hold is asked for, all or nothing; else the text ends where one of them breaks.

    Raises:
        BrokenArchive: there are no shards to read.

    Raises where it is read:
        ObjectMissing, ObjectChanged: it, or a shard, is not there any more.
        BrokenArchive: a shard cannot be read to its end.
        TooLarge: its shards hold more text than that.
    """
    if kept.shards:
        if is_whole and (problem := kept.shards.problem):
            raise BrokenArchive(problem.code, problem.mismatch)
        yield Pieced(_within(_joined(store, kept.shards.shards, is_whole=is_whole), max_unpacked_bytes))
        return
    with store.open(kept.key, version=kept.version) as reader:
        yield reader


def _joined(store: Store, shards: Sequence[Shard], *, is_whole: bool) -> Iterator[bytes]:
    last = b"\n"
    for number, shard in enumerate(shards):
        if last != b"\n":
            yield b"\n"
        last = b"\n"
        with store.open(shard.key, version=shard.version) as stored:
            text, expanded = unpacked(stored)
            if number and (head := read_head(text, len(BYTE_ORDER_MARK))) != BYTE_ORDER_MARK:
                yield head
                last = head[-1:] or last
            while piece := text.read(BLOCK_BYTES):
                last = piece[-1:]
                yield piece
        if expanded and expanded.broken:
            if is_whole:
                raise broken_in(expanded.broken, shard.name)
            return


def _within(pieces: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    size_bytes = 0
    for piece in pieces:
        size_bytes += len(piece)
        if size_bytes > max_bytes:
            raise TooLarge(f"expected shards of at most {size(max_bytes)} of text, found more: do it in a terminal")
        yield piece


def _named(data: bytes) -> list[str]:
    if len(data) > _MOST_BYTES:
        raise BadManifest("bad-manifest", f"at most {_MOST_BYTES >> 20} MiB", "more")
    try:
        return _Manifest.model_validate_json(data.removeprefix(BYTE_ORDER_MARK)).shards
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        told = sniff(data[:SNIFFED_BYTES], data)
        found = (told and told.mismatch.found) or f"{first['msg']}{f' at {where}' if where else ''}"
        raise BadManifest("bad-manifest", '{"shards": ["FOLDER/part-*.jsonl.gz", …]}', printable(found, 200)) from None


def _resolve(store: Store, manifest: str, named: Iterable[str]) -> tuple[list[Shard], list[str]]:
    """What is there of what is named, and the names of the rest."""
    folder = _folder_of(manifest)
    keys = [_key(store, folder, name) for name in named]
    if sum("*" in key for key in keys) > _MOST_PATTERNS:
        raise BadManifest("bad-manifest", f"at most {_MOST_PATTERNS} paths with *", "more")
    there = _look(store, keys)
    shards: dict[str, Shard] = {}
    missing = []
    for key in keys:
        found = there.get(key, [])
        if not found:
            missing.append(key.removeprefix(folder))
        for each in found:
            if each.key in shards:
                raise BadManifest("bad-manifest", "each shard once", f"{_shown(each.key, folder)} twice")
            name = each.key.removeprefix(folder)
            shards[each.key] = Shard(each.key, name, each.size_bytes, each.observed_version)
        if len(shards) > MAX_SHARDS:
            raise BadManifest("bad-manifest", f"at most {MAX_SHARDS:,} shards", "more")
    return list(shards.values()), missing


def _folder_of(manifest: str) -> str:
    """Of its owner."""
    return f"{UPLOADS}{manifest.removeprefix(UPLOADS).partition('/')[0]}/"


def _key(store: Store, folder: str, name: str) -> str:
    """The key that a manifest means: one of its owner's, whatever it says."""
    own = store.uri(f"{folder}x").removesuffix("x")
    path = name.removeprefix(own)
    key = f"{folder}{path}"
    if "://" in path or not is_listed(key) or "*" in key.rpartition("/")[0]:
        raise BadManifest("bad-manifest", f"shards by their paths below {folder}, or below {own}", printable(name, 200))
    if is_manifest(key):
        raise BadManifest("bad-manifest", "shards of rows", f"another manifest, {printable(name, 200)}")
    whole = f"{own.removeprefix(f's3://{store.bucket}/')}{path}"
    if len(whole.encode()) > _MOST_KEY_BYTES or any(len(part.encode()) > _MOST_NAME_BYTES for part in path.split("/")):
        most = f"names of at most {_MOST_NAME_BYTES} bytes, in paths of at most {_MOST_KEY_BYTES:,}"
        raise BadManifest("bad-manifest", most, printable(name, 200))
    return key


def _look(store: Store, keys: Sequence[str]) -> dict[str, list[StoredObject]]:
    """The objects that these keys mean, as far as they are there; of patterns in natural order: part-2 before part-10.

    Each folder is listed once, where a pattern or many keys lie in it.
    """
    by_folder: dict[str, list[str]] = {}
    for key in keys:
        by_folder.setdefault(key.rpartition("/")[0] + "/", []).append(key)
    listed = [folder for folder, named in by_folder.items() if len(named) > _FEW or any("*" in key for key in named)]
    found = _stat_all(store, [key for folder in by_folder.keys() - listed for key in by_folder[folder]])
    left, count = _MOST_LISTED, 0
    for folder in listed:
        meaning = _Meaning(by_folder[folder])
        for each in _listed(store, _shared_start(folder, by_folder[folder]), left):
            left -= 1
            for key in meaning.keys_of(each.key):
                found.setdefault(key, []).append(each)
                count += 1
            if count > MAX_SHARDS:
                raise BadManifest("bad-manifest", f"at most {MAX_SHARDS:,} shards, each once", "more")
    return {key: sorted(each, key=_in_order) for key, each in found.items()}


class _Meaning:
    """What is named of a folder."""

    def __init__(self, named: Sequence[str]) -> None:
        self._patterns = {key for key in named if "*" in key}
        self._plain = set(named) - self._patterns

    def keys_of(self, key: str) -> list[str]:
        """The names that mean an object."""
        fitting = [] if is_manifest(key) else [each for each in self._patterns if _fits(key, each)]
        return [key, *fitting] if key in self._plain else fitting


def _stat_all(store: Store, keys: Sequence[str]) -> dict[str, list[StoredObject]]:
    with ThreadPoolExecutor(_AT_ONCE, "shards") as threads:
        found = zip(keys, threads.map(partial(_stat, store), keys), strict=True)
        return {key: [stored] for key, stored in found if stored}


def _stat(store: Store, key: str) -> StoredObject | None:
    """One shard, if it is there. What lies behind a link, or may not be looked at, is not."""
    try:
        return store.stat(key)
    except (ObjectMissing, ObjectUnreadable):
        return None


def _shared_start(folder: str, named: Sequence[str]) -> str:
    """How all keys of a folder begin that are named."""
    first, last = min(named), max(named)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1] != "*", zip(first, last, strict=False)))
    return first[: max(len(folder), same)]


def _listed(store: Store, prefix: str, most: int) -> Iterator[StoredObject]:
    """What lies in a folder, and below it; nothing of one that is a link, or may not be read."""
    listed = store.list(prefix)
    try:
        yield from islice(listed, most)
        if next(listed, None):
            raise BadManifest("bad-manifest", f"folders of shards that hold at most {_MOST_LISTED:,} files", "more")
    except ObjectUnreadable:
        return


def _fits(key: str, pattern: str) -> bool:
    """Whether a key is one of a pattern's folder, where `*` stands for any characters of a name; takes linear time.

    >>> _fits("x/part-10.jsonl", "x/part-*.jsonl"), _fits("x/y/part-1.jsonl", "x/*.jsonl"), _fits("x/ab", "x/ab**b")
    (True, False, False)
    """
    first, *between, last = pattern.split("*")
    at, stop = len(first), len(key) - len(last)
    if at > stop or not key.startswith(first) or not key.endswith(last) or "/" in key[at:]:
        return False
    for piece in between:
        found = key.find(piece, at, stop)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _in_order(stored: StoredObject) -> tuple[list[tuple[int, str]], str]:
    return natural_order(stored.key), stored.key


def _shown(key: str, folder: str) -> str:
    return printable(key.removeprefix(folder), 200)
