"""The lake is folded when many small datasets that are published have files of their own."""

from assets.asset_jobs import CAUSE
from assets.folded_lake_asset import CHANGES_ONLY
from tests.cli.goldens import run
from tests.installation import valid_file

SENSOR = "unfolded_datasets"


def test_many_published_datasets_ask_once_for_a_run_that_folds_and_publishes(make_installation):
    installation = make_installation(fold_after=1)
    quiet = [installation.tick(SENSOR).result.skip_message]
    for name in "ab":
        installation.drop(f"{name}.jsonl", valid_file(2, seed=ord(name)))
    installation.ingest()
    installation.run("publish")
    before = installation.query("FROM turns ORDER BY ALL")

    asked = [installation.tick(SENSOR) for _ in range(2)]
    installation.enqueue("fold_lake")
    quiet.append(installation.tick(SENSOR).result.skip_message)
    done = installation.run("fold_lake", asked[0].runs[0])
    shown = installation.materializations("folded_lake")[-1].metadata

    assert [each.runs[0]["dagster/run_key"] for each in asked] == [asked[0].runs[0]["dagster/run_key"]] * 2
    assert asked[0].result.run_requests[0].run_config == CHANGES_ONLY
    assert asked[0].runs[0][CAUSE] == "2 datasets with files of their own"
    assert quiet == ["at most 1 dataset to fold", "the lake is being folded"]
    assert done.success
    assert (shown["datasets"].value, shown["new_folds"].value) == (2, 1)
    assert installation.query("FROM turns ORDER BY ALL") == before
    assert installation.query("SELECT count(*), bool_and(is_shown) FROM folded_datasets") == [(2, True)]
    assert installation.materializations("warehouse")[-1].metadata[SENSOR].value == 0


def test_a_person_folds_an_installation_of_an_earlier_version(make_installation):
    """Nothing was published by this one."""
    installation = make_installation()
    for name in "ab":
        installation.drop(f"{name}.jsonl", valid_file(2, seed=ord(name)))
    installation.ingest()
    environment = {"LORA_DATA_DIR": str(installation.settings.data_dir)}

    said = [run(["lake", "fold"], environment) for _ in range(2)]

    assert [each.stdout for each in said] == [
        "folded 2, new folds 1, merged 0, retired 0, removed 0\n",
        "folded 0, new folds 0, merged 0, retired 0, removed 0\n",
    ]
    assert installation.query("SELECT count(*) FROM folded_datasets WHERE is_shown") == [(2,)]
