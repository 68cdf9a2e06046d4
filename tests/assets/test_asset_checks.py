"""The checks run by hand for one dataset, and the reason why runs over many log their results themselves."""

import warnings

import dagster as dg
import pytest
from dagster import AssetCheckKey
from dagster._core.storage.event_log.base import PartitionKeyFilter

from assets.warehouse_asset import COMPLETE
from pipeline.dataset.profiles.profile_checks import CHECKS


@pytest.fixture(scope="module")
def by_hand(validated):
    """The checks of both datasets, evaluated by runs of their own, as the button in the UI starts them."""
    job = dg.define_asset_job("by_hand", selection=dg.AssetSelection.checks_for_assets("dataset_profiles"))
    runnable = dg.Definitions.merge(validated.defs, dg.Definitions(jobs=[job])).resolve_job_def("by_hand")
    results = {}
    for name in ["good", "bad"]:
        dataset_id = validated.dataset(name).id
        run = runnable.execute_in_process(instance=validated.instance, tags={"dagster/partition": dataset_id})
        results[dataset_id] = run.get_asset_check_evaluations()
    return results


def test_a_check_run_by_hand_says_what_validation_said(validated, by_hand):
    """Both decide from the same report with the same function."""
    storage = validated.instance.event_log_storage
    for dataset_id, evaluations in by_hand.items():
        assert {each.check_name for each in evaluations} == {check.name for check in CHECKS}
        for each in evaluations:
            key = AssetCheckKey(dg.AssetKey("dataset_profiles"), each.check_name)
            history = storage.get_asset_check_execution_history(
                key, limit=10, partition_filter=PartitionKeyFilter(key=dataset_id)
            )
            assert [record.status for record in history[1:]] == [record.status for record in history[:1]]
            logged = history[-1].event.dagster_event.asset_check_evaluation_data
            assert (each.passed, each.severity, each.description, each.metadata) == (
                logged.passed,
                logged.severity,
                logged.description,
                logged.metadata,
            )
            assert all(isinstance(value, dg.FloatMetadataValue) for value in each.metadata.values())
            assert each.metadata


def test_a_bad_file_fails_no_run_but_a_warehouse_that_lacks_datasets_is_not_published(validated):
    graph = validated.defs.resolve_asset_graph()

    assert [key.name for key in graph.asset_check_keys if graph.get(key).blocking] == [COMPLETE]


def test_dagster_still_leaves_partitioned_checks_of_ranged_runs_planned(dagster_home, tmp_path):
    """The day this fails, `assets/partition_events.py` can leave the check results of ranged runs to Dagster."""
    partitions = dg.StaticPartitionsDefinition(["a", "b"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)

        @dg.multi_asset(
            specs=[dg.AssetSpec("thing", partitions_def=partitions)],
            check_specs=[dg.AssetCheckSpec("fine", asset="thing", partitions_def=partitions)],
            partitions_def=partitions,
            backfill_policy=dg.BackfillPolicy.single_run(),
        )
        def things(context: dg.AssetExecutionContext):
            yield dg.MaterializeResult(asset_key="thing", check_results=[dg.AssetCheckResult(passed=True)])

    job = dg.Definitions(assets=[things]).resolve_implicit_global_asset_job_def()
    tags = {"dagster/asset_partition_range_start": "a", "dagster/asset_partition_range_end": "b"}
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)
        info = instance.event_log_storage.get_asset_check_partition_info(
            [AssetCheckKey(dg.AssetKey("thing"), "fine")], partition_keys=["a", "b"]
        )

        assert {each.partition_key: each.latest_execution_status.value for each in info} == {
            "a": "PLANNED",
            "b": "PLANNED",
        }
