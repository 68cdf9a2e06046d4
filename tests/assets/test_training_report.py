"""What the pages of a split, of jobs and of costs show."""

import base64
import re
from pathlib import Path
from xml.etree import ElementTree

import dagster as dg
import pytest
from dagster import AssetCheckKey
from dagster._core.storage.event_log.base import PartitionKeyFilter

from assets.training_specs import CONFIGS, COSTS, SPLITS
from pipeline.flow.job_checks import JOB_CHECKS


def _shown(planned, asset, dataset_id):
    [event] = planned.materializations(asset, dataset_id)
    return event.metadata


def test_the_split_is_counted_and_leaks_nothing(planned, ready_id):
    shown = _shown(planned, SPLITS, ready_id)

    figures = ("dagster/row_count", "train_conversations", "validation_conversations", "clusters_on_both_sides")
    assert [shown[name].value for name in figures] == [12, 12, 0, 0]
    assert Path(shown["dagster/uri"].value).is_file()


def test_what_one_wants_to_know_of_the_jobs_stands_first(planned, ready_id):
    shown = _shown(planned, CONFIGS, ready_id)

    assert list(shown)[:3] == ["summary", "estimate", "jobs"]
    assert shown["summary"].value.startswith("1 training job, from ")
    [row] = shown["jobs"].records
    assert (row.data["status"], row.data["base_model"], row.data["trainers"]) == ("configured", "Qwen3-8B", "trl")


@pytest.mark.parametrize("asset", [CONFIGS, COSTS])
def test_the_estimate_is_a_picture_that_the_ui_shows_inline(planned, ready_id, asset):
    text = _shown(planned, asset, ready_id)["estimate"].value

    data = re.fullmatch(r"!\[estimate\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", text)

    assert len(text) < 1_000
    assert ElementTree.fromstring(base64.b64decode(data[1])).tag == "{http://www.w3.org/2000/svg}svg"


def test_the_config_of_the_first_trainer_is_shown_with_the_place_of_all_files(planned, ready_id):
    shown = _shown(planned, CONFIGS, ready_id)

    config = shown["config"].value
    assert config.startswith('`trl/config.yaml`\n```\nbase_model: "Qwen/Qwen3-8B"\n')
    assert "#" not in config
    assert (Path(shown["files"].value) / "trl" / "config.yaml").is_file()
    assert shown["trainer"].value.startswith("trl ")


def test_the_acceptance_row_of_the_trainer_is_there(planned, ready_id):
    [row] = _shown(planned, CONFIGS, ready_id)["target_acceptance"].records

    assert (row.data["trainer"], row.data["verdict"]) == ("trl", "accepted")


def test_costs_show_their_range_their_price_and_what_they_rest_on(planned, ready_id):
    shown = _shown(planned, COSTS, ready_id)

    [row] = shown["costs"].records
    assert row.data["low"] < row.data["expected"] < row.data["high"]
    assert row.data["provider"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", row.data["as_of"])
    assert shown["basis"].value.startswith("- memory: ")


def test_every_check_has_its_result_beside_the_materialization_that_it_judged(planned, ready_id):
    storage = planned.instance.event_log_storage
    results = {}
    for check in JOB_CHECKS:
        key = AssetCheckKey(dg.AssetKey(check.asset), check.name)
        [record] = storage.get_asset_check_execution_history(
            key, limit=10, partition_filter=PartitionKeyFilter(key=ready_id)
        )
        evaluation = record.event.dagster_event.asset_check_evaluation_data
        results[check.name] = record.status.value
        assert evaluation.target_materialization_data is not None

    assert results == {
        "fits_in_memory": "SUCCEEDED",
        "enough_optimiser_steps": "FAILED",  # 12 conversations are few
        "no_row_without_supervised_tokens": "SUCCEEDED",
        "jobs_are_current": "SUCCEEDED",
        "price_fresh": "SUCCEEDED",
    }


def test_a_check_run_by_hand_says_the_same(planned, ready_id):
    assets = dg.AssetSelection.checks_for_assets(CONFIGS, COSTS)
    job = dg.define_asset_job("by_hand_training", selection=assets)
    runnable = dg.Definitions.merge(planned.defs, dg.Definitions(jobs=[job])).resolve_job_def("by_hand_training")

    run = runnable.execute_in_process(instance=planned.instance, tags={"dagster/partition": ready_id})

    assert {each.check_name: each.passed for each in run.get_asset_check_evaluations()} == {
        check.name: check.name != "enough_optimiser_steps" for check in JOB_CHECKS
    }
