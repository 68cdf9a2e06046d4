"""Files of findings for tests, as the engine leaves them."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.profiles.finding_columns import finding_rows
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.state.lake import TableWriter


def findings_file(folder: Path, *places: tuple[int, str], rows_each: int = 1_000) -> Path:
    """A Parquet file of findings. places: line and code, in line order; rows_each: rows of a row group."""
    path = folder / "findings.parquet"
    with TableWriter("findings", path) as writer:
        for chunk in _chunks(places, rows_each):
            writer.write(finding_rows([Finding(line, 0, code, "$", Mismatch(None, "x")) for line, code in chunk]))
    return path


def _chunks(places: Sequence[tuple[int, str]], size: int) -> list[Sequence[tuple[int, str]]]:
    return [places[start : start + size] for start in range(0, len(places), size)]
