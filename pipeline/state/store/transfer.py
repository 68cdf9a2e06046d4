"""Guards that both stores put around the bytes that go in and out."""

from typing import BinaryIO

from pipeline.errors import UsageError


class SizedSource:
    """Reads from `source` and insists that it holds exactly `size` bytes.

    It offers nothing but `read`, so no library can look past it for another size.
    """

    def __init__(self, source: BinaryIO, size: int, place: str) -> None:
        self._source = source
        self._expected_bytes = size
        self._found_bytes = 0
        self._place = place

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes.

        Raises:
            UsageError: the source ended early, or goes on for too long.
        """
        chunk = self._source.read(size)
        self._found_bytes += len(chunk)
        is_at_end = not chunk and size != 0
        if self._found_bytes > self._expected_bytes or (is_at_end and self._found_bytes < self._expected_bytes):
            found = f"only {self._found_bytes:,}" if is_at_end else "more"
            raise UsageError(
                f"expected {self._expected_bytes:,} bytes for {self._place}, found {found}: "
                "nothing was stored; upload the file again once it is complete"
            )
        return chunk


def check_range(start: int, end: int | None) -> None:
    """Refuse a range that runs backwards.

    Raises:
        UsageError: names the range.
    """
    if start < 0 or (end is not None and end < start):
        raise UsageError(f"expected a byte range with 0 <= start <= end, found {start} to {end}")
