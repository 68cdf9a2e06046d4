"""Promises of `pipeline.flow.training_plans`: bad data is a value, stale jobs are told, one plan a verdict."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.errors import SettingsError
from pipeline.flow.training_plans import checked_plans, goes_before_validation, is_plannable, plan_runs
from pipeline.settings import load_settings
from tests.state.catalog.examples import LATER, NOON
from tests.training.examples import TODAY
from tests.training.installed import OTHER_TALK, SETUP

TOO_LARGE = replace(SETUP, model="Llama-3.1-405B", gpu="T4")


def test_a_plan_makes_its_jobs_and_says_so(installation):
    planned = installation.planner(SETUP, replace(SETUP, preset="aggressive")).plan(installation.ready(), NOON)

    assert sorted(job.preset for job in planned.planned_jobs) == ["aggressive", "balanced"]
    assert planned.not_possible == ()
    assert planned.summary().startswith("2 training jobs, from 0.07")


def test_a_job_that_does_not_fit_leaves_the_others(installation):
    planned = installation.planner(TOO_LARGE, SETUP).plan(installation.ready(), NOON)

    assert [each.kind for each in planned.not_possible] == ["does-not-fit"]
    assert planned.summary().endswith("USD; 1 not possible.")


def test_a_dataset_of_which_no_job_can_be_made_says_why(installation):
    planned = installation.planner(TOO_LARGE).plan(installation.ready(), NOON)

    result = planned.result("run-9")
    assert result.job_count == 0
    assert result.message.startswith("No training job can be made: Llama-3.1-405B does not fit: needs ")
    assert result.not_possible[0]["setup"] == "Llama-3.1-405B, balanced, T4, trl"


def test_without_plans_nothing_is_made_and_that_is_said(installation):
    planned = replace(installation.planner(), setups=()).plan(installation.ready(), NOON)

    assert planned.summary() == "No training job is planned: LORA_TRAINING_PLANS is empty."


def test_other_rows_make_the_old_jobs_stale_and_new_ones(installation):
    first = installation.planner().plan(installation.ready(), NOON)
    second = installation.planner().plan(installation.ready(OTHER_TALK, "run-2"), LATER)

    assert [(job.id, job.status) for job in second.jobs] == [
        (second.made[0], "configured"),
        (first.made[0], "stale"),
    ]


def test_rows_that_come_back_make_the_old_jobs_current_again(installation):
    first = installation.planner().plan(installation.ready(), NOON)
    installation.planner().plan(installation.ready(OTHER_TALK, "run-2"), LATER)

    third = installation.planner().plan(installation.ready(run_id="run-3"), LATER)

    assert third.made == first.made
    assert [job.status for job in third.planned_jobs] == ["configured"]


def test_an_unknown_name_in_the_setting_is_said_with_the_nearest(tmp_path):
    settings = load_settings(data_dir=tmp_path, training_plans="Qwen-3-8B balanced L4 trl")

    with pytest.raises(
        SettingsError, match="LORA_TRAINING_PLANS: no model 'Qwen-3-8B' is known; the nearest: Qwen3-8B"
    ):
        checked_plans(settings, TODAY)


def test_only_ready_current_datasets_are_plannable(installation):
    dataset = installation.ready()

    assert is_plannable(dataset)
    for change in ({"status": "error"}, {"superseded_by": "d2"}, {"deleted_at": NOON}):
        assert not is_plannable(replace(dataset, **change))


def test_runs_asked_for_at_other_moments_have_keys_of_their_own(installation, tmp_path):
    settings = load_settings(data_dir=tmp_path)
    dataset = installation.ready()

    def key(moment):
        [run] = plan_runs([dataset], {"d1": (0, 0)}, ["d1"], settings, moment)
        return run.run_key

    assert key(NOON) != key(LATER)
    assert key(NOON) == key(NOON)


def test_validation_goes_first_for_twenty_seconds(installation):
    dataset = replace(installation.ready(), validated_at=NOON)

    waits = [goes_before_validation([dataset], NOON + timedelta(seconds=seconds)) for seconds in (0, 19.9, 20)]

    assert waits == [False, False, True]
    assert not goes_before_validation([], LATER)
