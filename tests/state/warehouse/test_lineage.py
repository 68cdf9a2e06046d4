"""Promises of `pipeline.state.warehouse.lineage`: one query from a cost to the upload, and one from an upload down."""

from dataclasses import replace

import pytest

from pipeline.state.catalog.job_records import Artifact, MetricsPoint
from tests.state.catalog.job_examples import ACTUAL, ESTIMATE, JOB, planned
from tests.state.lake.examples import NOON


@pytest.fixture
def trained(installation):
    """A dataset with one job that was trained and paid for, and one that was only made."""
    installation.add("d1", run_id="run-7")
    catalog = installation.catalog
    sha256 = catalog.get("d1").content_sha256
    job = replace(JOB, content_sha256=sha256, validation_run_id="run-7")
    catalog.create_job(job, ESTIMATE, NOON)
    catalog.create_job(replace(job, job_id="job-2", gpu="H100-SXM"), replace(ESTIMATE, cost_usd=2.0), NOON)
    planned(catalog, catalog.get("d1"))
    points, adapter = [MetricsPoint("loss", 1, 2.5), MetricsPoint("loss", 2, 1.5)], Artifact("adapter", "out/adapter")
    catalog.report_job("job-1", "ann", NOON, "succeeded", None, points, [adapter])
    catalog.add_cost("job-1", "ann", ACTUAL, NOON)
    installation.build()
    return installation


def test_one_query_leads_from_a_cost_to_config_split_dataset_upload_runs_and_code(trained):
    [row] = trained.ask(
        "SELECT cost_usd, config_uri, split_fingerprint, split_uri, dataset_id, content_version, content_sha256, "
        "storage_path, job_run_id, job_code_version, validation_run_id, validation_code_version "
        "FROM training_lineage WHERE cost_kind = 'actual'"
    )

    assert row == (
        4.2,
        JOB.files_uri,
        "rows-1",
        trained.lake.uri("splits", "d1"),
        "d1",
        "bytes-of-d1",
        trained.catalog.get("d1").content_sha256,
        "uploads/ann/d1.jsonl",
        "plan-run",
        "1",
        "run-7",
        "1",
    )


def test_an_estimate_and_an_actual_of_a_job_stand_side_by_side(trained):
    rows = trained.ask("SELECT job_id, cost_kind, cost_usd FROM training_lineage ORDER BY ALL")

    assert rows == [("job-1", "actual", 4.2), ("job-1", "estimate", 3.5), ("job-2", "estimate", 2.0)]


def test_one_query_leads_from_an_upload_to_everything_made_of_it(trained):
    rows = trained.ask(
        "SELECT made, name, run_id FROM upload_lineage WHERE storage_path = 'uploads/ann/d1.jsonl' ORDER BY ALL"
    )

    tables = ("conversations", "findings", "profiles", "splits", "target_acceptance", "turns")
    assert [row for row in rows if row[0] != "cost_estimate"] == [
        ("cost_actual", rows[0][1], "plan-run"),
        ("metric", "loss", None),
        ("model_artifact", "adapter", None),
        *(("table", table, "run-7") for table in tables),
        ("training_attempt", "job-1.1", None),
        ("training_job", "job-1", "plan-run"),
        ("training_job", "job-2", "plan-run"),
        ("training_plan", "rows-1", "plan-run"),
    ]
    assert [row[1].split(".")[0] for row in rows if row[0] == "cost_estimate"] == ["job-1", "job-2"]


def test_a_cost_still_leads_to_its_verdict_after_another_validation(trained):
    trained.validate("d1", run_id="run-8")
    trained.build()

    rows = trained.ask("SELECT DISTINCT validation_run_id, validation_code_version FROM training_lineage")

    assert rows == [("run-7", None)]
