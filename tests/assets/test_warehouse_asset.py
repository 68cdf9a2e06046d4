"""The asset that publishes what analysts query."""

import dagster as dg

from assets.warehouse_asset import CHANGES_ONLY
from tests.installation import valid_file


def test_the_materialization_counts_the_rows_of_every_table(validated):
    """The asset page shows what is in the file, without opening it."""
    shown = validated.materializations("warehouse")[-1].metadata

    counted = {name.removeprefix("rows_"): value.value for name, value in shown.items() if name.startswith("rows_")}

    assert counted == {table: validated.query(f"SELECT count(*) FROM {table}")[0][0] for table in counted}
    assert counted["conversations"] == 12
    assert shown["dagster/uri"].value == str(validated.settings.warehouse)


def test_an_empty_installation_publishes_every_table_with_no_rows(installation):
    """An analyst's query written today runs before the first upload."""
    run = installation.run("publish")

    assert run.success
    assert installation.query("SELECT count(*) FROM conversations, turns, findings") == [(0,)]
    assert installation.query("SELECT count(*) FROM datasets") == [(0,)]


def test_a_publication_that_cannot_be_written_leaves_the_old_one(installation):
    """The run fails with the place and the next step; analysts keep what they had."""
    installation.run("publish")
    before = installation.settings.warehouse.read_bytes()
    installation.drop("more.jsonl", valid_file())
    installation.ingest()
    (installation.settings.data_dir / "catalog.db").rename(installation.settings.data_dir / "elsewhere.db")
    (installation.settings.data_dir / "catalog.db").mkdir()

    run = installation.run("publish")

    assert not run.success
    assert installation.settings.warehouse.read_bytes() == before
    assert [run.status for run in installation.instance.get_runs(dg.RunsFilter(job_name="publish"))] == [
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.SUCCESS,
    ]


def test_what_the_sensor_asks_for_is_what_changed(installation):
    """The first publication is of everything; the next goes on from its file."""
    job = installation.repository.get_job("publish")
    for _ in range(2):
        assert job.execute_in_process(instance=installation.instance, run_config=CHANGES_ONLY).success
    full = {"ops": {"warehouse": {"config": {"is_full": True}}}}
    assert job.execute_in_process(instance=installation.instance, run_config=full).success

    changed = [each.metadata["changed_datasets"].value for each in installation.materializations("warehouse")]

    assert changed == ["all", "0", "all"]
