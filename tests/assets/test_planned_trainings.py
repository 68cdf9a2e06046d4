"""The run that plans training: what it leaves of each dataset, and that it can be done again."""

import pyarrow.parquet as pq

from assets.training_specs import CONFIGS, COSTS, SPLITS
from pipeline.clock import utc_now
from pipeline.errors import LakeError
from tests.installation import valid_file

ASSETS = (SPLITS, CONFIGS, COSTS)
TOO_LARGE = "Llama-3.1-405B balanced T4 trl"


def _ready(installation, name="talk", content=None):
    installation.drop(f"{name}.jsonl", content or valid_file(12))
    installation.ingest()
    return installation.dataset(name)


def _keys(installation, asset):
    return [event.partition for event in installation.materializations(asset)]


def test_a_ready_dataset_has_its_split_its_jobs_and_their_costs(planned, ready_id):
    assert {asset: _keys(planned, asset) for asset in ASSETS} == {asset: [ready_id] for asset in ASSETS}
    [job] = planned.jobs()
    assert (job.dataset_id, job.status, job.origin) == (ready_id, "configured", "plan")


def test_a_rejected_dataset_has_no_cell(planned, rejected_id):
    """It is not even a partition of these assets."""
    assert rejected_id in planned.partitions
    assert rejected_id not in planned.instance.get_dynamic_partitions("ready_datasets")


def test_a_dataset_that_no_job_fits_says_so_and_fails_nothing(make_installation):
    installation = make_installation(training_plans=TOO_LARGE)
    dataset = _ready(installation)

    assert [run.success for run in installation.plan()] == [True]

    [event] = installation.materializations(CONFIGS, dataset.id)
    assert event.description.startswith("No training job can be made: Llama-3.1-405B does not fit: needs ")
    assert _keys(installation, COSTS) == []
    assert installation.jobs() == []
    with installation.catalog() as catalog:
        assert catalog.plan_of(dataset.id).status == "planned"


def test_a_dataset_that_the_trainer_refuses_says_which_findings_stand_in_the_way(make_installation):
    installation = make_installation(training_plans="Qwen3-8B balanced L4 openai")
    dataset = _ready(installation, content=valid_file(5))

    assert [run.success for run in installation.plan()] == [True]

    [event] = installation.materializations(CONFIGS, dataset.id)
    [row] = event.metadata["not_possible"].records
    assert row.data["kind"] == "target-refuses"
    assert "too-few-conversations" in row.data["reason"]


def test_an_empty_plan_shows_the_split_and_makes_nothing(make_installation):
    installation = make_installation(training_plans="")
    dataset = _ready(installation)

    installation.plan()

    assert (_keys(installation, SPLITS), installation.jobs()) == ([dataset.id], [])
    assert installation.tick("ready_datasets").result.skip_message == "no ready dataset without a plan"


def test_planning_again_by_hand_makes_the_same_jobs(installation):
    dataset = _ready(installation)
    installation.plan()
    before = installation.jobs()

    run = installation.run("plan_training", {"dagster/partition": dataset.id})

    assert run.success
    assert installation.jobs() == before
    assert len(_keys(installation, CONFIGS)) == 2
    versions = {event.tags["dagster/data_version"] for event in installation.materializations(CONFIGS)}
    assert len(versions) == 1


def test_one_lake_that_fails_for_a_dataset_leaves_the_others_and_fails_the_run(installation, monkeypatch):
    """The other datasets of the run have their jobs; the sensor asks for the rest again."""
    from pipeline.flow.training_plans import Planner

    for name in ("a", "b"):
        installation.drop(f"{name}.jsonl", valid_file(12, seed=ord(name)))
    installation.ingest()
    bad = installation.dataset("a").id
    really = Planner.plan

    def plan(self, dataset, now):
        if dataset.id == bad:
            raise LakeError("the disk is full")
        return really(self, dataset, now)

    monkeypatch.setattr(Planner, "plan", plan)
    assert [run.success for run in installation.plan()] == [False]
    monkeypatch.undo()

    assert [job.dataset_id for job in installation.jobs()] == [installation.dataset("b").id]
    assert f"{bad}: the disk is full" in installation.failures("plan_training")[0]
    assert installation.plan() == []
    with installation.catalog() as catalog:
        plan = catalog.plan_of(bad)
        catalog.retry_now("plan")  # as if the pause were over
    assert (plan.status, plan.attempt, plan.message) == ("requested", 1, "the disk is full")
    assert [run.success for run in installation.plan()] == [True]
    assert sorted(job.dataset_id for job in installation.jobs()) == sorted(each.id for each in installation.datasets())


def test_a_lake_that_fails_three_times_in_a_row_is_not_asked_for_the_rest(installation, monkeypatch):
    """It is the lake then, and each try may take as long as its time limit."""
    for number in range(5):
        installation.drop(f"talk-{number}.jsonl", valid_file(12, seed=number))
    installation.ingest()

    def plan(_planner, _dataset, _now):
        raise LakeError("the disk is full")

    monkeypatch.setattr("pipeline.flow.training_plans.Planner.plan", plan)
    assert [run.success for run in installation.plan()] == [False]

    assert "3 datasets in a row failed for services" in installation.failures("plan_training")[0]


def test_a_dataset_that_stopped_being_ready_meanwhile_is_passed_over(installation):
    dataset = _ready(installation)
    [tags] = installation.tick("ready_datasets").runs
    with installation.catalog() as catalog:
        catalog.request_again([dataset.id], utc_now())

    assert installation.run("plan_training", tags).success

    assert (installation.jobs(), _keys(installation, SPLITS)) == ([], [])


def test_a_dataset_of_the_first_version_waits_for_its_next_validation(installation):
    """Its lake has no split. After an upgrade there may be thousands: no run fails, nobody is alarmed."""
    dataset = _ready(installation)
    profile = installation.lake.uri("profiles", dataset.id)
    pq.write_table(pq.ParquetFile(profile).read().drop_columns(["format_why"]), profile)

    assert [run.success for run in installation.plan()] == [True]

    with installation.catalog() as catalog:
        plan = catalog.plan_of(dataset.id)
        catalog.request_again([dataset.id], utc_now())
    assert (plan.status, plan.job_count) == ("planned", 0)
    assert plan.message.endswith("validated by an earlier version; the daily reconcile validates it again.")
    installation.ingest()
    installation.plan()
    assert [job.dataset_id for job in installation.jobs()] == [dataset.id]


def test_what_each_asset_was_made_from_is_in_its_tags(planned, ready_id):
    """So the UI sees what is out of date."""
    events = {asset: planned.materializations(asset, ready_id)[-1] for asset in ASSETS}
    versions = {asset: event.tags["dagster/data_version"] for asset, event in events.items()}

    assert versions[SPLITS] == events[SPLITS].metadata["fingerprint"].value
    assert events[CONFIGS].tags[f"dagster/input_data_version/{SPLITS}"] == versions[SPLITS]
    assert events[COSTS].tags[f"dagster/input_data_version/{CONFIGS}"] == versions[CONFIGS]
