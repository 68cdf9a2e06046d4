"""`lora-pipeline reconcile`: what the store, the catalog and the lake lack of one another is made to wait for a run."""

from pipeline.clock import utc_now
from pipeline.flow.retries import patience_of
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from tests.cli.goldens import run
from tests.installation import installation, make_installation, valid_file

__all__ = ["dagster_home", "installation", "make_installation"]
from tests.installation import dagster_home


def test_uploads_without_a_row_get_one_and_what_is_ignored_is_counted(tmp_path):
    folder = tmp_path / "uploads" / "ana"
    (folder / "spring").mkdir(parents=True)
    (folder / "good.jsonl").write_bytes(valid_file(3))
    (folder / "spring" / "chat.jsonl").write_bytes(valid_file(3))
    Catalog.open(load_settings(data_dir=tmp_path).catalog_url).close()
    environment = {"LORA_DATA_DIR": str(tmp_path), "LORA_SETTLE_S": "0"}

    first, second = (run(["reconcile"], environment) for _ in range(2))

    told = "registered {}, confirmed 0, tried again 0, lost from the lake 0, ignored 1\n"
    assert (first.exit_code, first.stdout) == (0, told.format(1))
    assert (second.exit_code, second.stdout) == (0, told.format(0))


def test_what_failed_has_another_try_at_once(installation):
    installation.drop("file.jsonl", valid_file(3))
    installation.tick()
    [dataset] = installation.datasets()
    with installation.catalog() as catalog:
        catalog.begin_try("validation", dataset.id, "run-1")
        catalog.spend_try("validation", dataset.id, "run-1", "it broke", patience_of(installation.settings), utc_now())
    before = installation.tick().runs

    result = run(["reconcile"], {"LORA_DATA_DIR": str(installation.settings.data_dir)})

    assert result.stdout == "registered 0, confirmed 0, tried again 1, lost from the lake 0, ignored 0\n"
    assert (len(before), len(installation.tick().runs)) == (0, 1)


def test_a_lake_that_is_not_there_is_no_empty_one(installation):
    """Exit code 3: the service is broken, nothing was lost."""
    installation.drop("file.jsonl", valid_file(3))
    installation.ingest()
    installation.settings.data_dir.joinpath("lake").rename(installation.settings.data_dir / "away")

    result = run(["reconcile"], {"LORA_DATA_DIR": str(installation.settings.data_dir)})

    assert result.exit_code == 3
    assert "mount it" in result.stderr
