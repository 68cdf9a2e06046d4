"""Whatever lies in the store has a row with a verdict, or a reason that is shown: odd names and types, one by one."""

import gzip
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.clock import utc_now
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.flow.ignored_now import ignored_now
from pipeline.flow.reconcile import reconcile
from pipeline.flow.validation import Validator
from pipeline.settings import Settings, load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import LocalLake
from pipeline.state.store import Store, make_store
from pipeline.state.store.ignored_files import shown_key
from tests.installation import valid_file
from tests.permissions import forbid

GOOD = valid_file(2)
ID = "chat-0123456789abcdef"
NOTHING = "nothing to say"


def file(content: bytes = GOOD) -> Callable[[bytes], None]:
    return lambda path: Path(os.fsdecode(path)).write_bytes(content)


def link(target: str) -> Callable[[bytes], None]:
    return lambda path: os.symlink(os.path.join(os.path.dirname(path), os.fsencode(target)), path)


def listening(path: bytes) -> None:
    """A socket's own path is short, so it is made where it lies."""
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(os.path.dirname(path))
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.path.basename(path))
    finally:
        os.fchdir(here)
        os.close(here)


def large(path: bytes) -> None:
    with open(path, "wb") as sparse:
        sparse.truncate(10**12)


def second_name(path: bytes) -> None:
    os.link(os.path.join(os.path.dirname(path), b"plain.jsonl"), path)


# Path in the store (bytes where it is no UTF-8), how it is made, and a verdict, or a reason's code.
LOCAL: list[tuple[str | bytes, Callable[[bytes], None], str]] = [
    ("uploads/ana/plain.jsonl", file(), "ready"),
    ("uploads/ana/no extension", file(), "ready"),
    (f"uploads/ana/{'n' * 249}.jsonl", file(), "ready"),
    (f"uploads/ana/{'é' * 124}.jsonl", file(), "ready"),
    ("uploads/ana/new\nline.jsonl", file(), "ready"),
    ("uploads/ana/carriage\rreturn.jsonl", file(), "ready"),
    ("uploads/ana/tab\t.jsonl", file(), "ready"),
    ("uploads/ana/escape\x1b[31m.jsonl", file(), "ready"),
    ("uploads/ana/😀.jsonl", file(), "ready"),
    ("uploads/ana/שלום.jsonl", file(), "ready"),
    ("uploads/ana/turned\u202elnosj.jsonl", file(), "ready"),
    ("uploads/ana/zero\u200bwidth.jsonl", file(), "ready"),
    ("uploads/ana/caf\u00e9.jsonl", file(), "ready"),
    ("uploads/ana/cafe\u0301.jsonl", file(), "ready"),
    ("uploads/ana/ leading blank.jsonl", file(), "ready"),
    ("uploads/ana/trailing blank.jsonl ", file(), "ready"),
    ("uploads/ana/trailing dot.jsonl.", file(), "ready"),
    ("uploads/ana/CON.jsonl", file(), "ready"),
    ("uploads/ana/aux", file(), "ready"),
    ('uploads/ana/a:b?<c>|"*.jsonl', file(), "ready"),
    ("uploads/ana/-rf.jsonl", file(), "ready"),
    ("uploads/ana/a%2Fb.jsonl", file(), "ready"),
    ("uploads/ana/%00.jsonl", file(), "ready"),
    ("uploads/ana/$(touch x);'.jsonl", file(), "ready"),
    ("uploads/ana/upper.jsonl", file(), "ready"),
    ("uploads/ana/UPPER.jsonl", file(), "ready"),
    ("uploads/ana/packed.jsonl.gz", file(gzip.compress(GOOD)), "ready"),
    ("uploads/ana/second name.jsonl", second_name, "ready"),
    ("uploads/ana/empty.jsonl", file(b""), "error"),
    ("uploads/ana/Thumbs.db", file(b"\xd0\xcf\x11\xe0\x00"), "error"),
    ("uploads/ana/nul.jsonl", file(b"\0" * 100), "error"),
    ("uploads/ana/table.csv", file(b"a,b\n1,2\n"), "error"),
    ("uploads/ana/large.jsonl", large, "error"),
    (f"uploads/ana/{ID}/a.jsonl", file(), "ready"),
    ("uploads/ana bob/a.jsonl", file(), "ready"),
    ("uploads/😀/a.jsonl", file(), "ready"),
    ("uploads/a~b/a.jsonl", file(), "ready"),
    ("uploads/-x/a.jsonl", file(), "ready"),
    ("uploads/ana/..x", file(), "hidden"),
    ("uploads/ana/...", file(), "hidden"),
    ("uploads/ana/.hidden.jsonl", file(), "hidden"),
    ("uploads/ana/.DS_Store", file(b"\0"), "hidden"),
    ("uploads/ana/._plain.jsonl", file(b"\0"), "hidden"),
    ("uploads/ana/.plain.jsonl.Xa7q2k", file(), "hidden"),
    ("uploads/ana/a.jsonl.part", file(), "unfinished"),
    ("uploads/ana/a.tmp", file(), "unfinished"),
    ("uploads/ana/a.jsonl~", file(), "unfinished"),
    (b"uploads/ana/caf\xe9.jsonl", file(), "not-utf-8"),
    (b"uploads/ana/\xff\xfe", file(), "not-utf-8"),
    ("uploads/ana/back\\slash.jsonl", file(), "backslash"),
    ("uploads/ana/link.jsonl", link("plain.jsonl"), "link"),
    ("uploads/ana/link to a folder", link("."), "link"),
    ("uploads/ana/dangling", link("nowhere"), "link"),
    ("uploads/ana/loop", link("loop"), "link"),
    ("uploads/ana/outside", link("../../../outside.jsonl"), "link"),
    ("uploads/ana/pipe.jsonl", os.mkfifo, "no-file"),
    ("uploads/ana/socket.jsonl", listening, "no-file"),
    ("uploads/ana/closed.jsonl", file(), "unreadable"),
    ("uploads/ana/spring/a.jsonl", file(), "subfolder"),
    ("uploads/ana/a.jsonl/b.jsonl", file(), "subfolder"),
    ("uploads/ana/a/b/c/d/e/f.jsonl", file(), "subfolder"),
    ("uploads/ana/uploads/ana/a.jsonl", file(), "subfolder"),
    (f"uploads/ana/{ID.upper()}/a.jsonl", file(), "subfolder"),
    (f"uploads/ana/{ID}/deep/a.jsonl", file(), "subfolder"),
    (f"uploads/bob/{ID}/a.jsonl", file(), "taken-id"),
    ("uploads/x.jsonl", file(), "no-owner"),
    ("uploads/ana/all.shards.json", file(b'{"shards": ["all.shards/*"]}'), "ready"),
    ("uploads/ana/all.shards/a.jsonl", file(), NOTHING),
    ("uploads/ana/lone.shards/a.jsonl", file(), "shard"),
    ("uploads/ana/void/", lambda path: None, NOTHING),
    ("uploads/.incoming/chat.part", file(), NOTHING),
    (f"uploads/ana/.{'0' * 32}.part", file(), NOTHING),
    ("uploads/a~b/.owner", file(b"somebody"), NOTHING),
]
# Of these a folder is one entry, whatever is in it.
FOLDERS: list[tuple[str | bytes, str | bytes, str]] = [
    ("uploads/ana/.git/config", "uploads/ana/.git/", "hidden"),
    ("uploads/ana/back\\slash/a.jsonl", "uploads/ana/back\\slash/", "backslash"),
    (b"uploads/ana/caf\xe9/a.jsonl", b"uploads/ana/caf\xe9/", "not-utf-8"),
    ("uploads/closed/a.jsonl", "uploads/closed/", "unreadable"),
    ("uploads/.x/a.jsonl", "uploads/.x/", "hidden"),
    ("uploads/..x/a.jsonl", "uploads/..x/", "hidden"),
    ("uploads/a\\b/a.jsonl", "uploads/a\\b/", "backslash"),
    (b"uploads/\xe9/a.jsonl", b"uploads/\xe9/", "not-utf-8"),
    ("Uploads/ana/a.jsonl", "Uploads/", "beside"),
    ("upload/ana/a.jsonl", "upload/", "beside"),
    ("train.jsonl", "train.jsonl", "beside"),
    *((name, name, "beside") for name in ("a.csv", "a.tsv.gz", "a.Parquet", "a.zip", "a.tar", "a.tgz", "a.tar.zst")),
]

S3: list[tuple[str, bytes, str, str]] = [  # key, content, the entry it makes, what is to be said of it
    *(
        (key, GOOD, key, "ready")
        for key in (
            "uploads/ana/plain.jsonl",
            "uploads/ana/a%2Fb.jsonl",
            "uploads/ana/%00.jsonl",
            "uploads/ana/new\nline.jsonl",
            "uploads/ana/tab\t.jsonl",
            "uploads/ana/bell\x07.jsonl",
            "uploads/ana/😀.jsonl",
            "uploads/ana/cafe\u0301.jsonl",
            "uploads/ana/turned\u202elnosj.jsonl",
            "uploads/ana/日本.jsonl",
            "uploads/ana/trailing blank.jsonl ",
            "uploads/ana/a+b&<c>\"'=?#.jsonl",
            f"uploads/ana/{'n' * 900}.jsonl",
            f"uploads/ana/{ID}/a.jsonl",
            "uploads/ana bob/a.jsonl",
        )
    ),
    ("uploads/ana/empty.jsonl", b"", "uploads/ana/empty.jsonl", "error"),
    ("uploads/ana/", b"", "uploads/ana/", "folder"),
    ("uploads/ana/spring/", b"", "uploads/ana/spring/", "folder"),
    ("uploads/ana/full/", GOOD, "uploads/ana/full/", "empty-part"),
    ("uploads//a.jsonl", GOOD, "uploads//a.jsonl", "empty-part"),
    ("uploads/ana//a.jsonl", GOOD, "uploads/ana//a.jsonl", "empty-part"),
    ("uploads/ana/./a.jsonl", GOOD, "uploads/ana/./a.jsonl", "empty-part"),
    ("uploads/ana/../bob/a.jsonl", GOOD, "uploads/ana/../bob/a.jsonl", "empty-part"),
    ("uploads/ana/..", GOOD, "uploads/ana/..", "empty-part"),
    ("uploads/ana/.hidden.jsonl", GOOD, "uploads/ana/.hidden.jsonl", "hidden"),
    ("uploads/ana/..x", GOOD, "uploads/ana/..x", "hidden"),
    ("uploads/.x/a.jsonl", GOOD, "uploads/.x/a.jsonl", "hidden"),
    ("uploads/ana/a.jsonl.part", GOOD, "uploads/ana/a.jsonl.part", "unfinished"),
    ("uploads/ana/a.jsonl~", GOOD, "uploads/ana/a.jsonl~", "unfinished"),
    ("uploads/ana/back\\slash.jsonl", GOOD, "uploads/ana/back\\slash.jsonl", "backslash"),
    ("uploads/ana/spring/a.jsonl", GOOD, "uploads/ana/spring/a.jsonl", "subfolder"),
    ("uploads/ana/plain.jsonl/b.jsonl", GOOD, "uploads/ana/plain.jsonl/b.jsonl", "subfolder"),
    (f"uploads/bob/{ID}/a.jsonl", GOOD, f"uploads/bob/{ID}/a.jsonl", "taken-id"),
    ("uploads/x.jsonl", GOOD, "uploads/x.jsonl", "no-owner"),
    ("/uploads/ana/a.jsonl", GOOD, "/", "beside"),
    ("Uploads/ana/a.jsonl", GOOD, "Uploads/", "beside"),
    ("train.jsonl", GOOD, "train.jsonl", "beside"),
]


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path / "data", settle_s=0)


@pytest.fixture
def catalog(chosen: Settings) -> Iterator[Catalog]:
    with Catalog.open(chosen.catalog_url) as opened:
        yield opened


def said(store: Store, catalog: Catalog, settings: Settings) -> dict[str, str]:
    """What is said of each entry: the verdict on its row, or why it has none, noted and listed alike."""
    lake = LocalLake(settings.data_dir / "lake")
    reconcile(store, catalog, lake, settings, utc_now())
    validator = Validator(store, lake, Rules(), settings.max_upload_bytes, "run-1")
    for dataset in catalog.unrequested(1_000, utc_now()):
        catalog.record_verdict(validator.validate(dataset).verdict(), utc_now())
    rows = catalog.list_datasets(None, limit=1_000).items
    noted = {row.key: row.reason for row in catalog.list_ignored(None, limit=1_000).items}
    assert {each.key: each.reason.code for each in ignored_now(store, catalog)} == noted
    assert all(key.isprintable() for key in noted)
    return {shown_key(row.storage_path): row.status for row in rows} | noted


def test_local_names_and_types(chosen, catalog, monkeypatch):
    root = os.fsencode(chosen.data_dir)
    expected = {}
    for key, make, outcome in [*LOCAL, *((path, file(), NOTHING) for path, _, _ in FOLDERS)]:
        path = os.path.join(root, os.fsencode(key))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        make(path)
        if outcome != NOTHING:
            expected[shown_key(os.fsdecode(key))] = outcome
    os.symlink(os.path.join(root, b"uploads/ana"), os.path.join(root, b"uploads/linked owner"))
    expected |= {shown_key(os.fsdecode(entry)): outcome for _, entry, outcome in FOLDERS}
    expected["uploads/linked owner"] = "link"
    forbid(monkeypatch, chosen.data_dir / "uploads/ana/closed.jsonl", chosen.data_dir / "uploads/closed")

    found = said(make_store(chosen), catalog, chosen)

    assert found == expected
    assert len(LOCAL) + len(FOLDERS) >= 62


@pytest.mark.needs_s3
def test_keys_of_a_bucket(chosen, catalog, s3_gateway, monkeypatch):
    for name, value in s3_gateway.environment.items():
        monkeypatch.setenv(name, value)
    bucket, client = s3_gateway.new_bucket(), s3_gateway.client()
    for key, content, _, _ in S3:
        client.put_object(Bucket=bucket, Key=f"in/{key}", Body=content)
    client.close()
    on_s3 = chosen.model_copy(update={"store": f"s3://{bucket}/in", "s3_endpoint_url": s3_gateway.endpoint_url})

    found = said(make_store(on_s3), catalog, on_s3)

    assert found == {shown_key(entry): outcome for _, _, entry, outcome in S3}
    assert len(S3) >= 30


def test_owners_are_told_once_of_each_file_and_of_many_at_once(chosen, catalog):
    """Neither of what may still be written, nor of what systems leave in each folder."""
    for name in ("spring/a.jsonl", "back\\slash", ".DS_Store", "b.part", ".c.jsonl"):
        path = chosen.data_dir / "uploads/ana" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(GOOD)
    for number in range(30):
        path = chosen.data_dir / f"uploads/bob/many/{number:02}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(GOOD)

    said(make_store(chosen), catalog, chosen)
    said(make_store(chosen), catalog, chosen)

    told = {
        (each.user_id, each.kind, each.title, each.message, each.dataset_id) for each in catalog.notifications(None)
    }
    assert told == {
        (
            "ana",
            "upload_ignored",
            "a.jsonl is ignored",
            "uploads/ana/spring/a.jsonl: it lies in a folder of its owner's; put it right under uploads/ana/",
            None,
        ),
        (
            "ana",
            "upload_ignored",
            "back\\\\slash is ignored",
            "uploads/ana/back\\\\slash: its name holds a backslash or a NUL; rename it",
            None,
        ),
        (
            "bob",
            "upload_ignored",
            "30 files are ignored",
            "uploads/bob/many/00.jsonl: it lies in a folder of its owner's; put it right under uploads/bob/; the "
            "others are listed with your datasets.",
            None,
        ),
    }
    assert len(catalog.notifications(None)) == 3
