"""A store that people fill, and a catalog that is lost, restored and late: no whole object is ever alone."""

import os
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import delete, insert, select

from pipeline.clock import utc_now
from pipeline.flow.expiry import expire_uploads
from pipeline.flow.intake import look
from pipeline.flow.kept_deletions import keep_deletions
from pipeline.flow.marks import STORE_KEY, mark_lake, mark_store
from pipeline.flow.owners import Owners
from pipeline.flow.reconcile import reconcile
from pipeline.flow.scan import Cursor
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import AnnouncedUpload
from pipeline.state.catalog.tables import metadata
from pipeline.state.lake import PUBLISH_ORDER, LocalLake
from pipeline.state.lake.lake_protocol import MIN_FILE_BYTES
from pipeline.state.store import Store, safe_key
from pipeline.state.store.ignored_files import shown_key
from pipeline.state.store.local_store import LocalStore
from pipeline.state.store.s3_store import S3Store
from pipeline.state.store.upload_identity import new_dataset_id
from tests.state.catalog.examples import READY

OWNERS = ("ana", "bob", "https://id.example/7")  # the last is no folder's name
ODD_KEYS = ("uploads/ana/spring/a.jsonl", "uploads/a.jsonl", "uploads/ana/.a.jsonl", "uploads/ana/a~")
sizes = st.integers(1, 3)
numbers = st.integers(0, 30)


@dataclass
class Announced:
    """An upload through the service."""

    dataset_id: str
    owner: str
    key: str
    content: bytes


_OWN = ("/.owner", "/.deleted", STORE_KEY)  # of the service: no uploads


class LocalPlace:
    """A folder, and what people do in it."""

    def __init__(self, stack: ExitStack) -> None:
        self.root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.store: Store = LocalStore(self.root)

    def put(self, key: str, content: bytes) -> None:
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def remove(self, key: str) -> None:
        (self.root / key).unlink(missing_ok=True)

    def files(self) -> list[str]:
        """Every file, but those of the service itself."""
        found = [
            os.path.relpath(os.path.join(top, name), self.root)
            for top, _, names in os.walk(self.root)
            for name in names
        ]
        return [key for key in found if not key.startswith("uploads/.incoming/") and not key.endswith(_OWN)]

    def send(self, upload: Announced, sent: int, dies: bool) -> None:
        """What `receiving.py` does, up to the death of its process."""
        assert isinstance(self.store, LocalStore)
        part = self.store.part_path(upload.dataset_id)
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(upload.content[:sent])
        if sent == len(upload.content) and not dies:
            self.store.adopt(upload.key, part)


class S3Place:
    """A prefix of a bucket."""

    def __init__(self, client: object, bucket: str, prefix: str) -> None:
        self._s3 = S3Store(client, bucket, prefix)
        self.store: Store = self._s3

    def put(self, key: str, content: bytes) -> None:
        self._s3.client.put_object(Bucket=self._s3.bucket, Key=self._name(key), Body=content)

    def remove(self, key: str) -> None:
        self._s3.client.delete_object(Bucket=self._s3.bucket, Key=self._name(key))

    def files(self) -> list[str]:
        root = self._name("")
        pages = self._s3.client.get_paginator("list_objects_v2").paginate(Bucket=self._s3.bucket, Prefix=root)
        found = [each["Key"].removeprefix(root) for page in pages for each in page.get("Contents", [])]
        return [key for key in found if not key.endswith(_OWN)]

    def send(self, upload: Announced, sent: int, dies: bool) -> None:
        """One presigned PUT: whole, or nothing."""
        if sent == len(upload.content) and not dies:
            self.put(upload.key, upload.content)

    def _name(self, key: str) -> str:
        return self._s3.name("x")[:-1] + key


Place = LocalPlace | S3Place


class WholeBytes(RuleBasedStateMachine):
    """Each rule is something that happens; in the end everything settles, and is looked through."""

    make_place: Callable[[ExitStack], Place]
    make_catalog: Callable[[ExitStack], Catalog]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.uploads: list[Announced] = []
        self.writes: Counter[str] = Counter()
        self.now = utc_now()
        self.cursor = Cursor()
        self.backup: dict[str, list[dict[str, object]]] = {}
        self.deleted: set[tuple[str, str]] = set()  # ids and paths: a copy under another owner is another's

    @initialize()
    def begin(self) -> None:
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.settings = load_settings(data_dir=folder, settle_s=0, tick_max_uploads=3)
        self.lake = LocalLake(folder / "lake")
        self.place = type(self).make_place(self.stack)
        self.catalog = type(self).make_catalog(self.stack)
        self.backup = self.rows()

    # What people do

    @rule(owner=st.sampled_from(OWNERS[:2]), name=st.sampled_from(["a.jsonl", "b.jsonl"]), size=sizes)
    def drop(self, owner: str, name: str, size: int) -> None:
        self.write(f"uploads/{owner}/{name}", b"d" * size)

    @rule(key=st.sampled_from(ODD_KEYS), size=sizes)
    def drop_oddly(self, key: str, size: int) -> None:
        self.write(key, b"o" * size)

    @rule(owner=st.sampled_from(OWNERS), size=sizes)
    def announce(self, owner: str, size: int) -> None:
        dataset_id = new_dataset_id("chat.jsonl")
        upload = Announced(dataset_id, owner, safe_key(owner, "chat.jsonl", dataset_id), b"s" * size)
        Owners(self.place.store).remember(owner)
        announced = AnnouncedUpload(dataset_id, "Chat", self.place.store.bucket, upload.key, "chat.jsonl", size)
        self.catalog.create_upload(announced, owner, self.now)
        self.uploads.append(upload)

    @precondition(lambda self: self.uploads)
    @rule(number=numbers, missing=st.sampled_from([0, 0, 0, 1]), dies=st.booleans())
    def send(self, number: int, missing: int, dies: bool) -> None:
        """Perhaps long after the upload was given up: an address is valid for a while."""
        upload = self.uploads[number % len(self.uploads)]
        if upload.key not in self.place.files():
            self.writes[upload.key] += 1
            self.place.send(upload, len(upload.content) - missing, dies)

    @precondition(lambda self: self.uploads)
    @rule(number=numbers)
    def confirm(self, number: int) -> None:
        """As the service does it, where it still knows of the upload."""
        upload = self.uploads[number % len(self.uploads)]
        if self.row(upload.dataset_id) is None or upload.key not in self.place.files():
            return
        stored = self.place.store.stat(upload.key)
        if stored.size_bytes == len(upload.content) and self.row(upload.dataset_id).content_version is None:
            version = self.place.store.content_version(stored)
            self.catalog.confirm_upload(upload.dataset_id, upload.owner, version, stored.observed_version, self.now)
            mark_store(self.catalog, self.place.store)

    @precondition(lambda self: self.place.files())
    @rule(number=numbers, size=sizes)
    def overwrite(self, number: int, size: int) -> None:
        keys = sorted(self.place.files())
        self.write(keys[number % len(keys)], b"w" * size)

    @precondition(lambda self: self.place.files())
    @rule(number=numbers)
    def remove(self, number: int) -> None:
        keys = sorted(self.place.files())
        self.place.remove(keys[number % len(keys)])

    @precondition(lambda self: self.uploads)
    @rule(number=numbers, owner=st.sampled_from(OWNERS[:2]))
    def copy_under_another_owner(self, number: int, owner: str) -> None:
        """Whoever may write to the store can make a path with somebody else's id."""
        upload = self.uploads[number % len(self.uploads)]
        if owner != upload.owner:
            self.write(f"uploads/{owner}/{upload.dataset_id}/chat.jsonl", b"c")

    @rule(number=numbers)
    def delete(self, number: int) -> None:
        if datasets := self.datasets():
            dataset = datasets[number % len(datasets)]
            self.catalog.soft_delete(dataset.id, dataset.user_id, self.now)
            keep_deletions(self.place.store, self.catalog, dataset)
            if dataset.superseded_by is None:
                self.deleted.add((dataset.id, dataset.storage_path))

    # What the system does

    @rule()
    def tick(self) -> None:
        self.cursor = look(self.place.store, self.catalog, self.settings, self.cursor, self.now).cursor

    @rule()
    def validate(self) -> None:
        for dataset in self.catalog.unrequested(100, self.now):
            verdict = replace(READY, dataset_id=dataset.id, content_version=dataset.content_version or "")
            for table in PUBLISH_ORDER:
                file = Path(self.lake.uri(table, dataset.id))
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(b"p" * MIN_FILE_BYTES)
            self.catalog.record_verdict(verdict, self.now)
        mark_lake(self.catalog, self.lake)

    @rule()
    def wait_and_expire(self) -> None:
        self.now += timedelta(hours=25)
        expire_uploads(self.place.store, self.catalog, self.settings, self.now)

    @rule()
    def reconcile(self) -> None:
        reconcile(self.place.store, self.catalog, self.lake, self.settings, self.now)

    # What goes wrong

    @rule()
    def back_the_catalog_up(self) -> None:
        self.backup = self.rows()

    @rule()
    def restore_the_backup(self) -> None:
        self.put_rows(self.backup)

    @rule()
    def lose_the_catalog(self) -> None:
        self.put_rows({})

    # In the end

    def teardown(self) -> None:
        try:
            if hasattr(self, "catalog"):
                self.settle()
                self.check()
        finally:
            self.stack.close()

    def settle(self) -> None:
        deleted = {each.id for each in self.datasets() if each.deleted_at}
        self.wait_and_expire()
        self.reconcile()
        again = reconcile(self.place.store, self.catalog, self.lake, self.settings, self.now)
        assert (again.registered, again.confirmed) == ((), ())
        assert deleted <= {each.id for each in self.datasets() if each.deleted_at}

    def check(self) -> None:
        current = {each.storage_path: each for each in self.datasets() if each.superseded_by is None}
        ignored = {each.key for each in self.catalog.list_ignored(None, limit=1_000).items}
        for key in self.place.files():
            if shown_key(key) in ignored:
                continue
            stored = self.place.store.stat(key)
            row = current[key]
            assert row.content_version == self.place.store.content_version(stored), key
            assert row.status in ("validating", "ready"), key
        left = [each for each in current.values() if not each.deleted_at]
        assert not [each.id for each in left if (each.id, each.storage_path) in self.deleted]
        for upload in self.uploads:
            if shown_key(upload.key) not in ignored and upload.key in self.place.files():
                row = self.row(upload.dataset_id)
                assert (row.user_id, row.storage_path) == (upload.owner, upload.key)
                assert current[upload.key].user_id == upload.owner
        told = Counter(
            (each.dataset_id, each.kind, each.dedupe_key) for each in self.catalog.notifications(None, limit=10_000)
        )
        for (dataset_id, _, key), times in told.items():
            assert times == 1 if dataset_id else times <= self.writes[key]

    # By hand

    def write(self, key: str, content: bytes) -> None:
        self.writes[shown_key(key)] += 1
        self.place.put(key, content)

    def datasets(self):
        return self.catalog.list_datasets(None, limit=1_000, include_deleted=True, include_superseded=True).items

    def row(self, dataset_id: str):
        return next((each for each in self.datasets() if each.id == dataset_id), None)

    def rows(self) -> dict[str, list[dict[str, object]]]:
        with self.catalog._reading() as connection:
            return {t.name: [dict(r._mapping) for r in connection.execute(select(t))] for t in metadata.sorted_tables}

    def put_rows(self, rows: dict[str, list[dict[str, object]]]) -> None:
        with self.catalog._writing() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(delete(table))
            for table in metadata.sorted_tables:
                if rows.get(table.name):
                    connection.execute(insert(table), rows[table.name])
