"""One file of a store by one process, by processes, or by a Dask cluster of this machine, of which a worker is killed.

python -m tests.benchmarks.one_file_by FILE FOLDER one|processes|cluster|killed
"""

import hashlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.engines import make_engine
from pipeline.flow import stored_ranges
from pipeline.flow.stored_ranges import Cluster, RangeRead, StoredFile, StoredRange, read_range, store_of
from pipeline.flow.validation import rules_of
from pipeline.settings import Settings
from pipeline.state.lake import make_lake
from pipeline.state.store import make_store
from tests.engines.clusters import local_cluster
from tests.installation import local_settings

WORKERS = 2
_DIES_AFTER_S = 2.0
_PEAKS = "peaks"


def read_and_tell(part: StoredRange, tell) -> RangeRead:
    """As `read_range`; leaves the peak of this process's memory beside the rows, and may be killed meanwhile."""
    folder = part.parts.folder.parent
    if (folder / "kill").exists() and part.span.start:
        (folder / "kill").rename(folder / "killed")
        threading.Timer(_DIES_AFTER_S, os.kill, (os.getpid(), signal.SIGKILL)).start()
    read = read_range(part, tell)
    status = Path("/proc/self/status").read_text()
    (folder / _PEAKS / str(os.getpid())).write_text(status.partition("VmHWM:")[2].split()[0])
    return read


@contextmanager
def _engine(how: str) -> Iterator[str]:
    if how in ("cluster", "killed"):
        with local_cluster(WORKERS) as address:
            yield address
    else:
        yield "processes"


def measure(path: Path, settings: Settings, how: str) -> dict[str, object]:
    """What is said of the file, in a hash, and what it took."""
    store, lake = make_store(settings), make_lake(settings)
    key = f"uploads/ana/{path.name}"
    dropped = store.local_path(key)
    dropped.parent.mkdir(parents=True)
    os.link(path, dropped)
    stored = store.stat(key)
    file = StoredFile(key, stored.observed_version, stored.size_bytes, path.name)
    stored_ranges.read_range = read_and_tell
    with _engine(how) as name, lake.staging() as folder:
        (peaks := folder.parent / _PEAKS).mkdir()
        if how == "killed":
            (folder.parent / "kill").touch()
        began_s = time.perf_counter()
        if how == "one":
            with store.open(key) as stream:
                profile = profile_stream(stream, folder, rules_of(settings))
        else:
            near_rows = 0 if how in ("cluster", "killed") else sys.maxsize
            cluster = Cluster(lambda: make_engine(name, WORKERS), store_of(settings), settings.range_bytes, near_rows)
            profile = cluster.profile(store, file, lake.parts(folder), folder, rules_of(settings))
        report = json.dumps(profile.as_dict(""), sort_keys=True).encode()
        return {
            "report": hashlib.sha256(report).hexdigest(),
            "parts": len(profile.parts),
            "killed": (folder.parent / "killed").exists(),
            "work_s": time.perf_counter() - began_s,
            "worker_peak_bytes": max((int(each.read_text()) * 1024 for each in peaks.iterdir()), default=0),
        }


def main() -> None:
    """Print it."""
    path, folder, how = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    range_bytes = max(1_000_000, path.stat().st_size // 6)
    print(json.dumps(measure(path, local_settings(folder, range_bytes=range_bytes), how)))


if __name__ == "__main__":
    main()
