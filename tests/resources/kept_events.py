"""Events of every kind, and the rows that a storage of Dagster's keeps of them: of two storages they are the same."""

import dagster as dg
import sqlalchemy as sa

TABLES = ("event_logs", "asset_keys", "asset_check_executions", "asset_event_tags")


def kept(storage):
    """The rows of the tables, without when they were made."""
    with storage._connect() as connection:
        rows = {table: connection.execute(sa.text(f"SELECT * FROM {table} ORDER BY id")).mappings() for table in TABLES}
        return {table: [dict(row) | {"create_timestamp": 0} for row in found] for table, found in rows.items()}


def events_of_every_kind(installation):
    """Those of a batch with a good and a bad upload, and kinds that we do not make."""
    runs = [*installation.ingest(), *installation.plan()]
    instance, key = installation.instance, dg.AssetKey("uploads")
    evaluated = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    instance.report_runless_asset_event(dg.AssetObservation(key, partition="a", tags={"dagster/data_version": "1"}))
    instance.report_runless_asset_event(dg.AssetMaterialization(key, tags={"dagster/data_version": "2"}))
    instance.report_runless_asset_event(dg.AssetCheckEvaluation(key, "unplanned", passed=False))
    events = [event for run_id in ("", *(run.run_id for run in runs)) for event in instance.all_logs(run_id)]
    return events + [event for event in events if event.dagster_event_type == evaluated]  # a result that is replaced
