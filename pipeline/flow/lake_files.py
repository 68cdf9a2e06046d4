"""Turns what the engine found out about an upload into the files that the lake publishes."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.dataset.profiles.profile import Profile
from pipeline.state.lake.schemas import PROFILES
from pipeline.state.lake.writer import TableWriter, join_tables, write_empty
from pipeline.trainers.acceptance import Acceptance, acceptance_rows

_TABLES = ("turns", "conversations")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a dataset's rows come from."""

    dataset_id: str
    user_id: str
    path: str
    """Of the upload in the store."""
    content_version: str
    run_id: str
    code_version: str
    validated_at: datetime
    """Aware."""


def lake_files(profile: Profile, acceptance: Sequence[Acceptance], origin: Origin, folder: Path) -> dict[str, Path]:
    """Return one file for each table of the lake; those that the profile does not have are written to `folder`.

    A file that was refused has no conversations and no turns: their tables are empty then.

    Raises:
        LakeError: the folder cannot be written.
    """
    return {
        **{table: _rows(table, profile.parts, folder / f"{table}.parquet") for table in _TABLES},
        "findings": profile.findings_path,
        "splits": _write_splits(profile, folder / "splits.parquet"),
        "target_acceptance": _write_acceptance(acceptance, folder / "target_acceptance.parquet"),
        "profiles": _write_profile(profile_row(profile, acceptance, origin), folder / "profile.parquet"),
    }


@contextmanager
def joined_meanwhile(folder: Path) -> Iterator[Callable[[Sequence[Path]], None]]:
    """Lend what joins, aside, the tables that parts have, into files of `folder`; after the block they are whole.

    Raises:
        LakeError: the folder cannot be written.
    """
    joining: list[Future[Path]] = []
    with ThreadPoolExecutor(len(_TABLES), "join") as threads:

        def join(parts: Sequence[Path]) -> None:
            joining.extend(threads.submit(_rows, table, parts, folder / f"{table}.parquet") for table in _TABLES)

        yield join
    for each in joining:
        each.result()


def _rows(table: str, parts: Sequence[Path], path: Path) -> Path:
    """The one file of a table that several processes may have written."""
    if not parts:
        return write_empty(table, path)
    files = [part / path.name for part in parts]
    return files[0] if len(files) == 1 else join_tables(table, files, path)


def profile_row(profile: Profile, acceptance: Sequence[Acceptance], origin: Origin) -> dict[str, object]:
    """Return the row of `profiles`: the origin, then the report under its own names, with what is nested as JSON."""
    report = profile.as_dict(origin.path, [each.as_dict() for each in acceptance])
    report["findings"] = profile.finding_counts.total()
    values = {
        name: json.dumps(v, ensure_ascii=False) if isinstance(v, dict | list) else v for name, v in report.items()
    }
    row = asdict(origin) | values
    return {name: row[name] for name in PROFILES.names}


def finding_counts_of(path: Path) -> dict[str, int]:
    """How many findings of each code a dataset has, listed or not. path: its row of `profiles`."""
    counts: dict[str, int] = json.loads(pq.read_table(path, columns=["finding_counts"])["finding_counts"][0].as_py())
    return counts


def _write_splits(profile: Profile, path: Path) -> Path:
    with TableWriter("splits", path) as writer:
        if profile.nearness:
            for batch in profile.nearness.split.batches():
                writer.write({name: batch[name] for name in batch.schema.names})
    return path


def _write_acceptance(acceptance: Sequence[Acceptance], path: Path) -> Path:
    with TableWriter("target_acceptance", path) as writer:
        if acceptance:
            writer.write(acceptance_rows(acceptance))
    return path


def _write_profile(row: Mapping[str, object], path: Path) -> Path:
    with TableWriter("profiles", path) as writer:
        writer.write({field.name: pa.array([row[field.name]], field.type) for field in PROFILES})
    return path
