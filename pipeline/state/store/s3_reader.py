"""Reads one version of one S3 object as a stream, and takes a broken connection up where it broke.

The ETag of the first answer is a condition of all later requests, so bytes of two versions never mix.
"""

import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from urllib3.exceptions import HTTPError

from pipeline.errors import StoreError
from pipeline.state.store.s3_client import S3_ERRORS, error_code, raise_store_error

_T = TypeVar("_T")

# Bytes asked of the connection at a time: what is read again, at most, after a break.
_CHUNK_BYTES = 8 << 20
_MAX_BREAKS = 5  # in a row, without a byte between them
_FIRST_PAUSE_S = 0.1


class _Broken(Exception):
    """The connection ended before it should."""


class S3Reader:
    """Bytes `start` to `end` of an object; connects at once."""

    def __init__(
        self, client: Any, bucket: str, name: str, uri: str, start: int, end: int | None, version: str
    ) -> None:
        self._client = client
        self._object = {"Bucket": bucket, "Key": name}
        self._uri = uri
        self._position = start
        self._end = end  # exact after the first answer
        self._version = version
        self._body: Any = None
        self._is_resuming = False
        self._until_it_holds(self._connect)

    def read(self, size: int = -1, /) -> bytes:
        """See `Reader.read`.

        Raises:
            ObjectChanged: the object was replaced, which shows when the connection breaks.
            ObjectMissing: the object was deleted, likewise.
            StoreError: the connection breaks again and again.
        """
        left_bytes = (self._end or 0) - self._position
        wanted = left_bytes if size < 0 else min(size, left_bytes)
        chunks = []
        while wanted > 0:
            chunk = self._until_it_holds(partial(self._read_some, min(wanted, _CHUNK_BYTES)))
            self._position += len(chunk)
            wanted -= len(chunk)
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def close(self) -> None:
        """Give the connection back."""
        if self._body is not None:
            self._body.close()
            self._body = None

    def _until_it_holds(self, attempt: Callable[[], _T]) -> _T:
        for breaks in range(_MAX_BREAKS + 1):
            try:
                return attempt()
            except _Broken as error:
                self.close()
                reason = str(error)
                time.sleep(_FIRST_PAUSE_S * 2**breaks)
        raise StoreError(
            f"the connection to {self._uri} broke {_MAX_BREAKS + 1} times at byte {self._position:,}, "
            f"last: {reason}; check the network to {self._client.meta.endpoint_url}"
        )

    def _read_some(self, most: int) -> bytes:
        if self._body is None:
            self._connect()
        try:
            chunk = bytes(self._body.read(most))
        except (*S3_ERRORS, HTTPError, OSError) as error:
            raise _Broken(str(error)) from error
        if not chunk:
            raise _Broken("the stream ended early")
        return chunk

    def _connect(self) -> None:
        last = "" if self._end is None else self._end - 1
        condition = {"IfMatch": f'"{self._version}"'} if self._version else {}
        try:
            answer = self._client.get_object(**self._object, **condition, Range=f"bytes={self._position}-{last}")
        except S3_ERRORS as error:
            self._refused(error)
            return
        self._body = answer["Body"]
        self._end = self._last_byte(answer) + 1
        self._version = answer["ETag"].strip('"')
        self._is_resuming = True

    def _refused(self, error: Exception) -> None:
        if error_code(error) in ("InvalidRange", "416") and not self._is_resuming:
            self._end = self._position  # an empty object, or a start beyond the end: nothing to read
        elif self._is_resuming and not isinstance(error, ClientError):
            raise _Broken(str(error)) from error
        else:
            raise_store_error(error, "read", self._uri, self._client.meta.endpoint_url)

    def _last_byte(self, answer: Mapping[str, Any]) -> int:
        """Offset of the last byte that an answer brings, once its head is known to be whole."""
        # To Python's HTTP parser, a connection cut within the head is an answer with fewer lines, the last one short:
        # `Content-Length: 30` of 3000 would make the object end early. So the lines that say the same must agree.
        found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.get("ContentRange", ""))
        if not found or not answer.get("ETag", "").endswith('"'):
            raise _Broken("the head of an answer was cut short, or ranged requests are not supported")
        first, last, size = map(int, found.groups())
        expected_last = min(size if self._end is None else self._end, size) - 1
        length = answer.get("ContentLength")
        if (first, last, length) != (self._position, expected_last, last - first + 1):
            raise _Broken(f"asked for bytes {self._position}-{expected_last}, found {found[0]} of length {length}")
        return last
