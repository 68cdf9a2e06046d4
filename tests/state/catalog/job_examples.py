"""Training jobs and costs for tests, with the fields that a test is not about filled in."""

from dataclasses import replace
from datetime import date, datetime

from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.catalog.job_records import NewCost, NewJob, PlanResult
from tests.state.catalog.examples import NOON, READY, upload

JOB = NewJob(
    job_id="job-1",
    dataset_id="d1",
    name="d1 on Qwen3-8B",
    origin="plan",
    base_model="Qwen3-8B",
    method="lora",
    preset="balanced",
    targets=("trl", "axolotl"),
    gpu="A100-80GB-SXM",
    gpu_count=1,
    content_sha256="ab12",
    split_fingerprint="rows-1",
    validation_run_id="run-1",
    code_version="1",
    run_id="plan-run",
    files_uri="/lake/training_jobs/job_id=job-1",
    job={"job_id": "job-1", "optimisation": {"epochs": 3}},
)
ESTIMATE = NewCost(
    kind="estimate",
    cost_usd=3.5,
    cost_usd_low=2.5,
    cost_usd_high=5.0,
    hours=2.0,
    hours_low=1.5,
    hours_high=3.0,
    peak_memory_gb=40.0,
    peak_memory_gb_low=36.0,
    peak_memory_gb_high=48.0,
    fits="yes",
    price_per_gpu_hour=1.75,
    price_currency="USD",
    price_kind="on-demand",
    provider="somebody",
    price_as_of=date(2026, 2, 1),
    source="their price list",
    basis=("a rule", "a measurement"),
)
ACTUAL = NewCost(kind="actual", cost_usd=4.2, hours=2.4, source="invoice 7")


def ready(
    catalog: Catalog, dataset_id: str = "d1", *, user_id: str = "ann", path: str = "", run: str = "run-1"
) -> Dataset:
    """A dataset with a verdict; the call again with another run is a re-validation."""
    catalog.register_uploads([upload(dataset_id, user_id=user_id, path=path)], NOON)
    verdict = replace(READY, dataset_id=dataset_id, content_version=f"bytes-of-{dataset_id}", run_id=run)
    catalog.record_verdict(verdict, NOON)
    return catalog.get(dataset_id)


def planned(catalog: Catalog, dataset: Dataset, rows: str = "rows-1", now: datetime = NOON) -> list[str]:
    """Record the plan of a dataset as a run does; returns the ids of the jobs that it made stale."""
    stale = catalog.record_split(dataset, rows, now)
    catalog.record_plan(dataset, PlanResult(1, "1 training job", (), "plan-run"), now)
    return [job.id for job in stale]
