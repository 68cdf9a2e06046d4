"""The files that `lora-pipeline check` writes on request: all findings, and the tables of each dataset.

Whoever reads them sees whole files only: each is written aside and put in place with one rename.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.cli.printed_json import json_text
from pipeline.dataset.profiles.merge import all_findings
from pipeline.dataset.profiles.profile import Profile
from pipeline.errors import UsageError
from pipeline.state.durable import put_in_place, whole_file, written
from pipeline.state.lake import FINDINGS, write_empty
from pipeline.state.lake.schemas import ROW_TEXT
from pipeline.state.lake.writer import DICTIONARY_COLUMNS

FINDINGS_WITH_FILE = pa.schema(
    [pa.field("file", pa.string(), nullable=False), *FINDINGS.remove(FINDINGS.get_field_index(ROW_TEXT))]
)
_FINDINGS_SUFFIXES = (".jsonl", ".parquet")
_WHOLE_TABLES = ("conversations", "turns")


class FindingsWriter(Protocol):
    """Takes the findings of one file after the other."""

    def add(self, file: str, findings_path: Path) -> None:
        """Append all findings of a file; `findings_path` holds them as Parquet."""


def refuse_findings_target(target: Path, inputs: Iterable[str]) -> None:
    """Refuse a place for findings that cannot be meant, before any work.

    Raises:
        UsageError: the name ends in neither .jsonl nor .parquet, its folder is missing, or it is one of the inputs.
    """
    if target.suffix not in _FINDINGS_SUFFIXES:
        raise UsageError(f"--findings: expected a name that ends in .jsonl or .parquet, found {target}")
    if target.is_dir():
        raise UsageError(f"--findings: expected a file, found the folder {target}")
    if not target.parent.is_dir():
        raise UsageError(f"--findings: there is no folder {target.parent}; make it first")
    if target.exists() and any(Path(file).exists() and target.samefile(file) for file in inputs):
        raise UsageError(f"--findings: {target} is one of the files to check; choose another name")


@contextmanager
def findings_file(target: Path | None) -> Iterator[FindingsWriter | None]:
    """A writer whose file appears at `target` when all went well; nothing is written without a target.

    Raises:
        LakeError: the file cannot be written; so do the writer's methods.
    """
    if target is None:
        yield None
        return
    with whole_file(target) as aside:
        with written(target):
            writer = _Parquet(aside, target) if target.suffix == ".parquet" else _Jsonl(aside, target)
        try:
            yield writer
        finally:
            with written(target):
                writer.close()


class _Jsonl:
    def __init__(self, aside: Path, target: Path) -> None:
        self._stream: BinaryIO = aside.open("wb")
        self._target = target

    def add(self, file: str, findings_path: Path) -> None:
        with written(self._target):
            for row in all_findings(findings_path):
                self._stream.write(json_text({"file": file, **row}).encode() + b"\n")

    def close(self) -> None:
        self._stream.close()


class _Parquet:
    def __init__(self, aside: Path, target: Path) -> None:
        repeated = ["file", *DICTIONARY_COLUMNS["findings"]]
        self._writer = pq.ParquetWriter(aside, FINDINGS_WITH_FILE, use_dictionary=repeated)
        self._target = target

    def add(self, file: str, findings_path: Path) -> None:
        name = os.fsencode(file).decode("utf-8", "backslashreplace")
        with written(self._target), pq.ParquetFile(findings_path) as findings:
            for batch in findings.iter_batches():
                columns = [
                    pa.repeat(name, len(batch)),
                    *(batch[field.name].cast(field.type) for field in FINDINGS if field.name != ROW_TEXT),
                ]
                self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=FINDINGS_WITH_FILE))

    def close(self) -> None:
        self._writer.close()


def place_tables(profile: Profile, work: Path, target: Path, stem: str) -> None:
    """Put a dataset's tables into `target` as `<table>/<stem>-<part>.parquet`; parts of an earlier check go.

    work: the folder, on the same disk, in which the profile's files lie; they are moved.

    Raises:
        LakeError: the folder cannot be written.
    """
    with written(target):
        for table in _WHOLE_TABLES:
            # A file that was refused unread has no parts: its tables are there, without rows.
            parts = [part / f"{table}.parquet" for part in profile.parts] or [write_empty(table, work / table)]
            _place_parts(parts, target / table, stem)
        _place_parts([profile.findings_path], target / "findings", stem)


def _place_parts(parts: list[Path], folder: Path, stem: str) -> None:
    folder.mkdir(exist_ok=True)
    for number, part in enumerate(parts):
        put_in_place(part, folder / f"{stem}-{number}.parquet")
    of_stem = re.compile(re.escape(stem) + r"-(\d+)\.parquet")
    for path in folder.iterdir():
        match = of_stem.fullmatch(path.name)
        if match and int(match[1]) >= len(parts):
            path.unlink()


def stems(files: Iterable[str]) -> list[str]:
    """A name for each file's tables: its own without suffixes, numbered where two would be the same."""
    taken: set[str] = set()
    names = []
    for file in files:
        own = "stdin" if file == "-" else Path(file).stem
        name, number = own, 1
        while name in taken:
            number += 1
            name = f"{own}.{number}"
        taken.add(name)
        names.append(name)
    return names
