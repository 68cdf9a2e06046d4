"""An installation with many tiny validated datasets, its publication, and an analyst who reads meanwhile.

python -m tests.benchmarks.many_datasets make FOLDER COUNT
python -m tests.benchmarks.many_datasets publish FOLDER
python -m tests.benchmarks.many_datasets read FOLDER      until its standard input ends
"""

import json
import sys
import threading
import time
from pathlib import Path

import duckdb

from pipeline.clock import utc_now
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.flow.reconcile import register_all
from pipeline.flow.validation import Validator
from pipeline.settings import Settings, load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import make_lake
from pipeline.state.store import make_store
from pipeline.state.warehouse import build_warehouse
from tests.benchmarks.generate import small_uploads

_QUESTION = """SELECT count(*), sum(p.turns), max(d.updated_at)
FROM datasets AS d JOIN dataset_profiles AS p ON p.dataset_id = d.id"""


def make(settings: Settings, count: int) -> None:
    """Validate `count` new uploads of two conversations each, as a run does but without Dagster."""
    store, lake = make_store(settings), make_lake(settings)
    validator = Validator(store, lake, Rules(), settings.max_upload_bytes, run_id="benchmark")
    with Catalog.open(settings.catalog_url) as catalog:
        seed = catalog.counts_by_status(None)["ready"]
        small_uploads(Path(settings.store) / "uploads" / f"owner-{seed}", count, seed, conversation_count=2)
        for dataset_id in register_all(store, catalog, settings, utc_now()).registered:
            outcome = validator.validate(catalog.get(dataset_id))
            catalog.record_verdict(outcome.verdict(), utc_now())
        print(json.dumps({"ready": catalog.counts_by_status(None)["ready"]}))


def publish(settings: Settings) -> None:
    """Publish the warehouse; its seconds, without the start of the process."""
    with Catalog.open(settings.catalog_url) as catalog:
        report = build_warehouse(settings.warehouse, catalog, make_lake(settings), utc_now())
    printed = {
        "publish_s": report.duration_s,
        "profiles_read": report.profiles_read,
        "datasets": report.row_counts["dataset_profiles"],
        "expected": report.datasets,
    }
    print(json.dumps(printed))


def read(settings: Settings) -> None:
    """Ask the same question over and over through one connection; the answers, and the longest wait."""
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    answers, waits_s = set(), []
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        while not ended.is_set():
            start_s = time.perf_counter()
            answers.add(str(connection.execute(_QUESTION).fetchall()))
            waits_s.append(time.perf_counter() - start_s)
            if len(waits_s) == 1:
                print("open", flush=True)
            time.sleep(0.05)
    print(json.dumps({"answers": len(answers), "questions": len(waits_s), "longest_s": max(waits_s)}))


def main() -> None:
    """Run one of the three."""
    action, folder, *count = sys.argv[1:]
    settings = load_settings(data_dir=Path(folder), settle_s=0)
    if action == "make":
        make(settings, int(count[0]))
    else:
        {"publish": publish, "read": read}[action](settings)


if __name__ == "__main__":
    main()
