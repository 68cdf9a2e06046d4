"""A dataset's whole way: upload, verdict, training config, cost, lineage; and what happens when it changes."""

import json

import pytest

from pipeline.clock import utc_now
from pipeline.state.catalog.job_records import NewCost
from tests.installation import bad_file, local_settings, opened, valid_file


def _validate_again(installation, dataset_id):
    with installation.catalog() as catalog:
        catalog.request_again([dataset_id], utc_now())
    assert [run.success for run in installation.ingest()] == [True]


def _statuses(installation):
    return [job.status for job in installation.jobs()]


@pytest.fixture
def trained(installation):
    """An upload with a job that was paid for."""
    return _train(installation)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory, dagster_home):
    """The same, for those that only look."""
    with opened(local_settings(tmp_path_factory.mktemp("trained") / "data"), dagster_home) as installation:
        yield _train(installation)


def _train(installation):
    installation.drop("talk.jsonl", valid_file(60))
    assert [run.success for run in installation.ingest()] == [True]
    assert [run.success for run in installation.plan()] == [True]
    [job] = installation.jobs()
    with installation.catalog() as catalog:
        catalog.add_cost(job.id, "ana", NewCost(kind="actual", cost_usd=0.5, hours=0.1, source="a bill"), utc_now())
    assert installation.run("publish").success
    return installation


def test_one_query_leads_from_a_cost_to_the_upload(untouched):
    [job], dataset = untouched.jobs(), untouched.dataset("talk")

    rows = untouched.query(
        "SELECT cost_kind, job_id, config_uri, split_fingerprint, dataset_id, content_version, storage_path, "
        "job_run_id, validation_run_id FROM training_lineage ORDER BY cost_kind"
    )

    came_from = (
        job.id,
        job.files_uri,
        job.split_fingerprint,
        dataset.id,
        dataset.content_version,
        "uploads/ana/talk.jsonl",
        job.run_id,
        dataset.run_id,
    )
    assert rows == [("actual", *came_from), ("estimate", *came_from)]
    assert job.run_id != dataset.run_id


def test_one_query_leads_from_the_upload_to_everything_made_of_it(untouched):
    [job] = untouched.jobs()

    rows = untouched.query("SELECT made, name, uri FROM upload_lineage WHERE storage_path = 'uploads/ana/talk.jsonl'")

    assert {made for made, _, _ in rows} == {"table", "training_plan", "training_job", "cost_estimate", "cost_actual"}
    assert ("training_job", job.id, job.files_uri) in rows


def test_the_files_hold_the_rows_of_their_side(untouched):
    [job], dataset = untouched.jobs(), untouched.dataset("talk")
    sides = {row["line"]: row["split"] for row in untouched.lake_rows("splits", dataset.id)}

    rows = {}
    for side, name in (("train", "trl/train.jsonl"), ("validation", "trl/validation.jsonl")):
        with untouched.lake.fetch_job_file(job.id, name) as path:
            rows[side] = [json.loads(line)["messages"][0]["content"] for line in path.read_text().splitlines()]

    # Line n of the upload says "some words n-1" first.
    expected = {"train": [], "validation": []}
    for line, side in sorted(sides.items()):
        expected[side].append(f"some words {line - 1}-0")
    assert rows == expected
    assert len(rows["validation"]) == 3


def test_a_validation_with_the_same_rows_keeps_the_job(trained):
    _validate_again(trained, trained.dataset("talk").id)

    assert [run.success for run in trained.plan()] == [True]

    assert _statuses(trained) == ["configured"]


def test_a_validation_with_another_split_makes_the_old_job_stale_and_a_new_one(trained, make_installation):
    installation = make_installation(near_duplicates=False)  # all rows are for training now
    _validate_again(installation, installation.dataset("talk").id)

    assert [run.success for run in installation.plan()] == [True]

    assert sorted(_statuses(installation)) == ["configured", "stale"]
    [stale] = [job for job in installation.jobs() if job.status == "stale"]
    assert stale.status_reason == "the dataset was validated again and has other rows or another split"
    [_, event] = installation.materializations("training_job_configs", stale.dataset_id)
    assert sorted(record.data["status"] for record in event.metadata["jobs"].records) == ["configured", "stale"]
    assert installation.run("publish").success
    rows = installation.query("SELECT cost_kind, job_status FROM training_lineage ORDER BY ALL")
    assert rows == [("actual", "stale"), ("estimate", "configured"), ("estimate", "stale")]


def test_a_dataset_that_turned_to_error_makes_its_job_stale(trained, make_installation):
    installation = make_installation(max_line_bytes=64)  # no line is short enough now
    _validate_again(installation, installation.dataset("talk").id)

    installation.tick("ready_datasets")

    assert installation.statuses() == {"talk": "error"}
    assert _statuses(installation) == ["stale"]
    assert installation.tick("ready_datasets").runs == []


def test_bytes_that_come_back_bring_their_job_back(trained):
    good = (trained.uploads / "ana" / "talk.jsonl").read_bytes()
    trained.drop("talk.jsonl", bad_file())
    trained.ingest()
    trained.tick("ready_datasets")
    assert _statuses(trained) == ["stale"]

    trained.drop("talk.jsonl", good)
    trained.ingest()
    assert [run.success for run in trained.plan()] == [True]

    assert _statuses(trained) == ["configured"]
