"""What a run writes in which order: a verdict is the last, so that a run killed before it is done again."""

import dagster as dg

from pipeline.state.catalog.catalog import Catalog
from tests.assets.conftest import BAD, GOOD


def test_a_verdict_is_recorded_after_what_dagster_shows_of_it(installation, monkeypatch):
    shown = []

    def record(catalog, verdict, now):
        partitions = installation.instance.get_materialized_partitions(dg.AssetKey("dataset_profiles"))
        shown.append(verdict.dataset_id in partitions)
        return told(catalog, verdict, now)

    told = Catalog.record_verdict
    monkeypatch.setattr(Catalog, "record_verdict", record)
    installation.drop("good.jsonl", GOOD)
    installation.drop("bad.jsonl", BAD)

    assert [run.success for run in installation.ingest()] == [True]
    assert shown == [True, True]
