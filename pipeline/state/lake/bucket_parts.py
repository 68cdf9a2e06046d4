"""Parts in a bucket, under the lake: each worker sends its files there, and the process that began fetches them."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from boto3.s3.transfer import TransferConfig

from pipeline.errors import LakeError, StoreError
from pipeline.state.lake.lake_errors import lake_errors
from pipeline.state.lake.places_of_parts import LentPart, new_part_name
from pipeline.state.store.s3_client import S3_ERRORS, make_s3_client, raise_store_error

PARTS = "_parts/"
_TRANSFER = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20, use_threads=False)
_AT_ONCE = 1_000  # names in a request


@dataclass(frozen=True, slots=True)
class BucketParts:
    """Parts under `prefix` of a bucket."""

    endpoint_url: str
    region: str
    bucket: str
    prefix: str
    folder: Path
    """Of the work, where it began; it is on no other machine."""

    @contextmanager
    def lend(self) -> Iterator[LentPart]:
        """See `PartPlace.lend`."""
        with tempfile.TemporaryDirectory(prefix="lora-part-") as folder:
            part = LentPart(new_part_name(), Path(folder))
            yield part
            for file in sorted(part.folder.iterdir()):
                key = f"{self.prefix}{part.name}/{file.name}"
                with lake_errors("read", file), file.open("rb") as source, self._errors("write", key):
                    self._client.upload_fileobj(source, self.bucket, key, Config=_TRANSFER)

    def collect(self, name: str) -> Path:
        """See `PartPlace.collect`: copies of the files."""
        target = self.folder / name
        with lake_errors("write", target):
            target.mkdir()
        prefix = f"{self.prefix}{name}/"
        with self._errors("read", prefix):
            for key, _ in listed(self._client, self.bucket, prefix):
                with lake_errors("write", target):
                    self._client.download_file(self.bucket, key, str(target / key.removeprefix(prefix)))
        return target

    def borrow(self, name: str, file_name: str, folder: Path) -> Path:
        """See `PartPlace.borrow`: a copy."""
        target, key = folder / f"{name}-{file_name}", f"{self.prefix}{name}/{file_name}"
        with self._errors("read", key), lake_errors("write", target):
            self._client.download_file(self.bucket, key, str(target), Config=_TRANSFER)
        return target

    def remove(self) -> None:
        """See `PartPlace.remove`."""
        with self._errors("remove", self.prefix):
            remove_below(self._client, self.bucket, self.prefix)

    @property
    def _client(self) -> Any:
        return _client(self.endpoint_url, self.region)

    @contextmanager
    def _errors(self, action: str, key: str) -> Iterator[None]:
        try:
            yield
        except S3_ERRORS as error:
            try:
                raise_store_error(error, action, f"s3://{self.bucket}/{key}", self.endpoint_url)
            except StoreError as failure:
                raise LakeError(f"the lake: {failure}") from failure


def listed(client: Any, bucket: str, prefix: str) -> Iterator[tuple[str, datetime]]:
    """The objects below a prefix, with the time of their last change."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            yield entry["Key"], entry["LastModified"]


def remove_below(
    client: Any, bucket: str, prefix: str, is_meant: Callable[[datetime], bool] = lambda _changed: True
) -> int:
    """Remove objects below a prefix, those whose last change is meant; return how many."""
    keys = [key for key, changed in listed(client, bucket, prefix) if is_meant(changed)]
    for first in range(0, len(keys), _AT_ONCE):
        some = [{"Key": key} for key in keys[first : first + _AT_ONCE]]
        client.delete_objects(Bucket=bucket, Delete={"Objects": some, "Quiet": True})
    return len(keys)


@lru_cache(maxsize=8)
def _client(endpoint_url: str, region: str) -> Any:
    return make_s3_client(endpoint_url, region)
