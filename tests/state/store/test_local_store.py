"""What only a folder does: links, pipes, files that change while they are read."""

import errno
import io
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.errors import ObjectChanged, ObjectMissing, ObjectUnreadable, StoreError
from pipeline.state.store import StoredObject
from pipeline.state.store.local_store import LocalStore
from tests.permissions import forbid

KEY = "uploads/ana/train.jsonl"


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def path(root) -> Path:
    """A file that somebody copied in."""
    path = root / KEY
    path.parent.mkdir(parents=True)
    path.write_bytes(b"0123456789")
    return path


def keys(store: LocalStore, prefix: str = "uploads/") -> list[str]:
    return [obj.key for obj in store.list(prefix)]


def changed(path: Path, since: str) -> str:
    return f"{path} changed since it was {since}: the new bytes are a new version, which the next look finds"


def test_a_file_that_was_copied_in_is_an_object(root, path):
    status = path.stat()

    obj = LocalStore(root).stat(KEY)

    assert obj == StoredObject(
        key=KEY,
        size_bytes=10,
        modified_at=datetime.fromtimestamp(status.st_ctime, UTC),
        observed_version=f"10-{status.st_ctime_ns}",
    )


def test_paths_are_given_for_direct_reads(root):
    store = LocalStore(root)

    assert store.local_path(KEY) == root / KEY
    assert store.uri(KEY) == str(root / KEY)
    assert store.bucket == "local"


def test_a_file_moved_into_place_with_an_old_time_is_a_new_version(root, path, tmp_path):
    store = LocalStore(root)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    before = store.stat(KEY)
    other = tmp_path / "other"
    other.write_bytes(b"9876543210")
    os.utime(other, (1_000_000_000, 1_000_000_000))

    other.replace(path)

    after = store.stat(KEY)
    assert after.size_bytes == before.size_bytes
    assert after.observed_version != before.observed_version
    assert after.modified_at >= before.modified_at


def test_links_are_not_followed_wherever_they_lead(root, path, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key.jsonl").write_text("secret")
    owner = path.parent
    (owner / "out.jsonl").symlink_to(secret / "key.jsonl")
    (owner / "out").symlink_to(secret)
    (owner / "inside.jsonl").symlink_to(path)
    (owner / "loop").symlink_to(owner)
    (owner / "self").symlink_to(owner / "self")
    (owner / "dangling").symlink_to(owner / "nowhere")
    store = LocalStore(root)

    assert keys(store) == [KEY]
    for name in ("out.jsonl", "out/key.jsonl", "inside.jsonl", "loop/train.jsonl", "dangling"):
        key = f"uploads/ana/{name}"
        expected = (
            f"{root / key} passes through a symbolic link, which a store does not follow: put the file or folder "
            "itself there, or set LORA_STORE to the folder that the link leads to"
        )
        for use in (store.stat, store.uri, store.local_path, lambda key: store.put(key, io.BytesIO(b"1"), 1)):
            with pytest.raises(StoreError) as refusal:
                use(key)
            assert str(refusal.value) == expected
    assert (secret / "key.jsonl").read_text() == "secret"


def test_an_uploads_folder_that_is_a_link_is_an_error_instead_of_an_empty_store(root, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    root.mkdir()
    (root / "uploads").symlink_to(elsewhere)

    with pytest.raises(StoreError) as refusal:
        keys(LocalStore(root))

    assert str(refusal.value).startswith(f"{root}/uploads passes through a symbolic link")


def test_the_store_itself_may_be_reached_through_a_link(root, path, tmp_path):
    (tmp_path / "link").symlink_to(root)

    store = LocalStore(tmp_path / "link")

    assert keys(store) == [KEY]
    assert store.local_path(KEY) == path


def test_what_is_no_plain_file_is_no_object(root, path):
    os.mkfifo(path.with_name("pipe.jsonl"))
    store = LocalStore(root)

    assert keys(store) == [KEY]
    for key in ("uploads/ana/pipe.jsonl", "uploads/ana", f"{KEY}/x"):
        with pytest.raises(ObjectMissing), store.open(key):
            pass


def test_names_that_no_database_could_hold_are_left_out(root, path):
    folder = os.fsencode(path.parent)
    for name in (b"caf\xe9.jsonl", b"back\\slash.jsonl"):
        with open(folder + b"/" + name, "wb"):
            pass

    assert keys(LocalStore(root)) == [KEY]


def test_folders_may_be_nested_more_deeply_than_functions(root):
    key = "/".join(["uploads", *["d"] * 1_500, "a.jsonl"])
    folders = [root / "/".join(key.split("/")[:depth]) for depth in range(1_502)]
    for folder in folders:
        os.mkdir(folder)
    (root / key).write_bytes(b"1")

    assert keys(LocalStore(root)) == [key]

    # Left to pytest, this would be more than Python 3.11 can remove.
    (root / key).unlink()
    for folder in reversed(folders[1:]):
        os.rmdir(folder)


def test_what_is_deleted_while_a_listing_runs_is_left_out(root, path):
    path.with_name("later.jsonl").write_bytes(b"1")
    other_owner = root / "uploads/bob"
    other_owner.mkdir()
    (other_owner / "a.jsonl").write_bytes(b"1")
    listing = LocalStore(root).list("uploads/")

    first = next(listing)
    path.unlink()
    shutil.rmtree(other_owner)

    assert first.key == "uploads/ana/later.jsonl"
    assert list(listing) == []


def test_a_store_where_a_file_lies_cannot_be_listed_or_written(root):
    """A file in the place of the store is no empty store."""
    root.write_text("not a folder")
    store = LocalStore(root)

    with pytest.raises(StoreError) as failure:
        keys(store)
    assert str(failure.value) == (
        f"the store could not list {root}/uploads/: Not a directory; check the disk and its permissions"
    )
    with pytest.raises(StoreError) as failure:
        store.put(KEY, io.BytesIO(b"1"), 1)
    assert str(failure.value) == (
        f"the store could not write {root / KEY}: Not a directory; check the disk and its permissions"
    )


def test_a_name_too_long_for_the_disk_is_an_error_with_its_reason(root, path):
    key = f"uploads/ana/{'x' * 300}"

    with pytest.raises(StoreError) as failure:
        LocalStore(root).stat(key)

    assert str(failure.value) == (
        f"the store could not look at {root / key}: File name too long; choose a shorter name"
    )


def test_a_bad_place_of_the_disk_is_one_objects(root, path, monkeypatch):
    """Not the store's: whoever looks goes on with the others."""

    def spoiled(_size):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    store = LocalStore(root)
    store.put(KEY, io.BytesIO(b"1"), 1)

    with store.open(KEY) as reader:
        monkeypatch.setattr(reader, "_file", SimpleNamespace(read=spoiled))
        with pytest.raises(ObjectUnreadable, match="check the disk, and store it again"):
            reader.read()


def test_a_source_that_breaks_leaves_the_old_file_and_nothing_else(root, path):
    class Breaking(io.RawIOBase):
        def read(self, size=-1):
            raise RuntimeError("the upload was cut off")

    with pytest.raises(RuntimeError, match="the upload was cut off"):
        LocalStore(root).put(KEY, Breaking(), 4)

    assert os.listdir(path.parent) == ["train.jsonl"]
    assert path.read_bytes() == b"0123456789"


@pytest.mark.parametrize("data", [b"0123456789more", b"0123", b"9876543210"])
def test_a_file_that_changes_in_place_while_it_is_read_is_never_a_mixture(root, path, data):
    with LocalStore(root).open(KEY) as reader:
        assert reader.read(2) == b"01"
        _write_later(path, data)

        with pytest.raises(ObjectChanged) as change:
            reader.read(4)

    assert str(change.value) == changed(path, "opened")


def test_a_version_is_not_the_content_of_the_file_that_took_its_place(root, path):
    store = LocalStore(root)
    old = store.stat(KEY)
    _write_later(path, b"9876543210")

    with pytest.raises(ObjectChanged) as change:
        store.content_version(old)

    assert str(change.value) == changed(path, "registered")


def test_a_file_replaced_while_its_version_is_computed_is_reported(root, path, monkeypatch):
    store = LocalStore(root)
    old = store.stat(KEY)
    monkeypatch.setattr("pipeline.state.store.local_store.hashlib", _ReplacingHashlib(path))

    with pytest.raises(ObjectChanged):
        store.content_version(old)


class _ReplacingHashlib:
    """Puts another file in place in the moment when the last byte has been read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def sha256(self) -> "_ReplacingHashlib":
        return self

    def update(self, _data: bytes) -> None:
        other = self._path.with_name("other")
        other.write_bytes(b"another file")
        other.replace(self._path)

    def hexdigest(self) -> str:
        return "0" * 64


def _write_later(path: Path, data: bytes) -> None:
    """Write until the file system's clock, which ticks every few milliseconds, shows it."""
    before = path.stat().st_ctime_ns
    while path.stat().st_ctime_ns == before:
        path.write_bytes(data)


def test_a_folder_that_may_not_be_read_hides_its_own_uploads_only(root, path, monkeypatch, caplog):
    """One owner's mistake does not keep out the others."""
    other = root / "uploads/bob/train.jsonl"
    other.parent.mkdir()
    other.write_bytes(b"0")
    forbid(monkeypatch, path.parent)

    store = LocalStore(root)
    assert keys(store) == keys(store) == ["uploads/bob/train.jsonl"]
    told = f"the store could not list {path.parent}/: Permission denied; let the user who runs this read it"
    assert caplog.messages == [told]  # once, however often it is gone over


def test_a_store_that_may_not_be_read_is_an_error(root, path, monkeypatch):
    """Nothing could be seen, so nothing must look as if it were in order."""
    forbid(monkeypatch, root / "uploads")

    with pytest.raises(ObjectUnreadable):
        keys(LocalStore(root))


def test_a_file_that_may_not_be_read_says_so(root, path, monkeypatch):
    forbid(monkeypatch, path)

    with pytest.raises(ObjectUnreadable, match=r"could not read .*: Permission denied; let the user who runs this"):
        LocalStore(root).content_version(LocalStore(root).stat(KEY))
