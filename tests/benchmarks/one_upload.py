"""One upload through a whole installation in one process: registered, validated by a run, its rows in the lake.

python -m tests.benchmarks.one_upload FILE FOLDER WORKERS
"""

import json
import os
import sys
import time
from pathlib import Path

from tests.installation import local_settings, opened


def main() -> None:
    """Print what the catalog says of it, and how long the look and the run took."""
    path, folder, workers = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    with opened(local_settings(folder, large_upload_workers=workers)) as installation:
        dropped = installation.uploads / "ana" / path.name
        dropped.parent.mkdir(parents=True)
        os.link(path, dropped)
        start_s = time.perf_counter()
        [run] = installation.ingest()
        wall_s = time.perf_counter() - start_s
        [dataset] = installation.datasets()
        told = {"succeeded": run.success, "status": dataset.status, "pairs": dataset.total_training_pairs}
        print(json.dumps({**told, "wall_s": wall_s}))


if __name__ == "__main__":
    main()
