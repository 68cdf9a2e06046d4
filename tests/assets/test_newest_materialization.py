"""The materialization that a check's result is about: what the asking run told, else the newest there is."""

import dagster as dg

from assets.partition_events import newest_materialization
from tests.installation import dagster_home, installation, make_installation

__all__ = ["dagster_home", "installation", "make_installation"]


def test_who_asks_for_no_run_gets_the_newest_of_any(installation, monkeypatch):
    """What a sensor told, another process may have told again meanwhile."""
    told, home = dg.AssetMaterialization("uploads", partition="a"), str(installation.settings.dagster_home)
    monkeypatch.setenv("DAGSTER_HOME", home)
    installation.instance.report_runless_asset_event(told)
    with dg.DagsterInstance.from_config(home) as other:
        other.report_runless_asset_event(told)
        [newest] = other.fetch_materializations(dg.AssetKey("uploads"), limit=1).records

    found = newest_materialization(installation.instance, "uploads", "a")

    assert found.storage_id == newest.storage_id
