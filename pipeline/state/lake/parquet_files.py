"""Opens Parquet files of the lake: one that is damaged is named."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import LakeDamaged

ANEW = "validate the dataset again"
"""What mends the files of a dataset."""


@contextmanager
def parquet_file(path: Path, remedy: str = "", **options: Any) -> Iterator[pq.ParquetFile]:
    """Open a file, and close it after the block. remedy: what to do where it is damaged; options: of `ParquetFile`.

    Raises:
        LakeDamaged: it is no Parquet file, or what is asked of it within the block cannot be read.
    """
    try:
        with pq.ParquetFile(path, **options) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise LakeDamaged(f"cannot read {path}: {in_a_line(error, remedy)}", (str(path),)) from error


def in_a_line(error: Exception, remedy: str) -> str:
    """What a library says of a file, without what it adds for programmers, and the remedy if there is one."""
    first, *_ = str(error).splitlines() or [type(error).__name__]
    return f"{first}; {remedy}" if remedy else first
