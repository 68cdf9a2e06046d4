"""Our engine as a program of its own, so that its processor time and memory can be measured from outside.

python -m tests.benchmarks.engine FILE FOLDER [WORKERS]
"""

import json
import sys
import time
from pathlib import Path

from pipeline.dataset.profiles.parallel import profile_path
from pipeline.dataset.profiles.profile import Profile
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream

STRUCTURE = Rules().structure_only()  # the other programs look for nothing more


def profile(path: Path, folder: Path, workers: int | None = None) -> Profile:
    """Profile the file with that many worker processes; None: in this process, as a run does."""
    if workers is not None:
        return profile_path(path, folder, STRUCTURE, workers)
    with path.open("rb") as stream:
        return profile_stream(stream, folder, STRUCTURE)


def main() -> None:
    """Print the report and the seconds of the work alone, without Python's start and the imports."""
    path, folder, *workers = sys.argv[1:]
    start_s = time.perf_counter()
    report = profile(Path(path), Path(folder), int(workers[0]) if workers else None).as_dict(path)
    print(json.dumps({"figures": report, "work_s": time.perf_counter() - start_s}))


if __name__ == "__main__":
    main()
