"""A store full of uploads that the catalog knows, and the look of a sensor that finds nothing new among them.

python -m tests.benchmarks.many_uploads make FOLDER COUNT
python -m tests.benchmarks.many_uploads look FOLDER
"""

import json
import sys
import time
from pathlib import Path

from pipeline.clock import utc_now
from pipeline.flow.intake import look
from pipeline.flow.reconcile import register_all
from pipeline.flow.scan import Cursor
from pipeline.settings import Settings, load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.store import make_store

OWNERS = 10


def make(settings: Settings, count: int) -> None:
    """Write and register `count` files of a line each; validate none of them, but ask for no run either."""
    for number in range(count):
        folder = Path(settings.store) / "uploads" / f"owner-{number % OWNERS}"
        if number < OWNERS:
            folder.mkdir(parents=True)
        conversation = {"conversation_id": str(number), "turns": [{"role": "user", "content": "Hello."}]}
        (folder / f"upload-{number:06}.jsonl").write_text(json.dumps(conversation) + "\n")
    with Catalog.open(settings.catalog_url) as catalog:
        registered = register_all(make_store(settings), catalog, settings, utc_now()).registered
        catalog.mark_requested(registered, "key", utc_now())
    print(json.dumps({"registered": len(registered)}))


def tick(settings: Settings) -> None:
    """What the sensor's tick does when nothing is new; its seconds, without the start of the process."""
    with Catalog.open(settings.catalog_url) as catalog:
        start_s = time.perf_counter()
        seen = look(make_store(settings), catalog, settings, Cursor(), utc_now(), settings.tick_budget_s)
        waiting = catalog.unrequested(settings.tick_max_uploads, utc_now())
        tick_s = time.perf_counter() - start_s
    is_round = not seen.cursor.resume_after
    found = {"tick_s": tick_s, "seen": seen.scan.seen, "new": len(seen.registered) + len(waiting), "is_round": is_round}
    print(json.dumps(found))


def main() -> None:
    """Run one of the two."""
    action, folder, *count = sys.argv[1:]
    settings = load_settings(data_dir=Path(folder), settle_s=0)
    make(settings, int(count[0])) if action == "make" else tick(settings)


if __name__ == "__main__":
    main()
