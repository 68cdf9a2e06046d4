"""Stores Dagster events in a new instance, as a run over many partitions does, one after the other.

python -m tests.benchmarks.event_storage FOLDER COUNT {ours,default}
"""

import json
import sys
import time
from pathlib import Path

import dagster as dg
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData

OURS = """event_log_storage:
  module: resources.event_log
  class: PooledSqliteEventLogStorage
  config: {base_dir: %s}
"""


def events_per_s(folder: Path, count: int, is_ours: bool) -> float:
    """Store `count` materialisations of one run; the storage has been used once before."""
    folder.mkdir(parents=True)
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n" + (OURS % folder if is_ours else ""))
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        run_id = "00000000-0000-4000-8000-000000000000"
        _store(instance, run_id, 0)
        start_s = time.perf_counter()
        for number in range(1, count + 1):
            _store(instance, run_id, number)
        elapsed_s = time.perf_counter() - start_s
        stored = len(instance.all_logs(run_id))
        partitions = instance.get_materialized_partitions(dg.AssetKey("findings"))
    if (stored, len(partitions)) != (count + 1, count + 1):
        raise RuntimeError(f"expected {count + 1} events, found {stored}, of {len(partitions)} partitions")
    return count / elapsed_s


def _store(instance: dg.DagsterInstance, run_id: str, number: int) -> None:
    materialization = dg.AssetMaterialization(
        "findings",
        partition=f"dataset-{number}",
        description="20 conversations, 5,000 tokens.",
        metadata={"dagster/row_count": 0, "dagster/uri": f"lake/findings/dataset_id=dataset-{number}/data.parquet"},
        tags={"dagster/data_version": f"{number:064}"},
    )
    event = DagsterEvent(
        event_type_value=DagsterEventType.ASSET_MATERIALIZATION.value,
        job_name="ingest",
        event_specific_data=StepMaterializationData(materialization),
    )
    instance.report_dagster_event(event, run_id)


if __name__ == "__main__":
    target, wanted, which = sys.argv[1:]
    print(json.dumps({"events_per_s": events_per_s(Path(target), int(wanted), which == "ours")}))
