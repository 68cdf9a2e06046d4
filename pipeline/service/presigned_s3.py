"""Upload addresses of S3: one presigned PUT, or one for each part of a large file.

The exact length is signed into each. An object is made only where there is none, so an address is of no use once the
upload is there. Parts become an object when the service says so; which arrived is asked of S3, nothing is kept here.
"""

import math
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.config import Config

from pipeline.errors import ObjectMissing
from pipeline.service.presigned import Part, Upload
from pipeline.state.store.s3_client import S3_ERRORS, error_code, raise_store_error, s3_config
from pipeline.state.store.s3_parts import S3Parts
from pipeline.state.store.s3_store import S3Store

SINGLE_BYTES = 64 << 20  # beyond, what a broken connection costs is worth the parts
_PART_BYTES = 16 << 20
_MAX_PARTS = 1_000  # S3 takes 10,000; the answer with their addresses should stay below a megabyte


class S3Presigner:
    """Signs with the credentials of the store's client, version 4."""

    def __init__(self, store: S3Store, endpoint_url: str, region: str) -> None:
        self._store = store
        self._unfinished = S3Parts(store)
        # A client only to sign with: the length is signed, not a checksum that the sender would have to know first.
        import boto3

        self._signing = boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint_url or None,
            region_name=region,
            config=s3_config().merge(Config(signature_version="s3v4", request_checksum_calculation="when_required")),
        )

    def start(self, upload: Upload, expires_at: datetime) -> tuple[Part, ...]:
        """See `Presigner.start`."""
        if upload.size_bytes <= SINGLE_BYTES:
            return self._single(upload, expires_at, received=0)
        upload_id = self._unfinished.begin(upload.key)
        try:
            return self._parts(upload, upload_id, expires_at, {})
        except Exception:
            self._unfinished.abort(self._name(upload), upload_id)
            raise

    def resume(self, upload: Upload, expires_at: datetime) -> tuple[Part, ...]:
        """See `Presigner.resume`."""
        if upload.size_bytes <= SINGLE_BYTES:
            return self._single(upload, expires_at, self._stored_bytes(upload))
        upload_id = self._unfinished.upload_id(upload.key)
        if upload_id is None:
            if not self._stored_bytes(upload):  # swept meanwhile
                return self.start(upload, expires_at)
            return tuple(Part(n, start, size, "", received_bytes=size) for n, start, size in layout(upload.size_bytes))
        arrived = {number: size for number, size, _ in self._unfinished.arrived(upload.key, upload_id)}
        return self._parts(upload, upload_id, expires_at, arrived)

    def finish(self, upload: Upload) -> None:
        """See `Presigner.finish`."""
        if upload.size_bytes > SINGLE_BYTES:
            self._unfinished.finish(upload.key, upload.size_bytes)

    def checksum(self, upload: Upload) -> str | None:
        """See `Presigner.checksum`."""
        try:
            found = self._store.client.head_object(
                Bucket=self._store.bucket, Key=self._name(upload), ChecksumMode="ENABLED"
            )
        except S3_ERRORS as error:
            if error_code(error) in ("403", "404"):  # it may be looked at without its checksum only, or is gone by now
                return None
            raise_store_error(error, "look at", self._store.uri(upload.key), self._store.client.meta.endpoint_url)
        return checksum_of(found)

    def abandon(self, upload: Upload) -> None:
        """See `Presigner.abandon`."""
        self._unfinished.abandon(upload.key)

    def _single(self, upload: Upload, expires_at: datetime, received: int) -> tuple[Part, ...]:
        url = self._sign(
            "put_object", expires_at, Key=self._name(upload), ContentLength=upload.size_bytes, IfNoneMatch="*"
        )
        return (Part(1, 0, upload.size_bytes, url, received, headers={"If-None-Match": "*"}),)

    def _parts(
        self, upload: Upload, upload_id: str, expires_at: datetime, received: dict[int, int]
    ) -> tuple[Part, ...]:
        parts = []
        for number, start, length in layout(upload.size_bytes):
            url = self._sign(
                "upload_part",
                expires_at,
                Key=self._name(upload),
                UploadId=upload_id,
                PartNumber=number,
                ContentLength=length,
            )
            parts.append(Part(number, start, length, url, received.get(number, 0)))
        return tuple(parts)

    def _sign(self, action: str, expires_at: datetime, **what: Any) -> str:
        valid_s = max(1, math.floor((expires_at - datetime.now(UTC)).total_seconds()))
        try:
            url: str = self._signing.generate_presigned_url(
                action, Params={"Bucket": self._store.bucket, **what}, ExpiresIn=valid_s, HttpMethod="PUT"
            )
        except S3_ERRORS as error:
            raise_store_error(error, "sign an upload to", f"s3://{self._store.bucket}", self._signing.meta.endpoint_url)
        return url

    def _stored_bytes(self, upload: Upload) -> int:
        try:
            return self._store.stat(upload.key).size_bytes
        except ObjectMissing:
            return 0

    def _name(self, upload: Upload) -> str:
        return self._store.name(upload.key)


def checksum_of(head: Mapping[str, Any]) -> str | None:
    """The best checksum in what S3 says of an object.

    An ETag is an MD5 only of what is not encrypted, or with keys of S3's own (SSE-S3): with keys of KMS or of the
    customer it is other hexadecimal digits, of the same length.
    """
    is_of_the_whole = head.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT"
    for name, kind in (("ChecksumSHA256", "sha256"), ("ChecksumCRC32", "crc32")):
        if is_of_the_whole and (text := head.get(name)) and "-" not in text:
            return f"{kind}:{b64decode(text).hex()}"
    if head.get("ServerSideEncryption", "AES256") != "AES256" or "SSECustomerAlgorithm" in head:
        return None
    digest = str(head.get("ETag", "")).strip('"')
    if not re.fullmatch(r"[0-9a-f]{32}(-[0-9]+)?", digest):
        return None
    return f"{'md5-of-parts' if '-' in digest else 'md5'}:{digest}"


def layout(size_bytes: int) -> Iterator[tuple[int, int, int]]:
    """Number, start and size of each part of a file: whole MiB, and at most so many."""
    needed = math.ceil(size_bytes / _MAX_PARTS / 2**20) * 2**20
    part_bytes = max(_PART_BYTES, needed)
    for number, start in enumerate(range(0, size_bytes, part_bytes), start=1):
        yield number, start, min(part_bytes, size_bytes - start)
