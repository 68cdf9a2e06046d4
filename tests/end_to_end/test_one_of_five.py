"""Whatever goes wrong in one dataset of five, at whichever step, four are done and the fifth says why."""

import dagster as dg
import pytest

from pipeline.errors import LakeError
from tests.installation import valid_file

NAMES = ("a", "b", "c", "d", "e")
VICTIM = "c"
# Where a run can fail for a dataset: what is called, and how the call names its dataset.
VALIDATION_STEPS = {
    "get": ("pipeline.state.catalog.catalog.Catalog.get", lambda _self, dataset_id, *_: dataset_id),
    "open": ("pipeline.state.store.local_store.LocalStore.open", lambda _self, key, **_: key),
    "profile": ("pipeline.flow.validation.Validator._profile", lambda _self, dataset, *_: dataset.id),
    "publish": ("pipeline.state.lake.local_lake.LocalLake.publish", lambda _self, dataset_id, *_: dataset_id),
    "card": ("assets.validated.write_dataset_card", lambda outcome, *_: outcome.dataset.id),
    "materialize": ("assets.validated.materializations", lambda outcome, *_: outcome.dataset.id),
    "judge": ("assets.validated.newest_materialization", lambda _instance, _asset, dataset_id: dataset_id),
    "evaluate": ("assets.validated.evaluations", lambda outcome, *_: outcome.dataset.id),
    "verdict": ("pipeline.state.catalog.catalog.Catalog.record_verdict", lambda _self, verdict, *_: verdict.dataset_id),
}
PLANNING_STEPS = {
    "prepare": ("pipeline.flow.training_plans.prepare", lambda _lake, dataset: dataset.id),
    "split": ("pipeline.state.catalog.catalog.Catalog.record_split", lambda _self, dataset, *_: dataset.id),
    "consider": ("pipeline.flow.training_plans.consider", lambda facts, *_: facts.id),
    "make": ("pipeline.flow.job_making.JobMaker.make", lambda _self, prepared, *_: prepared.dataset.id),
    "materialize": ("assets.planned_trainings.materializations", lambda planned, *_: planned.prepared.dataset.id),
    "evaluate": ("assets.planned_trainings.evaluations", lambda planned, *_: planned.prepared.dataset.id),
    "plan": ("pipeline.state.catalog.catalog.Catalog.record_plan", lambda _self, dataset, *_: dataset.id),
}
FAULTS = {
    "ours": ZeroDivisionError("quotes the upload"),
    "memory": MemoryError(),
    "service": LakeError("the disk refuses"),
    "deep": RecursionError("quotes the upload"),
}


def _cases(steps, step):
    """Each step with a fault of ours, and one step with every other fault."""
    return [*((each, "ours") for each in steps), *((step, fault) for fault in FAULTS if fault != "ours")]


def _break(monkeypatch, step, fault):
    """Let a step fail for the victim, each time, as `fault`."""
    target, subject = step
    module, _, name = target.rpartition(".")
    try:
        owner = __import__(module, fromlist=[name])
    except ModuleNotFoundError:
        holder, _, cls = module.rpartition(".")
        owner = getattr(__import__(holder, fromlist=[cls]), cls)
    really = getattr(owner, name)

    def fail(*args, **kwargs):
        if f"{VICTIM}-" in str(subject(*args, **kwargs)) or f"/{VICTIM}.jsonl" in str(subject(*args, **kwargs)):
            raise fault
        return really(*args, **kwargs)

    monkeypatch.setattr(owner, name, fail)


def _observed(installation, asset, dataset_id):
    wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[dataset_id])
    records = installation.instance.fetch_observations(wanted, limit=1).records
    return records[0].asset_observation.metadata if records else {}


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr("pipeline.flow.batch_work._SECOND_TRY_S", 0)


@pytest.fixture
def five(installation):
    for name in NAMES:
        installation.drop(f"{name}.jsonl", valid_file(12, seed=ord(name)))
    return installation


@pytest.mark.parametrize(("step", "fault"), _cases(VALIDATION_STEPS, "publish"))
def test_validation_goes_on(five, monkeypatch, step, fault):
    [tags] = five.tick().runs
    with monkeypatch.context() as broken:
        _break(broken, VALIDATION_STEPS[step], FAULTS[fault])
        assert not five.run("ingest", tags).success

    victim = five.dataset(VICTIM)
    assert five.statuses() == dict.fromkeys(NAMES, "ready") | {VICTIM: "validating"}
    assert (victim.attempt, victim.retry_at is not None) == (1, True)
    assert {each.attempt for each in five.datasets() if each.name != VICTIM} == {0}
    assert _observed(five, "dataset_profiles", victim.id)["failure"].value == victim.failure
    _says_why(victim.failure, fault)
    [told] = five.failures()
    assert victim.failure in told
    with five.catalog() as catalog:
        catalog.retry_now("validation")
    assert [run.success for run in five.ingest()] == [True]
    assert five.statuses() == dict.fromkeys(NAMES, "ready")
    assert [kind for kind, _ in five.notices()].count("dataset_ready") == len(NAMES)


@pytest.mark.parametrize(("step", "fault"), _cases(PLANNING_STEPS, "make"))
def test_planning_goes_on(five, monkeypatch, step, fault):
    five.ingest()
    [tags] = five.tick("ready_datasets").runs
    with monkeypatch.context() as broken:
        _break(broken, PLANNING_STEPS[step], FAULTS[fault])
        assert not five.run("plan_training", tags).success

    victim = five.dataset(VICTIM)
    with five.catalog() as catalog:
        plans = {each.name: catalog.plan_of(each.id) for each in five.datasets()}
    assert {name: plan.status for name, plan in plans.items()} == dict.fromkeys(NAMES, "planned") | {
        VICTIM: "requested"
    }
    assert (plans[VICTIM].attempt, plans[VICTIM].retry_at is not None) == (1, True)
    assert _observed(five, "training_job_configs", victim.id)["failure"].value == plans[VICTIM].message
    _says_why(plans[VICTIM].message, fault)
    with five.catalog() as catalog:
        catalog.retry_now("plan")
    assert [run.success for run in five.plan()] == [True]
    assert len({job.dataset_id for job in five.jobs()}) == len(NAMES)


def _says_why(failure, fault):
    words = {
        "ours": "a fault of this program, not of the file: ZeroDivisionError in ",
        "memory": "there was not enough memory for it (MemoryError in ",
        "service": "the disk refuses",
        "deep": "a fault of this program, not of the file: RecursionError in ",
    }
    assert failure.startswith(words[fault])
    assert "quotes the upload" not in failure
