"""Promises of `pipeline.state.catalog.reports`."""

from pipeline.state.catalog.job_records import Artifact, MetricsPoint
from tests.state.catalog.examples import LATER, NOON
from tests.state.catalog.job_examples import ESTIMATE, JOB, ready


def test_what_a_trainer_tells_is_kept_once(catalog):
    ready(catalog)
    catalog.create_job(JOB, ESTIMATE, NOON)
    points = [MetricsPoint("loss", 1, 2.5), MetricsPoint("loss", 2, 1.5), MetricsPoint("eval_loss", 2, 1.75)]
    adapter = Artifact("adapter", "runs/job-1/adapter", 123, "cd34")

    for _ in range(2):
        job = catalog.report_job("job-1", "ann", LATER, "failed", "out of memory", points, [adapter])

    assert (job.status, job.status_reason, job.updated_at) == ("failed", "out of memory", LATER)
    assert catalog.metrics_of("job-1") == [points[2], points[0], points[1]]
    assert catalog.artifacts_of("job-1") == [adapter]


def test_metrics_without_a_status_leave_the_status(catalog):
    ready(catalog)
    catalog.create_job(JOB, ESTIMATE, NOON)
    catalog.report_job("job-1", "ann", NOON, "running")

    job = catalog.report_job("job-1", "ann", LATER, metrics=[MetricsPoint("loss", 1, 2.5)])

    assert job.status == "running"
