"""A store that is an S3 bucket, or a part of one, at AWS or any compatible service.

Listings go on with `StartAfter` instead of continuation tokens: from any key, in another process, after days.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, BinaryIO

from boto3.s3.transfer import TransferConfig

from pipeline.errors import ObjectChanged, StoreError
from pipeline.state.store.keys import check_key, check_prefix, is_listed, why_left_out
from pipeline.state.store.left_out import LeftOut
from pipeline.state.store.s3_client import S3_ERRORS, changed, error_code, no_bucket, raise_store_error
from pipeline.state.store.s3_parts import S3Parts
from pipeline.state.store.s3_reader import S3Reader
from pipeline.state.store.store_protocol import Reader, StoredObject
from pipeline.state.store.transfer import SizedSource, check_range

_PAGE = 1_000  # the most that S3 gives
# One part in memory at a time; S3 takes 10,000 parts, which makes 80 GB.
_TRANSFER = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20, use_threads=False)


class S3Store:
    """Objects of `bucket` whose name begins with `prefix/`; `client` is a boto3 S3 client, which has no types."""

    is_atomic = True

    def __init__(self, client: Any, bucket: str, prefix: str = "") -> None:
        self._client = client
        self._root = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.bucket = bucket

    def list(self, prefix: str, start_after: str = "") -> Iterator[StoredObject]:
        """See `Store.list`."""
        return (entry for entry in self.entries(prefix, start_after) if isinstance(entry, StoredObject))

    def entries(self, prefix: str, start_after: str = "") -> Iterator[StoredObject | LeftOut]:
        """See `Store.entries`. One page of 1,000 in memory."""
        check_prefix(prefix)
        position = self._root + start_after
        is_last = False
        while not is_last:
            page = self._page(self._root + prefix, position)
            entries = page.get("Contents", [])
            for entry in entries:
                key = entry["Key"][len(self._root) :]
                found = _stored_object(key, entry["Size"], entry)
                if is_listed(key):
                    yield found
                elif reason := why_left_out(key, found.size_bytes):
                    yield LeftOut(key, reason, found.size_bytes, found.modified_at)
            is_last = not entries or not page["IsTruncated"]
            position = entries[-1]["Key"] if entries else position

    def top_names(self) -> tuple[str, ...]:
        """See `Store.top_names`."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self._root, Delimiter="/"
        )
        names = set[str]()
        try:
            for page in pages:
                names.update(each["Prefix"][len(self._root) :] for each in page.get("CommonPrefixes", []))
                names.update(each["Key"][len(self._root) :] for each in page.get("Contents", []))
        except S3_ERRORS as error:
            raise_store_error(error, "list", f"s3://{self.bucket}/{self._root}", self._client.meta.endpoint_url)
        return tuple(sorted(names))

    def stat(self, key: str) -> StoredObject:
        """See `Store.stat`."""
        try:
            answer = self._client.head_object(Bucket=self.bucket, Key=self.name(key))
        except S3_ERRORS as error:
            self._check_bucket(error)
            raise_store_error(error, "look at", self.uri(key), self._client.meta.endpoint_url)
        try:
            return _stored_object(key, answer["ContentLength"], answer)
        except KeyError as error:  # a connection cut within the head of an answer looks like its end
            raise StoreError(f"the answer about {self.uri(key)} was cut short; try again") from error

    @contextmanager
    def open(self, key: str, start: int = 0, end: int | None = None, version: str = "") -> Iterator[Reader]:
        """See `Store.open`."""
        check_range(start, end)
        if start == end:  # HTTP has no empty range
            if version not in ("", self.stat(key).observed_version):
                raise ObjectChanged(changed(self.uri(key)))
            yield io.BytesIO()
            return
        reader = S3Reader(self._client, self.bucket, self.name(key), self.uri(key), start, end, version)
        try:
            yield reader
        finally:
            reader.close()

    def put(self, key: str, source: BinaryIO, size: int) -> StoredObject:
        """See `Store.put`."""
        sized = SizedSource(source, size, self.uri(key))
        try:
            self._client.upload_fileobj(sized, self.bucket, self.name(key), Config=_TRANSFER)
        except S3_ERRORS as error:
            raise_store_error(error, "write", self.uri(key), self._client.meta.endpoint_url)
        return self.stat(key)

    def finish(self, key: str, name: str, size_bytes: int) -> None:
        """See `Store.finish`. S3 gathers parts under the key itself."""
        S3Parts(self).finish(key, size_bytes)

    def remove_parts(self, begun_before: datetime) -> int:
        """See `Store.remove_parts`."""
        return S3Parts(self).remove(begun_before)

    def content_version(self, obj: StoredObject) -> str:
        """See `Store.content_version`. Reads, too, insist on the ETag, so a change shows there."""
        return f"etag:{obj.observed_version}"

    def local_path(self, key: str) -> None:
        """See `Store.local_path`."""
        check_key(key)

    def uri(self, key: str) -> str:
        """See `Store.uri`."""
        return f"s3://{self.bucket}/{self.name(key)}"

    def name(self, key: str) -> str:
        """Return how S3 calls an object: the key after the store's prefix."""
        check_key(key)
        return self._root + key

    def key_of(self, name: str) -> str | None:
        """Return the key of what S3 calls so; None for what lies beside the store."""
        return name.removeprefix(self._root) if name.startswith(self._root) else None

    @property
    def client(self) -> Any:
        """The boto3 client, for what a store itself does not do."""
        return self._client

    def _page(self, prefix: str, position: str) -> Any:
        try:
            return self._client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, StartAfter=position, MaxKeys=_PAGE)
        except S3_ERRORS as error:
            raise_store_error(error, "list", f"s3://{self.bucket}/{prefix}", self._client.meta.endpoint_url)

    def _check_bucket(self, error: Exception) -> None:
        # A HEAD answer has no body: 404 can mean that the object is gone or that the whole bucket is not there.
        if error_code(error) != "404":
            return
        try:
            self._client.head_bucket(Bucket=self.bucket)
        except S3_ERRORS as second_error:
            if error_code(second_error) == "404":
                raise StoreError(no_bucket(self.bucket, self._client.meta.endpoint_url)) from error


def _stored_object(key: str, size_bytes: int, answer: Any) -> StoredObject:
    # A HEAD answer has whole seconds; listings of some services have more. One object, one time.
    modified_at = answer["LastModified"].astimezone(UTC).replace(microsecond=0)
    return StoredObject(key, size_bytes, modified_at, answer["ETag"].strip('"'))
