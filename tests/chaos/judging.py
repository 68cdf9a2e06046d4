"""What there must be once everything is done: each upload once, with its verdict, its rows, its job, and one notice.

Whoever reads this reads the catalog, the lake, the warehouse and Dagster's runs, as people and programs do; nothing of
what the installation did on the way is believed.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq

from pipeline.clock import utc_now
from pipeline.errors import PipelineError
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.lake import Lake, make_lake
from pipeline.state.store import make_store
from pipeline.state.store.keys import UPLOADS
from pipeline.state.warehouse.user_query import query
from tests.chaos.places import Places
from tests.chaos.uploads import Upload

_ALL = 100_000
_POLL_S = 2.0
_RESTS = 10  # times as long as a look takes: one at 10,000 uploads takes a second, of what is looked at
_PUBLICATION_S = 60.0  # more than one takes
_UNFINISHED = [status for status in dg.DagsterRunStatus if status not in (
    dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED
)]  # fmt: skip
_LAKE_TABLES = ("conversations", "turns", "findings")
_OF_VERDICTS = ("dataset_ready", "dataset_error")


@dataclass(slots=True)
class Judgement:
    """Everything that is not as it must be, in words.

    lost: an upload without a verdict; doubled: rows, notices, jobs or costs more than once; wrong: a verdict or rows
    other than those of the file; half: something that still waits, or was left behind; spent: an attempt too many.
    """

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)
    spent: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing was found."""
        return not any(getattr(self, each.name) for each in fields(self))

    def counts(self) -> str:
        """One line of figures."""
        return ", ".join(f"{len(getattr(self, each.name))} {each.name}" for each in fields(self))

    def details(self, at_most: int = 20) -> str:
        """A line for each thing that was found."""
        return "\n".join(f"{each.name}: {text}" for each in fields(self) for text in getattr(self, each.name)[:at_most])


def wait_until_settled(
    places: Places, uploads: Sequence[Upload], timeout_s: float, others: Callable[[], list[str]] = list
) -> tuple[float, list[str]]:
    """Wait until nothing waits any more; return after how many seconds, and what still waits when time is up.

    others: what waits beside uploads.
    """
    began_s = time.monotonic()
    while True:
        looked_s = time.monotonic()
        try:
            waiting = [*_waiting(places, uploads), *others()]
        except PipelineError as error:
            waiting = [str(error)]
        took_s = time.monotonic() - began_s
        if not waiting or took_s > timeout_s:
            return took_s, waiting
        time.sleep(max(_POLL_S, _RESTS * (time.monotonic() - looked_s)))


def judge(places: Places, uploads: Sequence[Upload], waiting: Sequence[str], attempts: int | None) -> Judgement:
    """Compare everything that is there with the uploads. waiting: from `wait_until_settled`.

    attempts: how many a dataset may have needed; None where kills may have cost some.
    """
    found = Judgement(half=list(waiting))
    lake = make_lake(places.settings)
    with Catalog.open(places.settings.catalog_url) as catalog:
        datasets = _datasets(catalog)
        _judge_datasets(found, datasets, uploads, lake)
        _judge_notices(found, datasets, catalog)
        _judge_jobs(found, datasets, catalog, lake)
        _judge_uploading(found, datasets, places)
    _judge_warehouse(found, datasets, places)
    _judge_leftovers(found, places, lake)
    if attempts is not None:
        found.spent += [f"{each.file_name}: attempt {each.attempt}" for each in datasets if each.attempt > attempts]
    return found


def _datasets(catalog: Catalog) -> list[Dataset]:
    return catalog.list_datasets(None, limit=_ALL, include_deleted=True, include_superseded=True).items


def _waiting(places: Places, uploads: Sequence[Upload]) -> Iterator[str]:
    """What still has to happen, cheaply seen."""
    with Catalog.open(places.settings.catalog_url) as catalog:
        datasets = _datasets(catalog)
        decided = [each for each in datasets if each.status in ("ready", "error")]
        unplanned = catalog.unplanned(_ALL, utc_now() + timedelta(days=365))  # those that pause, too
        asked = catalog.open_requests("plan")  # Dagster makes the run a moment later
    yield from (
        f"{each.file_name}: {each.status}" for each in datasets if each.status not in ("ready", "error", "uploading")
    )
    if len(decided) < len(uploads):
        yield f"{len(uploads) - len(decided)} uploads without a verdict"
    yield from (f"{each.file_name}: not planned" for each in unplanned)
    yield from (f"{each.dataset_id}: its plan is asked for" for each in asked)
    with open_instance(places) as instance:
        for run in instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)):
            yield f"run {run.run_id[:8]} of {run.job_name}: {run.status.value}"
    yield from _unpublished(places, decided)


def _unpublished(places: Places, decided: Sequence[Dataset]) -> Iterator[str]:
    wanted = {each.id: each.status for each in decided}
    # A build in progress is no leftover yet.
    if leftovers := _building(places):
        yield f"left beside the warehouse: {leftovers}"
    _, rows = query(places.settings.warehouse, "SELECT id, status FROM datasets WHERE status IN ('ready', 'error')")
    if len(rows) != len(wanted) or dict(rows) != wanted:
        yield f"the warehouse has {len(rows)} datasets of {len(wanted)}"


def _staying(places: Places) -> list[str]:
    """Files of publications that are no longer at work: one may have begun since all was quiet, and takes seconds."""
    deadline_s = time.monotonic() + _PUBLICATION_S
    left = set(_building(places))
    while left and time.monotonic() < deadline_s:
        time.sleep(_POLL_S)
        left &= set(_building(places))  # each has a name of its own
    return sorted(left)


def _building(places: Places) -> list[str]:
    folder = places.settings.warehouse.parent
    return [name for name in os.listdir(folder) if ".building" in name]


def _judge_datasets(found: Judgement, datasets: Sequence[Dataset], uploads: Sequence[Upload], lake: Lake) -> None:
    by_name: dict[tuple[str, str], list[Dataset]] = {}
    for dataset in datasets:
        by_name.setdefault((dataset.user_id, dataset.file_name), []).append(dataset)
    for upload in uploads:
        confirmed = [d for d in by_name.pop((upload.owner, upload.file_name), []) if d.status != "uploading"]
        if not confirmed:
            found.lost.append(f"{upload.file_name} ({upload.way}): no row")
            continue
        if len(confirmed) > 1:
            found.doubled.append(f"{upload.file_name}: {len(confirmed)} datasets")
        [dataset, *_] = confirmed
        if dataset.status not in ("ready", "error"):
            found.lost.append(f"{upload.file_name}: {dataset.status}, attempt {dataset.attempt}: {dataset.failure}")
            continue
        wanted = (upload.status, upload.conversations, upload.turns, upload.findings)
        try:
            rows = _rows(lake, dataset)
        except PipelineError as error:
            found.wrong.append(f"{upload.file_name}: {error}")
            continue
        if upload.findings is None:
            wanted = (*wanted[:3], max(1, rows[2]))
        if (dataset.status, *rows) != wanted or dataset.conversation_count != upload.conversations:
            found.wrong.append(f"{upload.file_name}: expected {wanted}, found {(dataset.status, *rows)}")
    found.doubled += [f"{name}: never uploaded" for (_, name), rows in by_name.items() if rows]


def _rows(lake: Lake, dataset: Dataset) -> tuple[int, ...]:
    rows = []
    for table in _LAKE_TABLES:
        with lake.fetch(table, dataset.id) as path:
            rows.append(pq.ParquetFile(path).metadata.num_rows)
    return tuple(rows)


def _judge_notices(found: Judgement, datasets: Sequence[Dataset], catalog: Catalog) -> None:
    names = {each.id: each.file_name for each in datasets}
    notices = catalog.notifications(None, limit=_ALL)
    verdicts = Counter(each.dataset_id for each in notices if each.kind in _OF_VERDICTS)
    for dataset in datasets:
        if dataset.status in ("ready", "error") and verdicts[dataset.id] == 0:
            found.lost.append(f"{dataset.file_name}: its owner was never told")
    told = Counter((each.dataset_id, each.kind) for each in notices)
    found.doubled += [f"{names[key]}: {kind} was told {n} times" for (key, kind), n in told.items() if n > 1]
    found.doubled += [f"{names[key]}: {n} verdicts were told" for key, n in verdicts.items() if n > 1]
    found.spent += [f"{names[each.dataset_id]}: {each.title}" for each in notices if each.kind == "run_failed"]


def _judge_jobs(found: Judgement, datasets: Sequence[Dataset], catalog: Catalog, lake: Lake) -> None:
    jobs = catalog.list_jobs(None, limit=_ALL).items
    made = Counter(job.dataset_id for job in jobs)
    costs = catalog.costs_of([job.id for job in jobs])
    for dataset in datasets:
        expected = 1 if dataset.status == "ready" else 0
        if made[dataset.id] < expected:
            found.lost.append(f"{dataset.file_name}: ready, without a job")
        if made[dataset.id] > expected:
            found.doubled.append(f"{dataset.file_name}: {dataset.status}, with {made[dataset.id]} jobs")
    for job in jobs:
        if missing := {"job.json", "trl/config.yaml", "trl/train.jsonl"} - set(lake.job_files(job.id)):
            found.wrong.append(f"job {job.id}: without {sorted(missing)}")
        if (count := sum(each.kind == "estimate" for each in costs[job.id])) != 1:
            found.doubled.append(f"job {job.id}: {count} estimates")


def _judge_uploading(found: Judgement, datasets: Sequence[Dataset], places: Places) -> None:
    """What was only announced may wait for its bytes; bytes that are whole may not."""
    waiting = {each.storage_path: each for each in datasets if each.status == "uploading"}
    for stored in make_store(places.settings).list(UPLOADS):
        if stored.key in waiting and stored.size_bytes == waiting[stored.key].file_size:
            found.half.append(f"{stored.key}: whole, and not confirmed")


def _judge_warehouse(found: Judgement, datasets: Sequence[Dataset], places: Places) -> None:
    """What analysts see, against the catalog; the views over a bucket need an extension, the profiles do not."""
    try:
        _, profiles = query(
            places.settings.warehouse, "SELECT dataset_id, conversations, turns, findings FROM dataset_profiles"
        )
        seen = {dataset_id: tuple(counts) for dataset_id, *counts in profiles}
        if len(seen) != len(profiles):
            found.doubled.append(f"the warehouse has {len(profiles)} profiles of {len(seen)} datasets")
        for dataset in datasets:
            if dataset.status in ("ready", "error") and dataset.id not in seen:
                found.lost.append(f"{dataset.file_name}: not in the warehouse")
        if not places.settings.lake.startswith("s3://"):
            _judge_views(found, datasets, seen, places.settings.warehouse)
    except PipelineError as error:
        found.wrong.append(f"the warehouse: {error}")


def _judge_views(
    found: Judgement, datasets: Sequence[Dataset], profiles: dict[str, tuple[int, ...]], warehouse: Path
) -> None:
    for table in _LAKE_TABLES:
        _, rows = query(warehouse, f"SELECT dataset_id, count(*) FROM {table} GROUP BY 1")
        counts = dict(rows)
        for dataset in datasets:
            is_there = dataset.status == "ready" or table == "findings"  # the rows to train on
            wanted = profiles.get(dataset.id, (0, 0, 0))[_LAKE_TABLES.index(table)] if is_there else 0
            if counts.pop(dataset.id, 0) != wanted:
                found.wrong.append(f"{dataset.file_name}: the view {table} has not its {wanted} rows")
        found.doubled += [f"{dataset_id}: rows in {table}, no dataset" for dataset_id in counts]


def _judge_leftovers(found: Judgement, places: Places, lake: Lake) -> None:
    """What the next publication and the daily sweep do not remove, stays for ever."""
    found.half += [f"left beside the warehouse: {name}" for name in _staying(places)]
    lake.sweep(utc_now() + timedelta(days=2))
    for folder in (Path(places.settings.lake) / "_staging", places.settings.data_dir / "staging"):
        if folder.exists():
            found.half += [f"left in {folder.name}: {path.name}" for path in folder.iterdir()]


@contextmanager
def open_instance(places: Places) -> Iterator[dg.DagsterInstance]:
    """Dagster's storage of an installation."""
    home = places.settings.dagster_home
    before = os.environ.get("DAGSTER_HOME")
    os.environ["DAGSTER_HOME"] = str(home)  # `dagster.yaml` reads it
    try:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            yield instance
    finally:
        if before is None:
            del os.environ["DAGSTER_HOME"]
        else:
            os.environ["DAGSTER_HOME"] = before
