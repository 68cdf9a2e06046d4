"""The sensors of trainings: they ask for short runs at both ends, and for none in between; what those show."""

import sys
import time
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.base import PartitionKeyFilter

from pipeline.clock import utc_now
from pipeline.flow.training_checks import TRAINING_RUN_CHECKS
from pipeline.flow.trainings import Wish, ask
from pipeline.state.catalog.catalog import Catalog
from tests.installation import valid_file
from tests.launchers.stub import write_stub

SENSORS = {"training_attempts": "start_trainings", "ended_trainings": "close_trainings"}
ASSETS = ("trained_adapters", "model_evaluations", "actual_costs")


@pytest.fixture
def trained(make_installation, monkeypatch):
    """An installation with a job whose trainer is a stub; a run that is wanted again is asked for in a second."""
    monkeypatch.setattr("sensors.training_attempts._RETRY_S", 1)  # instead of a minute
    installation = make_installation(trainer_python=Path(sys.executable))
    installation.drop("talk.jsonl", valid_file(12))
    installation.ingest()
    installation.plan()
    [job] = installation.jobs()
    write_stub(Path(installation.lake.job_uri(job.id)) / "trl", steps=8)
    return installation


def _ask(installation, **wish):
    [job] = installation.jobs()
    with installation.catalog() as catalog:
        return ask(catalog, installation.settings, job.user_id, Wish(job.id, **wish), utc_now())


def _go_on(installation):
    """Ticks and the runs that they ask for, until nothing is left; the names of the jobs of those runs."""
    names = []
    deadline = time.monotonic() + 60
    while True:
        for sensor, name in SENSORS.items():
            for tags in installation.tick(sensor).runs:
                assert installation.run(name, tags).success
                names.append(name)
        with installation.catalog() as catalog:
            if not (catalog.attempts_to_watch() or catalog.unclosed_attempts(1)):
                return names
        if time.monotonic() > deadline:
            pytest.fail("the trainings do not end")
        time.sleep(0.05)


def _checks(installation, job_id):
    return passed(installation, TRAINING_RUN_CHECKS, job_id)


def passed(installation, checks, partition):
    """Whether each check passed when it was last evaluated."""
    found = {}
    for check in checks:
        key = dg.AssetCheckKey(dg.AssetKey(check.asset), check.name)
        history = installation.instance.event_log_storage.get_asset_check_execution_history(
            key, limit=1, partition_filter=PartitionKeyFilter(key=partition)
        )
        found[check.name] = history[0].event.dagster_event.asset_check_evaluation_data.passed
    return found


def test_a_training_is_two_short_runs_and_three_assets(trained):
    attempt = _ask(trained)

    assert _go_on(trained) == ["start_trainings", "close_trainings"]

    [job] = trained.jobs()
    assert job.status == "succeeded"
    [model], [quality], [cost] = (trained.materializations(asset, job.id) for asset in ASSETS)
    assert model.metadata["attempt"].value == attempt.id
    assert "data:image/svg+xml" in model.metadata["losses"].value
    assert (quality.metadata["eval_loss_before"].value, quality.metadata["eval_loss_after"].value) == (2.0, 1.0)
    assert cost.metadata["cost_usd"].value == 0.0
    assert _checks(trained, job.id) == {
        "training_succeeded": True,
        "better_than_base": True,
        "within_estimate": True,
    }
    assert [trained.evaluate(sensor).skip_message for sensor in SENSORS] == [
        "0 trainings watched, none to start",
        "no training has ended",
    ]
    assert trained.run("publish").success
    [row] = trained.query("SELECT attempt_id, model_id, dataset_id FROM training_lineage WHERE cost_kind = 'actual'")
    assert row == (attempt.id, attempt.id, job.dataset_id)


def test_one_that_failed_is_an_observation_and_a_check_and_can_be_tried_again(trained):
    [job] = trained.jobs()
    write_stub(Path(trained.lake.job_uri(job.id)) / "trl", steps=3, end="CUDA out of memory")
    _ask(trained)
    _go_on(trained)

    assert trained.materializations("trained_adapters", job.id) == []
    assert _checks(trained, job.id)["training_succeeded"] is False
    write_stub(Path(trained.lake.job_uri(job.id)) / "trl", steps=3)
    assert _ask(trained).number == 2
    _go_on(trained)
    assert [each.status for each in trained.jobs()] == ["succeeded"]
    assert _checks(trained, job.id)["training_succeeded"] is True


def test_a_run_that_died_before_the_end_is_asked_for_again(trained, monkeypatch):
    _ask(trained)

    def die(*_):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(Catalog, "note_closed", die)
        with pytest.raises(AssertionError):
            _go_on(trained)

    assert _go_on(trained) == ["close_trainings"]
    assert [each.status for each in trained.jobs()] == ["succeeded"]
