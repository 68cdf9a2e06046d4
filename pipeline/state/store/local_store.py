"""A store that is a folder of this machine.

Symbolic links inside it are not followed: one that led out would publish any file the process can read, one that stayed
inside would give an upload two names. The folder itself may be reached through a link.
"""

import hashlib
import logging
import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import ObjectChanged, ObjectMissing, ObjectUnreadable
from pipeline.state.durable import put_in_place, sync_folder
from pipeline.state.store.keys import UPLOADS, check_key, check_prefix, is_listed, why_left_out
from pipeline.state.store.left_out import LINK, NO_FILE, UNREADABLE, LeftOut, Reason
from pipeline.state.store.local_reader import LocalReader, changed, failure, modified_at, version_of
from pipeline.state.store.store_protocol import Reader, StoredObject
from pipeline.state.store.transfer import SizedSource, check_range

_LOG = logging.getLogger(__name__)
_CHUNK_BYTES = 1 << 20
_INCOMING = f"{UPLOADS}.incoming/"


class LocalStore:
    """Objects are the files below `root`, which need not exist yet."""

    bucket = "local"
    is_atomic = False  # `put` is, but people copy files in with their own tools

    def __init__(self, root: Path) -> None:
        self._base = os.path.join(os.path.realpath(root), "")  # ends in `/`
        self._warned: set[str] = set()  # of what cannot be read: a tick goes over the store many times

    def list(self, prefix: str, start_after: str = "") -> Iterator[StoredObject]:
        """See `Store.list`."""
        return (entry for entry in self.entries(prefix, start_after) if isinstance(entry, StoredObject))

    def entries(self, prefix: str, start_after: str = "") -> Iterator[StoredObject | LeftOut]:
        """See `Store.entries`. Memory: the names of one folder at a time and of those above it, not their details."""
        check_prefix(prefix)
        folder = prefix[: prefix.rfind("/") + 1]
        if folder:
            self._path(folder.rstrip("/"))
        # A stack of our own: folders can be nested more deeply than Python functions.
        stack = [(folder, iter(_sorted_names(self._base, folder, prefix, start_after)))]
        while stack:
            folder, names = stack[-1]
            name = next(names, None)
            if name is None:
                stack.pop()
            elif not is_listed(f"{folder}{name}x" if name.endswith("/") else folder + name):
                # Every file of a folder shares its fate, but for its own name: any will do to ask for it.
                if reason := why_left_out(folder + name):
                    yield self._left_out(folder + name, reason)
            elif not name.endswith("/"):
                if found := self._listed(folder + name):
                    yield found
            else:
                try:
                    below = _sorted_names(self._base, folder + name, prefix, start_after)
                except ObjectUnreadable as error:
                    if folder.count("/") < UPLOADS.count("/"):
                        raise  # of all: one owner's folder must not keep out the uploads of the others
                    self._warn(str(error))
                    yield self._left_out(folder + name, UNREADABLE)
                    continue
                stack.append((folder + name, iter(below)))

    def top_names(self) -> tuple[str, ...]:
        """See `Store.top_names`."""
        return tuple(_sorted_names(self._base, "", "", ""))

    def stat(self, key: str) -> StoredObject:
        """See `Store.stat`."""
        path = self._path(key)
        if isinstance(found := self._look(key), StoredObject):
            return found
        raise ObjectMissing(f"expected a file at {path}, found none: upload it again")

    @contextmanager
    def open(self, key: str, start: int = 0, end: int | None = None, version: str = "") -> Iterator[Reader]:
        """See `Store.open`."""
        check_range(start, end)
        path = self._path(key)
        self.stat(key)  # a named pipe would block `open`
        try:
            file = path.open("rb")
        except OSError as error:
            raise failure("read", str(path), error) from error
        with file:
            reader = LocalReader(file, path, start, end)
            if version not in ("", reader.version):
                raise ObjectChanged(changed(path, "registered"))
            yield reader

    def put(self, key: str, source: BinaryIO, size: int) -> StoredObject:
        """See `Store.put`. The bytes are on the disk before they get their name."""
        path = self._path(key)
        sized = SizedSource(source, size, str(path))
        temporary = path.with_name(f".{uuid.uuid4().hex}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with temporary.open("xb") as file:
                    while chunk := sized.read(_CHUNK_BYTES):
                        file.write(chunk)
                return self.adopt(key, temporary)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise failure("write", str(path), error) from error

    def adopt(self, key: str, part: Path) -> StoredObject:
        """Put a whole file of the same disk (see `part_path`) in place; its bytes are on the disk before that."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            put_in_place(part, path)
            for folder in (path.parent, *path.parent.parents):  # a folder that was made has a name, too
                sync_folder(folder)
                if folder == Path(self._base):
                    break
        except OSError as error:
            raise failure("write", str(path), error) from error
        return self.stat(key)

    def part_path(self, name: str) -> Path:
        """Where an upload that comes in pieces is gathered: on the store's own disk, in a folder that is not listed."""
        return self._path(f"{_INCOMING}{name}.part")

    def finish(self, key: str, name: str, size_bytes: int) -> None:
        """See `Store.finish`."""
        part = self.part_path(name)
        try:
            if part.stat().st_size == size_bytes:
                self.adopt(key, part)
        except (FileNotFoundError, ObjectMissing):  # it is in place, or became so meanwhile
            pass
        except OSError as error:
            raise failure("look at", str(part), error) from error

    def remove_parts(self, begun_before: datetime) -> int:
        """See `Store.remove_parts`; a part that was touched since counts as begun later."""
        removed = 0
        for part in Path(f"{self._base}{_INCOMING}").glob("*.part"):
            try:
                if modified_at(part.stat()) < begun_before:
                    part.unlink()
                    removed += 1
            except FileNotFoundError:  # became whole meanwhile
                continue
            except OSError as error:
                raise failure("remove", str(part), error) from error
        return removed

    def content_version(self, obj: StoredObject) -> str:
        """See `Store.content_version`."""
        digest = hashlib.sha256()
        with self.open(obj.key, version=obj.observed_version) as reader:
            while chunk := reader.read(_CHUNK_BYTES):
                digest.update(chunk)
        return f"sha256:{digest.hexdigest()}"

    def local_path(self, key: str) -> Path:
        """See `Store.local_path`."""
        return self._path(key)

    def uri(self, key: str) -> str:
        """See `Store.uri`."""
        return str(self._path(key))

    def _path(self, key: str) -> Path:
        check_key(key)
        path = f"{self._base}{key}"
        if os.path.realpath(path) != path:
            raise ObjectUnreadable(
                f"{path} passes through a symbolic link, which a store does not follow: put the file or folder itself "
                "there, or set LORA_STORE to the folder that the link leads to"
            )
        return Path(path)

    def _listed(self, key: str) -> StoredObject | LeftOut | None:
        try:
            return self._look(key)
        except ObjectUnreadable as error:  # in a folder whose names can be read, and nothing else
            self._warn(str(error))
            return LeftOut(key, UNREADABLE)

    def _warn(self, told: str) -> None:
        if told not in self._warned:
            self._warned.add(told)
            _LOG.warning("%s", told)

    def _left_out(self, key: str, reason: Reason) -> LeftOut:
        try:
            status = os.stat(f"{self._base}{key}".rstrip("/"), follow_symlinks=False)
        except OSError:
            return LeftOut(key, reason)
        return LeftOut(key, reason, None if key.endswith("/") else status.st_size, modified_at(status))

    def _look(self, key: str) -> StoredObject | LeftOut | None:
        path = f"{self._base}{key}"
        try:
            status = os.stat(path, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None  # deleted since its folder was read
        except OSError as error:
            raise failure("look at", path, error) from error
        if not stat.S_ISREG(status.st_mode):
            reason = LINK if stat.S_ISLNK(status.st_mode) else NO_FILE
            # A folder was a file when its own folder was read; a listing that begins later finds what is in it.
            is_folder = stat.S_ISDIR(status.st_mode)
            return None if is_folder else LeftOut(key, reason, modified_at=modified_at(status))
        return StoredObject(key, status.st_size, modified_at(status), version_of(status))


def _sorted_names(base: str, folder: str, prefix: str, start_after: str) -> list[str]:
    """Names in a folder that can lead to a wanted key, subfolders with their `/`, in the byte order of full keys."""
    names = []
    try:
        with os.scandir(base + folder) as entries:
            for entry in entries:
                is_folder = entry.is_dir(follow_symlinks=False)
                name = f"{entry.name}/" if is_folder else entry.name
                key = folder + name
                is_ahead = key > start_after or (is_folder and start_after.startswith(key))
                if is_ahead and key.startswith(prefix):
                    names.append(name)
    except FileNotFoundError:
        return []  # gone since its parent was read, or a new installation
    except NotADirectoryError as error:
        if folder in ("", UPLOADS):  # a file in the place of the store is no empty store
            raise failure("list", base + folder, error) from error
        return []
    except OSError as error:
        raise failure("list", base + folder, error) from error
    # The `/` must be part of what is sorted: `a-b` and `a.jsonl` come before what is in `a/`.
    # Python orders text by code point, which is the order of UTF-8 bytes.
    names.sort()
    return names
