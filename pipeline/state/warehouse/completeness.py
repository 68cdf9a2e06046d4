"""Whether the warehouse that is about to be published has everything that it should: nothing is read as empty only
because it is not there.

Asked of the file that is being built, before it takes the place of the old one. What is done about what is missing is
decided in `pipeline.flow.publishing`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from pipeline.errors import WarehouseIncomplete
from pipeline.state.lake import PUBLISH_ORDER, Lake
from pipeline.state.warehouse.views import NEWER_TABLES

RETURN_WITHIN = timedelta(minutes=15)  # a validation takes seconds; one that hangs must not hold up all the others
_NAMED = 5
_PROFILES = "profiles"

# Superseded and deleted datasets are in no view, and nothing brings their files back: they are not expected.
_CURRENT = """
SELECT id, d.status IN ('ready', 'error') AND d.validated_at IS NOT NULL, p.dataset_id IS NOT NULL,
    p.format_why IS NOT NULL, d.line_count IS NOT NULL AND p.lines IS NOT NULL
        AND (d.conversation_count, d.line_count, d.rejected_line_count)
        IS DISTINCT FROM (p.conversations, p.lines, p.rejected_lines),
    d.status = 'validating' AND d.updated_at > $since
FROM datasets AS d LEFT JOIN dataset_profiles AS p ON p.dataset_id = d.id
WHERE d.superseded_by IS NULL AND d.deleted_at IS NULL AND ($ids IS NULL OR list_contains($ids::VARCHAR[], id))
ORDER BY id
"""
EXPECTED = "superseded_by IS NULL AND deleted_at IS NULL AND status IN ('ready', 'error') AND validated_at IS NOT NULL"
"""Of `datasets`: has a verdict, and is in the views or should be."""
_UNKNOWN = "SELECT id FROM shown_before ANTI JOIN datasets USING (id) ORDER BY id"


@dataclass(frozen=True, slots=True)
class Found:
    """What is missing."""

    expected: int
    lacking: Mapping[str, tuple[str, ...]]
    """By dataset, the tables that the lake does not have for it."""
    unknown: tuple[str, ...]
    returning: tuple[str, ...]


def compare(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    shown_before: Iterable[str],
    now: datetime,
    ids: Collection[str] | None = None,
) -> Found:
    """Compare the catalog's tables and `dataset_profiles` with the lake's files, and with what is published.

    Takes out of `dataset_profiles` what the views could not read.

    shown_before: ids of the datasets that the published file has in its views. ids: of those to compare, None for all.
    """
    connection.register("shown_before", pa.table({"id": pa.array(shown_before, pa.string())}))
    chosen = None if ids is None else list(ids)
    rows = connection.execute(_CURRENT, {"since": now - RETURN_WITHIN, "ids": chosen}).fetchall()
    unknown = tuple(row[0] for row in connection.execute(_UNKNOWN).fetchall())
    before = {row[0] for row in connection.execute("SELECT id FROM shown_before").fetchall()}
    connection.unregister("shown_before")
    holdings = _holdings(lake, None if ids is None else [row[0] for row in rows])
    expected, lacking, returning, unreadable = 0, {}, [], []
    for dataset_id, is_expected, has_profile, is_newer, has_other_rows, is_returning in rows:
        tables = tuple(_lacking(dataset_id, holdings, has_profile and not has_other_rows, is_newer))
        expected += is_expected
        if tables and is_expected:
            lacking[dataset_id] = tables
        elif tables and has_profile:
            unreadable.append(dataset_id)
        if tables and is_returning and dataset_id in before:
            returning.append(dataset_id)
    connection.execute("DELETE FROM dataset_profiles WHERE dataset_id IN (SELECT unnest(?::VARCHAR[]))", [unreadable])
    return Found(expected, lacking, unknown, tuple(returning))


def insist(found: Found, path: Path, catalog: str, lake: str, *, may_shrink: bool) -> None:
    """Refuse to go on where anything is missing. may_shrink: what only the published file has may go.

    Raises:
        WarehouseIncomplete: says what, and names the first datasets.
    """
    problems = []
    if found.lacking:
        named = _named([f"{each}: {', '.join(tables)}" for each, tables in found.lacking.items()], "; ")
        problems.append(
            f"of {found.expected} datasets with a verdict, {len(found.lacking)} have no files, or other ones, in the "
            f"lake {lake} ({named}): mount it, or check LORA_LAKE; what is really lost is validated again by itself"
        )
    if found.unknown and not may_shrink:
        problems.append(
            f"the catalog {catalog} does not know {len(found.unknown)} datasets that are published "
            f"({_named(found.unknown)}): check LORA_CATALOG_URL; after a loss the job reconcile brings back what the "
            "store has, and `lora-pipeline adopt catalog` publishes what is known"
        )
    if found.returning and not may_shrink:
        problems.append(
            f"{len(found.returning)} datasets that are published are being validated again ({_named(found.returning)})"
            f": published when they have their verdict, or {RETURN_WITHIN.total_seconds() / 60:.0f} minutes after that"
            " began"
        )
    if problems:
        state = f"the warehouse {path} stays as it was" if path.exists() else f"no warehouse is made at {path}"
        message = f"{state}: {'. '.join(problems)}"
        raise WarehouseIncomplete(message, found.expected, tuple(found.lacking), found.unknown, found.returning)


def _holdings(lake: Lake, ids: Sequence[str] | None) -> dict[str, set[str]]:
    tables = [table for table in PUBLISH_ORDER if table != _PROFILES]
    with ThreadPoolExecutor(len(tables)) as threads:  # on S3 a request for each thousand datasets
        return dict(zip(tables, threads.map(lambda table: lake.holdings(table, ids), tables), strict=True))


def _lacking(dataset_id: str, holdings: Mapping[str, set[str]], has_profile: bool, is_newer: bool) -> Iterator[str]:
    for table, ids in holdings.items():
        if dataset_id not in ids and (is_newer or table not in NEWER_TABLES):
            yield table
    if not has_profile:
        yield _PROFILES


def _named(names: Iterable[str], separator: str = ", ") -> str:
    listed = list(names)
    more = f"{separator}and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return separator.join(listed[:_NAMED]) + more
