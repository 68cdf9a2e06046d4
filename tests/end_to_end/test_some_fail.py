"""Whatever goes wrong in datasets of a run, at whichever step, the others are done and each that failed says why."""

import dagster as dg
import pytest

from pipeline.errors import LakeError
from tests.installation import valid_file

# Where a run can fail for a dataset: what is called, and how the call names its dataset.
VALIDATION_STEPS = {
    "get": ("pipeline.state.catalog.catalog.Catalog.get", lambda _self, dataset_id, *_: dataset_id),
    "open": ("pipeline.state.store.local_store.LocalStore.open", lambda _self, key, **_: key),
    "profile": ("pipeline.flow.validation.Validator._profile", lambda _self, dataset, *_: dataset.id),
    "publish": ("pipeline.state.lake.local_lake.LocalLake.publish", lambda _self, dataset_id, *_: dataset_id),
    "card": ("assets.validated.write_dataset_card", lambda outcome, *_: outcome.dataset.id),
    "materialize": ("assets.validated.materializations", lambda outcome, *_: outcome.dataset.id),
    "judge": ("assets.validated.newest_materialization", lambda _instance, _asset, dataset_id, *_: dataset_id),
    "evaluate": ("assets.validated.evaluations", lambda outcome, *_: outcome.dataset.id),
    "verdict": ("pipeline.state.catalog.catalog.Catalog.record_verdict", lambda _self, verdict, *_: verdict.dataset_id),
}
PLANNING_STEPS = {
    "prepare": ("pipeline.flow.training_plans.prepared_with_rows", lambda _lake, dataset: dataset.id),
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
    """Datasets that fail, by name: each step with a fault of ours, and one step with every other fault."""
    cases = [*((each, "ours") for each in steps), *((step, fault) for fault in FAULTS if fault != "ours")]
    return {f"{step}-{fault}": (step, fault) for step, fault in cases}


VALIDATIONS, PLANNINGS = _cases(VALIDATION_STEPS, "publish"), _cases(PLANNING_STEPS, "make")
GOOD = ("a", "good", "m", "n", "z")  # before, between and after them


def _break(monkeypatch, step, faults):
    """Let a step fail for some datasets, each time. faults: by the dataset's name."""
    target, subject = step
    module, _, name = target.rpartition(".")
    try:
        owner = __import__(module, fromlist=[name])
    except ModuleNotFoundError:
        holder, _, cls = module.rpartition(".")
        owner = getattr(__import__(holder, fromlist=[cls]), cls)
    really = getattr(owner, name)

    def maybe_fail(*args, **kwargs):
        about = str(subject(*args, **kwargs))
        for victim, fault in faults.items():
            if f"{victim}-" in about or f"/{victim}.jsonl" in about:
                raise FAULTS[fault]
        return really(*args, **kwargs)

    monkeypatch.setattr(owner, name, maybe_fail)


def _break_all(monkeypatch, steps, cases):
    for step, place in steps.items():
        _break(monkeypatch, place, {victim: fault for victim, (failing, fault) in cases.items() if failing == step})


def _observed(installation, asset, dataset_id):
    wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[dataset_id])
    records = installation.instance.fetch_observations(wanted, limit=1).records
    return records[0].asset_observation.metadata if records else {}


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr("pipeline.flow.batch_work._SECOND_TRY_S", 0)


def _drop(installation, names):
    for number, name in enumerate(names):
        installation.drop(f"{name}.jsonl", valid_file(12, seed=number))


def test_validation_goes_on(installation, monkeypatch):
    _drop(installation, names := [*GOOD, *VALIDATIONS])
    [tags] = installation.tick().runs
    with monkeypatch.context() as broken:
        _break_all(broken, VALIDATION_STEPS, VALIDATIONS)
        assert not installation.run("ingest", tags).success

    assert installation.statuses() == dict.fromkeys(names, "ready") | dict.fromkeys(VALIDATIONS, "validating")
    assert {each.attempt for each in installation.datasets() if each.name in GOOD} == {0}
    [told] = installation.failures()
    for name, (_, fault) in VALIDATIONS.items():
        victim = installation.dataset(name)
        assert (name, victim.attempt, victim.retry_at is not None) == (name, 1, True)
        assert _observed(installation, "dataset_profiles", victim.id)["failure"].value == victim.failure
        _says_why(victim.failure, fault)
        assert victim.failure in told
    with installation.catalog() as catalog:
        catalog.retry_now("validation")
    _try_again(installation.ingest)
    assert installation.statuses() == dict.fromkeys(names, "ready")
    assert [kind for kind, _ in installation.notices()].count("dataset_ready") == len(names)


def test_planning_goes_on(installation, monkeypatch):
    _drop(installation, names := [*GOOD, *PLANNINGS])
    installation.ingest()
    [tags] = installation.tick("ready_datasets").runs
    with monkeypatch.context() as broken:
        _break_all(broken, PLANNING_STEPS, PLANNINGS)
        assert not installation.run("plan_training", tags).success

    with installation.catalog() as catalog:
        plans = {each.name: catalog.plan_of(each.id) for each in installation.datasets()}
    assert {name: plan.status for name, plan in plans.items()} == dict.fromkeys(names, "planned") | dict.fromkeys(
        PLANNINGS, "requested"
    )
    for name, (_, fault) in PLANNINGS.items():
        plan = plans[name]
        assert (name, plan.attempt, plan.retry_at is not None) == (name, 1, True)
        observed = _observed(installation, "training_job_configs", installation.dataset(name).id)
        assert observed["failure"].value == plan.message
        _says_why(plan.message, fault)
    with installation.catalog() as catalog:
        catalog.retry_now("plan")
    _try_again(installation.plan)
    assert len({job.dataset_id for job in installation.jobs()}) == len(names)


def _try_again(work):
    """Run by run: one takes a range of datasets, and those that failed are no neighbours."""
    while runs := work():
        assert {run.success for run in runs} == {True}


def _says_why(failure, fault):
    words = {
        "ours": "a fault of this program, not of the file: ZeroDivisionError in ",
        "memory": "there was not enough memory for it (MemoryError in ",
        "service": "the disk refuses",
        "deep": "a fault of this program, not of the file: RecursionError in ",
    }
    assert failure.startswith(words[fault])
    assert "quotes the upload" not in failure
