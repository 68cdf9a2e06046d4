"""Makes jobs: reads a dataset back from the lake, writes the job's files, and has the catalog remember it.

Files come first, the catalog's row last: a job that is in the catalog has its files. Doing it again gives the same
job, the same files and the same estimate.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from pipeline.dataset.convert.converting import in_scratch
from pipeline.dataset.tokens import Tokenizer
from pipeline.errors import DatasetNotReady, LakeError
from pipeline.flow.marks import insist_on_lake
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.catalog.job_records import Job, NewJob
from pipeline.state.catalog.statuses import JobOrigin
from pipeline.state.lake import Lake
from pipeline.trainers.dataset_rows import DatasetRows, dataset_rows
from pipeline.training.considering import Considered
from pipeline.training.jobs.dataset_facts import DatasetFacts
from pipeline.training.jobs.job_identity import of_rows
from pipeline.training.jobs.rendering import render_job
from pipeline.training.splitting import SplitFacts, read_split, split_of

CODE_VERSION = "6"  # raised when the same dataset and set-up would give another job or other files


@dataclass(frozen=True, slots=True)
class Prepared:
    """A ready dataset as jobs are made of it: one verdict, one split."""

    dataset: Dataset
    facts: DatasetFacts
    split: SplitFacts
    rows: DatasetRows | None = None
    """Those that are lent; without, each job fetches them."""


def prepare(lake: Lake, dataset: Dataset) -> Prepared:
    """Read what is known of a dataset.

    Raises:
        DatasetNotReady: it is not.
        LakeError: its rows are not there, or are those of another verdict.
    """
    return Prepared(dataset, _facts(lake, dataset), read_split(lake, dataset.id))


@contextmanager
def prepared_with_rows(lake: Lake, dataset: Dataset) -> Iterator[Prepared]:
    """The same, and its rows for as long as several jobs are made of them: from a bucket they are fetched once.

    Raises:
        DatasetNotReady, LakeError: see `prepare`.
    """
    facts = _facts(lake, dataset)
    with dataset_rows(lake, dataset.id) as rows:
        yield Prepared(dataset, facts, split_of(rows, dataset.id), rows)


def _facts(lake: Lake, dataset: Dataset) -> DatasetFacts:
    if dataset.status != "ready" or dataset.superseded_by or dataset.deleted_at:
        state = "deleted" if dataset.deleted_at else "superseded" if dataset.superseded_by else dataset.status
        raise DatasetNotReady(
            f"expected a ready dataset, found {dataset.name!r} (id {dataset.id}) {state}; "
            f"see lora-pipeline datasets show {dataset.id}"
        )
    [row] = lake.read_profiles([dataset.id]).to_pylist()
    if row["format_why"] is None:  # as old as the first version, which wrote no split
        raise DatasetNotReady(
            f"expected rows with a split, found {dataset.name!r} (id {dataset.id}) validated by an earlier version; "
            f"the daily reconcile validates it again"
        )
    if row["run_id"] != dataset.run_id:
        raise LakeError(f"expected the rows of the verdict on {dataset.id}, found newer ones: wait for their verdict")
    return DatasetFacts.of_profile(row, dataset.name)


@dataclass(frozen=True, slots=True)
class JobMaker:
    """What making needs besides the job."""

    catalog: Catalog
    lake: Lake
    tokenizer: Tokenizer
    run_id: str | None
    """None outside of runs."""

    def make(self, prepared: Prepared, considered: Considered, origin: JobOrigin, now: datetime) -> Job:
        """Write the files of a job and remember it; returns it as it is remembered.

        Raises:
            UsageError: no row is left to train on.
            LakeError: the lake is not the one that is meant, or cannot be read or written.
            CatalogError: the catalog cannot be written; the files are found by the next try.
        """
        dataset, job = prepared.dataset, of_rows(considered.job, prepared.split.fingerprint)
        insist_on_lake(self.lake, self.catalog)
        lent = nullcontext(prepared.rows) if prepared.rows else dataset_rows(self.lake, dataset.id)
        with self.lake.staging() as folder, lent as rows:
            render_job(job, rows, folder / "job", self.tokenizer, in_scratch)
            files_uri = self.lake.publish_job(job.job_id, folder / "job")
        new = NewJob(
            job_id=job.job_id,
            dataset_id=dataset.id,
            name=job.name,
            origin=origin,
            base_model=job.base_model,
            method=job.method,
            preset=job.preset,
            targets=job.targets,
            gpu=job.hardware.gpu,
            gpu_count=job.hardware.gpu_count,
            content_sha256=job.data.content_sha256,
            split_fingerprint=prepared.split.fingerprint,
            validation_run_id=dataset.run_id or "",
            code_version=CODE_VERSION,
            run_id=self.run_id,
            files_uri=files_uri,
            job=job.model_dump(mode="json"),
        )
        return self.catalog.create_job(new, considered.cost(), now)
