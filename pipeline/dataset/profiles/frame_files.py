"""Writes a frame that a person holds as a Parquet file, and tells whose fault it is where that fails.

Polars says the same of a disk that is full and of a query that is wrong.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.dataset.formats.parquet_rows import NO_FIELD
from pipeline.errors import UsageError

_NOT_KEPT = (pl.Object, pl.Int128, pl.UInt128)  # as Arrow reads no such columns


def write_frame(frame: pl.LazyFrame, path: Path) -> None:
    """Write its rows as they are read, in their order, never all of them held.

    Raises:
        UsageError: its query fails, or has columns that are not read back.
        OSError: the file cannot be written.
    """
    with path.open("wb") as file:
        target = _Target(file.write)
        try:
            schema = frame.collect_schema()
            _check_columns(schema)
            filled = {name: _with_a_field(dtype) for name, dtype in schema.items()}
            frame.cast({name: dtype for name, dtype in filled.items() if dtype != schema[name]}).sink_parquet(target)  # type: ignore[call-overload]  # which asks for more than it uses
        except (pl.exceptions.PolarsError, OSError) as error:
            if target.refused is not None:
                raise target.refused from error
            said = str(error).partition("\n")[0]
            raise UsageError(
                f"frame: expected a query that gives rows, found: {said}; try it with collect()"
            ) from error


class _Target:
    """A file that remembers what the disk refused."""

    def __init__(self, write: Callable[[bytes], int]) -> None:
        self._write = write
        self.refused: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write all of it."""
        try:
            return self._write(data)
        except OSError as error:
            self.refused = error
            raise


def _check_columns(schema: pl.Schema) -> None:
    odd = [f"{kind} in {name}" for name, dtype in schema.items() if (kind := _not_kept_in(dtype)) is not None]
    if odd:
        raise UsageError(
            f"frame: expected columns that Parquet can hold, found {', '.join(odd)}; cast them, as to pl.String, or "
            "leave them out"
        )


def _with_a_field(dtype: Any) -> Any:
    """The type with a field in each struct that has none, as the parameters of a tool may: Parquet holds no others."""
    if isinstance(dtype, pl.Struct):
        held = {field.name: _with_a_field(field.dtype) for field in dtype.fields}
        return pl.Struct(held or {NO_FIELD: pl.Boolean})
    if isinstance(dtype, pl.List):
        return pl.List(_with_a_field(dtype.inner))
    return pl.Array(_with_a_field(dtype.inner), dtype.size) if isinstance(dtype, pl.Array) else dtype


def _not_kept_in(dtype: object) -> object | None:
    """The first type in it that is not kept; lists and structs hold others."""
    if isinstance(dtype, _NOT_KEPT):
        return dtype
    held: list[object] = []
    if isinstance(dtype, pl.Struct):
        held = [field.dtype for field in dtype.fields]
    elif isinstance(dtype, pl.List | pl.Array):
        held = [dtype.inner]
    return next((found for each in held if (found := _not_kept_in(each)) is not None), None)
