"""A lake that is an S3 bucket, or a part of one: an upload appears whole, or not at all."""

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from boto3.s3.transfer import TransferConfig

from pipeline.errors import LakeError, ObjectMissing, StoreError
from pipeline.state.lake.bucket_parts import PARTS, BucketParts, remove_below
from pipeline.state.lake.lake_errors import lake_errors
from pipeline.state.lake.lake_protocol import (
    MADE,
    MARK_KEY,
    MIN_FILE_BYTES,
    PUBLISH_ORDER,
    MadeKind,
    check_tables,
    file_key,
    files_below,
    job_key,
    made_key,
    model_key,
)
from pipeline.state.lake.profiles import read_table
from pipeline.state.lake.staging import STALE_AFTER, Staging
from pipeline.state.store.s3_client import S3_ERRORS, error_code, raise_store_error

if TYPE_CHECKING:
    import polars as pl

# One part in memory at a time; S3 takes 10,000 parts, which makes 80 GB. Threads cost a small file 50 ms.
_TRANSFER = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20, use_threads=False)
_CONNECTIONS = 10  # as many as a boto3 client keeps open
_LEAF = "/data.parquet"


class S3Lake:
    """Objects of `bucket` under `prefix`; `client` is a boto3 S3 client, which has no types.

    scratch: the local folder in which files are made before they go to the bucket.
    """

    def __init__(self, client: Any, bucket: str, prefix: str = "", scratch: Path | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._root = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._staging = Staging(scratch or Path(tempfile.gettempdir()) / "lora-lake-staging")

    def staging(self) -> AbstractContextManager[Path]:
        """See `Lake.staging`."""
        return self._staging.lend()

    def publish(self, dataset_id: str, files: Mapping[str, Path]) -> dict[str, str]:
        """See `Lake.publish`."""
        check_tables(files)
        return {table: self._put(files[table], file_key(table, dataset_id)) for table in PUBLISH_ORDER}

    def uri(self, table: str, dataset_id: str) -> str:
        """See `Lake.uri`."""
        return self._uri(file_key(table, dataset_id))

    @contextmanager
    def fetch(self, table: str, dataset_id: str) -> Iterator[Path]:
        """See `Lake.fetch`: a copy in staging, removed afterwards."""
        with self._copy(file_key(table, dataset_id)) as copy:
            yield copy

    @contextmanager
    def _copy(self, key: str) -> Iterator[Path]:
        with self.staging() as folder:
            copy = folder / "data.parquet"
            with copy.open("wb") as target, self._errors("read", key):
                self._client.download_fileobj(self._bucket, self._root + key, target, Config=_TRANSFER)
            yield copy

    def scan(self, table: str, dataset_id: str) -> "pl.LazyFrame":
        """See `Lake.scan`: by Polars' own client, with the credentials of the AWS_* variables or of the machine."""
        import polars as pl

        key, meta = file_key(table, dataset_id), self._client.meta
        if not self._is_there(key):
            raise LakeError(
                f"expected {table} of {dataset_id} at {self._uri(key)}, found nothing: validate the dataset again"
            )
        options = {"aws_region": meta.region_name, "aws_virtual_hosted_style_request": "false"}
        if meta.endpoint_url:
            options |= {"aws_endpoint_url": meta.endpoint_url, "aws_allow_http": "true"}
        credentials = pl.CredentialProviderAWS(region_name=meta.region_name)
        uri = self._uri(key)
        return pl.scan_parquet(uri, glob=False, storage_options=options, credential_provider=credentials)

    def has(self, dataset_id: str) -> bool:
        """See `Lake.has`."""
        return all(self._is_there(file_key(table, dataset_id)) for table in PUBLISH_ORDER)

    def _is_there(self, key: str) -> bool:
        return bool(self._version(key))

    def _version(self, key: str) -> str:
        """The ETag; empty where there is no object of ours."""
        try:
            with self._errors("look at", key):
                answer = self._client.head_object(Bucket=self._bucket, Key=self._root + key)
        except LakeError as error:
            if isinstance(error.__cause__, ObjectMissing):
                self._check_bucket()  # a HEAD answer has no body: its 404 may be the bucket's
                return ""
            raise
        return str(answer["ETag"]).strip('"') if int(answer["ContentLength"]) >= MIN_FILE_BYTES else ""

    def profile_versions(self, dataset_ids: Collection[str] | None = None) -> dict[str, str]:
        """See `Lake.profile_versions`: the ETags, 1,000 in a request; of some datasets one by one."""
        return self._versions("profiles", dataset_ids)

    def holdings(self, table: str, dataset_ids: Collection[str] | None = None) -> set[str]:
        """See `Lake.holdings`."""
        return set(self._versions(table, dataset_ids))

    def _versions(self, table: str, dataset_ids: Collection[str] | None) -> dict[str, str]:
        if dataset_ids is None:
            return self._listed_versions(table)
        with ThreadPoolExecutor(_CONNECTIONS) as threads:
            found = threads.map(self._version, [file_key(table, each) for each in dataset_ids])
            return {each: version for each, version in zip(dataset_ids, found, strict=True) if version}

    def _listed_versions(self, table: str) -> dict[str, str]:
        prefix = f"{self._root}{table}/dataset_id="
        with self._errors("list", f"{table}/"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            return {
                entry["Key"].removeprefix(prefix).removesuffix(_LEAF): entry["ETag"].strip('"')
                for page in pages
                for entry in page.get("Contents", [])
                if entry["Key"].endswith(_LEAF) and entry["Size"] >= MIN_FILE_BYTES
            }

    def read_profiles(self, dataset_ids: Iterable[str]) -> pa.Table:
        """See `Lake.read_profiles`; ten requests at a time."""
        keys = [file_key("profiles", each) for each in dataset_ids]
        with ThreadPoolExecutor(_CONNECTIONS) as threads:
            return read_table(zip(map(self._uri, keys), threads.map(self._get, keys), strict=True))

    def publish_job(self, job_id: str, folder: Path) -> str:
        """See `Lake.publish_job`."""
        for name, file in files_below(folder).items():
            self._put(file, job_key(job_id, name))
        return self.job_uri(job_id)

    def job_uri(self, job_id: str) -> str:
        """See `Lake.job_uri`."""
        return self._uri(job_key(job_id))

    def job_files(self, job_id: str) -> dict[str, int]:
        """See `Lake.job_files`."""
        return self._sizes_below(job_key(job_id))

    @contextmanager
    def fetch_job_file(self, job_id: str, name: str) -> Iterator[Path]:
        """See `Lake.fetch_job_file`: a copy in staging, removed afterwards."""
        with self._copy(job_key(job_id, name)) as copy:
            yield copy

    def publish_model(self, attempt_id: str, folder: Path) -> str:
        """See `Lake.publish_model`."""
        for name, file in files_below(folder).items():
            self._put(file, model_key(attempt_id, name))
        return self.model_uri(attempt_id)

    def model_uri(self, attempt_id: str) -> str:
        """See `Lake.model_uri`."""
        return self._uri(model_key(attempt_id))

    def model_files(self, attempt_id: str) -> dict[str, int]:
        """See `Lake.model_files`."""
        return self._sizes_below(model_key(attempt_id))

    @contextmanager
    def fetch_model_file(self, attempt_id: str, name: str) -> Iterator[Path]:
        """See `Lake.fetch_model_file`: a copy in staging, removed afterwards."""
        with self._copy(model_key(attempt_id, name)) as copy:
            yield copy

    def publish_made(self, kind: MadeKind, known_id: str, folder: Path) -> str:
        """See `Lake.publish_made`."""
        for name, file in files_below(folder).items():
            self._put(file, made_key(kind, known_id, name))
        return self.made_uri(kind, known_id)

    def made_uri(self, kind: MadeKind, known_id: str) -> str:
        """See `Lake.made_uri`."""
        return self._uri(made_key(kind, known_id))

    def made_files(self, kind: MadeKind, known_id: str) -> dict[str, int]:
        """See `Lake.made_files`."""
        return self._sizes_below(made_key(kind, known_id))

    def all_made(self, kind: MadeKind) -> dict[str, dict[str, int]]:
        """See `Lake.all_made`: one listing."""
        found: dict[str, dict[str, int]] = {}
        for key, size_bytes in self._sizes_below(kind).items():
            folder, _, name = key.partition("/")
            if folder.startswith(MADE) and name:
                found.setdefault(folder.removeprefix(MADE), {})[name] = size_bytes
        return found

    def remove_made(self, kind: MadeKind, known_id: str) -> None:
        """See `Lake.remove_made`."""
        key = made_key(kind, known_id)
        for name in self._sizes_below(key):
            with self._errors("remove", f"{key}/{name}"):
                self._client.delete_object(Bucket=self._bucket, Key=f"{self._root}{key}/{name}")

    @contextmanager
    def fetch_made(self, kind: MadeKind, known_id: str, name: str) -> Iterator[Path]:
        """See `Lake.fetch_made`: a copy in staging, removed afterwards."""
        with self._copy(made_key(kind, known_id, name)) as copy:
            yield copy

    def _sizes_below(self, key: str) -> dict[str, int]:
        prefix = f"{self._root}{key}/"
        with self._errors("list", key):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            return {
                entry["Key"].removeprefix(prefix): entry["Size"] for page in pages for entry in page.get("Contents", [])
            }

    def parts(self, folder: Path) -> BucketParts:
        """See `Lake.parts`: in the bucket, as staging is on this machine alone."""
        meta = self._client.meta
        prefix = f"{self._root}{PARTS}{folder.name}/"
        return BucketParts(meta.endpoint_url, meta.region_name, self._bucket, prefix, folder)

    @property
    def place(self) -> str:
        """See `Lake.place`."""
        return self._uri("").rstrip("/")

    def read_mark(self) -> str | None:
        """See `Lake.read_mark`."""
        try:
            return self._get(MARK_KEY).decode(errors="replace").strip()
        except LakeError as error:
            if isinstance(error.__cause__, ObjectMissing):
                return None
            raise

    def write_mark(self, mark: str) -> None:
        """See `Lake.write_mark`."""
        with self._errors("write", MARK_KEY):
            self._client.put_object(Bucket=self._bucket, Key=self._root + MARK_KEY, Body=f"{mark}\n".encode())

    def sweep(self, now: datetime) -> int:
        """See `Lake.sweep`."""
        with self._errors("remove", PARTS):
            left = remove_below(self._client, self._bucket, f"{self._root}{PARTS}", lambda at: at < now - STALE_AFTER)
        return left + self._staging.sweep(now)

    def _check_bucket(self) -> None:
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except S3_ERRORS as error:
            if error_code(error) == "404":
                raise LakeError(self._no_bucket()) from error

    def _no_bucket(self) -> str:
        endpoint_url = self._client.meta.endpoint_url
        return f"the lake's bucket {self._bucket} does not exist at {endpoint_url}: create it, or check LORA_LAKE"

    def _put(self, file: Path, key: str) -> str:
        with lake_errors("read", file), file.open("rb") as source, self._errors("write", key):
            self._client.upload_fileobj(source, self._bucket, self._root + key, Config=_TRANSFER)
        return self._uri(key)

    def _get(self, key: str) -> bytes:
        with self._errors("read", key):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._root + key)
            with answer["Body"] as body:
                data: bytes = body.read()
            return data

    def _uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{self._root}{key}"

    @contextmanager
    def _errors(self, action: str, key: str) -> Iterator[None]:
        endpoint_url = self._client.meta.endpoint_url
        try:
            yield
        except S3_ERRORS as error:
            if error_code(error) == "NoSuchBucket":
                raise LakeError(self._no_bucket()) from error
            try:
                raise_store_error(error, action, self._uri(key), endpoint_url)
            except ObjectMissing as missing:
                raise LakeError(
                    f"expected a file of the lake at {self._uri(key)}, found none: check LORA_LAKE, else validate the "
                    "dataset, or make the job, again"
                ) from missing
            except StoreError as failure:
                raise LakeError(f"the lake: {failure}") from failure
