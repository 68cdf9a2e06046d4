"""Uploads to S3 in parts: which are unfinished, what arrived of them, and how they become one object, or nothing.

Where the parts are sent to is `pipeline.service.presigned_s3`. Nothing is kept here: S3 itself is asked each time.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Protocol

from pipeline.state.store.keys import UPLOADS
from pipeline.state.store.s3_client import S3_ERRORS, error_code, raise_store_error


class _Bucket(Protocol):
    """What the parts need of their store."""

    @property
    def bucket(self) -> str: ...

    @property
    def client(self) -> Any: ...

    def name(self, key: str) -> str: ...

    def uri(self, key: str) -> str: ...


class S3Parts:
    """The multipart uploads of a store."""

    def __init__(self, store: _Bucket) -> None:
        self._store = store
        self._client = store.client

    def begin(self, key: str) -> str:
        """Begin an upload in parts; return its id."""
        try:
            begun = self._client.create_multipart_upload(Bucket=self._store.bucket, Key=self._store.name(key))
        except S3_ERRORS as error:
            raise_store_error(error, "write", self._store.uri(key), self._client.meta.endpoint_url)
        return str(begun["UploadId"])

    def upload_id(self, key: str) -> str | None:
        """The unfinished upload of a key; the first, should there be several."""
        name = self._store.name(key)
        return next((str(each["UploadId"]) for each in self._unfinished(name) if each["Key"] == name), None)

    def arrived(self, key: str, upload_id: str) -> Iterator[tuple[int, int, str]]:
        """Number, size and ETag of each part that is there."""
        pages = self._client.get_paginator("list_parts").paginate(
            Bucket=self._store.bucket, Key=self._store.name(key), UploadId=upload_id
        )
        try:
            for page in pages:
                yield from ((int(p["PartNumber"]), int(p["Size"]), str(p["ETag"])) for p in page.get("Parts", []))
        except S3_ERRORS as error:
            raise_store_error(error, "list", self._store.uri(key), self._client.meta.endpoint_url)

    def finish(self, key: str, size_bytes: int) -> None:
        """Make one object of the parts when they are `size_bytes` together."""
        if (upload_id := self.upload_id(key)) is None:
            return
        arrived = list(self.arrived(key, upload_id))
        if sum(size for _, size, _ in arrived) != size_bytes:
            return
        parts = [{"PartNumber": number, "ETag": etag} for number, _, etag in arrived]
        try:
            self._client.complete_multipart_upload(
                Bucket=self._store.bucket,
                Key=self._store.name(key),
                UploadId=upload_id,
                MultipartUpload={"Parts": parts},
            )
        except S3_ERRORS as error:
            if error_code(error) != "NoSuchUpload":  # another confirmation was quicker
                raise_store_error(error, "write", self._store.uri(key), self._client.meta.endpoint_url)

    def abandon(self, key: str) -> None:
        """Remove what arrived of a key's unfinished upload."""
        if (upload_id := self.upload_id(key)) is not None:
            self.abort(self._store.name(key), upload_id)

    def abort(self, name: str, upload_id: str) -> None:
        """Remove what arrived of one upload; name: as S3 calls the object."""
        try:
            self._client.abort_multipart_upload(Bucket=self._store.bucket, Key=name, UploadId=upload_id)
        except S3_ERRORS as error:
            if error_code(error) != "NoSuchUpload":  # finished or aborted meanwhile
                raise_store_error(error, "remove", f"s3://{self._store.bucket}/{name}", self._client.meta.endpoint_url)

    def remove(self, begun_before: datetime) -> int:
        """Remove what arrived of unfinished uploads begun before that; return of how many."""
        everything = self._unfinished(self._store.name(f"{UPLOADS}x")[:-1])
        old = [each for each in everything if each["Initiated"].astimezone(UTC) < begun_before]
        for each in old:
            self.abort(each["Key"], each["UploadId"])
        return len(old)

    def _unfinished(self, prefix: str) -> Iterator[Any]:
        pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._store.bucket, Prefix=prefix)
        try:
            for page in pages:
                yield from page.get("Uploads", [])
        except S3_ERRORS as error:
            raise_store_error(error, "list", f"s3://{self._store.bucket}/{prefix}", self._client.meta.endpoint_url)
