"""What both stores promise."""

import hashlib
import io

import pytest

from pipeline.errors import ObjectChanged, ObjectMissing, UsageError
from pipeline.state.store import StoredObject

KEY = "uploads/ana/train.jsonl"

# In the order of their bytes. `-` and `.` come before `/`, capitals before small letters, and the half-width sign
# (3 bytes in UTF-8) before the face (4 bytes), although UTF-16 has them the other way round.
AWKWARD_KEYS = [
    "uploads/Zoe/1.jsonl",
    "uploads/ana-2/1.jsonl",
    "uploads/ana.2/1.jsonl",
    "uploads/ana/a b.jsonl",
    "uploads/ana/a%20b.jsonl",
    "uploads/ana/a&<>b.jsonl",
    "uploads/ana/a+b.jsonl",
    "uploads/ana/a-b.jsonl",
    "uploads/ana/a.jsonl",
    "uploads/ana/a/b.jsonl",
    "uploads/ana/a/c/d.jsonl",
    "uploads/ana/a=b.jsonl",
    "uploads/ana/ab.jsonl",
    "uploads/ana/ü.jsonl",
    "uploads/ana/日本.jsonl",
    "uploads/ana/\uffee.jsonl",
    "uploads/ana/😀.jsonl",
    "uploads/ana2/1.jsonl",
]


def put(store, key: str, data: bytes) -> StoredObject:
    return store.put(key, io.BytesIO(data), len(data))


def read(store, key: str, *args, **kwargs) -> bytes:
    with store.open(key, *args, **kwargs) as reader:
        return reader.read()


def keys(store, prefix: str, start_after: str = "") -> list[str]:
    return [obj.key for obj in store.list(prefix, start_after)]


def test_what_was_put_is_read(store):
    stored = put(store, KEY, b"0123456789")

    assert stored.key == KEY
    assert stored.size_bytes == 10
    assert stored.modified_at.utcoffset().total_seconds() == 0
    assert store.stat(KEY) == stored
    assert list(store.list("uploads/")) == [stored]
    assert read(store, KEY) == b"0123456789"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, None, b"0123456789"),
        (0, 10, b"0123456789"),
        (0, 1, b"0"),
        (3, 7, b"3456"),
        (3, None, b"3456789"),
        (9, 99, b"9"),
        (4, 4, b""),
        (0, 0, b""),
        (10, None, b""),
        (50, 60, b""),
    ],
)
def test_a_range_is_read_without_its_end(store, start, end, expected):
    put(store, KEY, b"0123456789")

    assert read(store, KEY, start, end) == expected


def test_an_empty_object_reads_as_nothing(store):
    put(store, KEY, b"")

    assert read(store, KEY) == b""
    assert read(store, KEY, 0, 10) == b""


def test_read_gives_as_many_bytes_as_asked_until_the_end(store):
    put(store, KEY, b"0123456789")

    with store.open(KEY, 1, 9) as reader:
        assert [reader.read(n) for n in (0, 3, 4, 5, 5, -1)] == [b"", b"123", b"4567", b"8", b"", b""]


def test_a_range_that_runs_backwards_is_refused(store):
    put(store, KEY, b"0123456789")

    with pytest.raises(UsageError) as refusal, store.open(KEY, 5, 4):
        pass

    assert str(refusal.value) == "expected a byte range with 0 <= start <= end, found 5 to 4"


def test_a_listing_is_in_the_order_of_bytes_and_goes_on_after_any_key(store, monkeypatch):
    monkeypatch.setattr("pipeline.state.store.s3_store._PAGE", 4)
    for key in reversed(AWKWARD_KEYS):
        put(store, key, b"1")

    assert sorted(AWKWARD_KEYS, key=str.encode) == AWKWARD_KEYS
    assert keys(store, "uploads/") == AWKWARD_KEYS
    for position, key in enumerate(AWKWARD_KEYS):
        assert keys(store, "uploads/", key) == AWKWARD_KEYS[position + 1 :]
    between = ["uploads/", "uploads/ana/", "uploads/ana/a/", "uploads/ana/a/b", "uploads/ana/b", "uploads/b", "z"]
    for start_after in between:
        assert keys(store, "uploads/", start_after) == [key for key in AWKWARD_KEYS if key > start_after]


def test_a_prefix_need_not_end_at_a_folder(store):
    for key in AWKWARD_KEYS:
        put(store, key, b"1")

    for prefix in ("", "uploads", "uploads/ana", "uploads/ana/", "uploads/ana/a/", "uploads/ana/a", "uploads/x", "x"):
        assert keys(store, prefix) == [key for key in AWKWARD_KEYS if key.startswith(prefix)]
    assert keys(store, "uploads/ana", "uploads/ana/a.jsonl") == [
        key for key in AWKWARD_KEYS if key.startswith("uploads/ana") and key > "uploads/ana/a.jsonl"
    ]


def test_hidden_and_unfinished_files_are_not_listed(store):
    listed = ["uploads/ana/a.part.jsonl", "uploads/ana/a.tmp/b.jsonl", "uploads/ana/notes.txt"]
    hidden = [
        "uploads/.cache/a.jsonl",
        "uploads/ana/.a.jsonl",
        "uploads/ana/a.jsonl.part",
        "uploads/ana/a.jsonl~",
        "uploads/ana/a.tmp.tmp",
    ]
    for key in listed + hidden:
        put(store, key, b"1")

    assert keys(store, "uploads/") == listed


def test_an_empty_store_lists_nothing(store):
    assert keys(store, "uploads/") == []


def test_a_missing_object_is_an_error_that_names_it(store):
    def open_it():
        with store.open(KEY):
            pass

    def open_nothing_of_it():
        with store.open(KEY, 3, 3):
            pass

    noun = "a file" if store.bucket == "local" else "an object"
    for use in (lambda: store.stat(KEY), open_it, open_nothing_of_it):
        with pytest.raises(ObjectMissing) as missing:
            use()
        assert str(missing.value) == f"expected {noun} at {store.uri(KEY)}, found none: upload it again"


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("", "a part of it is empty, `.` or `..`"),
        ("/etc/passwd", "it is absolute"),
        ("uploads/../../etc/passwd", "a part of it is empty, `.` or `..`"),
        ("..", "a part of it is empty, `.` or `..`"),
        ("uploads/./a", "a part of it is empty, `.` or `..`"),
        ("uploads//a", "a part of it is empty, `.` or `..`"),
        ("uploads/a/", "a part of it is empty, `.` or `..`"),
        ("uploads\\a", "it holds a NUL or a backslash"),
        ("uploads/a\0b", "it holds a NUL or a backslash"),
        ("uploads/a\udcff", "it is not valid Unicode"),
    ],
)
def test_every_method_refuses_a_key_that_could_lead_out_of_the_store(store, key, problem):
    def open_it():
        with store.open(key):
            pass

    uses = [
        open_it,
        lambda: store.stat(key),
        lambda: put(store, key, b"1"),
        lambda: store.uri(key),
        lambda: store.local_path(key),
    ]
    if key and not key.endswith("a/"):  # which are fine as prefixes
        uses.append(lambda: keys(store, key))

    for use in uses:
        with pytest.raises(UsageError) as refusal:
            use()
        assert str(refusal.value) == f"the key {key!r} cannot be used: {problem}; expected uploads/<owner>/<name>"


@pytest.mark.parametrize("data", [b"123", b"12345"])
def test_a_source_of_another_size_stores_nothing_and_leaves_the_old_object(store, data):
    old = put(store, KEY, b"old")

    with pytest.raises(UsageError) as refusal:
        store.put(KEY, io.BytesIO(data), 4)

    found = "only 3" if len(data) == 3 else "more"
    assert str(refusal.value) == (
        f"expected 4 bytes for {store.uri(KEY)}, found {found}: nothing was stored; "
        "upload the file again once it is complete"
    )
    assert list(store.list("")) == [old]
    assert read(store, KEY) == b"old"


def test_an_object_replaced_by_one_of_the_same_size_has_another_version(store):
    old = put(store, KEY, b"0000")

    new = put(store, KEY, b"1111")

    assert new.observed_version != old.observed_version
    assert store.content_version(new) != store.content_version(old) if store.is_atomic else True
    assert read(store, KEY, version=new.observed_version) == b"1111"


def test_reading_a_version_that_is_gone_fails(store):
    old = put(store, KEY, b"0000")
    put(store, KEY, b"1111")

    for start, end in ((0, None), (1, 2), (2, 2)):
        with pytest.raises(ObjectChanged), store.open(KEY, start, end, old.observed_version):
            pass


def test_the_content_version_names_the_bytes(store):
    stored = put(store, KEY, b"0123")

    # The ETag of an object that was stored in one part is its MD5.
    expected = (
        f"etag:{hashlib.md5(b'0123').hexdigest()}"
        if store.is_atomic
        else f"sha256:{hashlib.sha256(b'0123').hexdigest()}"
    )
    assert store.content_version(stored) == expected
