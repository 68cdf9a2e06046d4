"""Lists, searches and filters of a large catalog through the running service, one after the other.

python -m tests.benchmarks.service_lists FOLDER DATASETS ROUNDS
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from tests.benchmarks.service_catalog import fill
from tests.benchmarks.service_under_load import USER, Http, share, start, stop

ASKED = {
    "the first page": "",
    "page 4,000": "&page=4000",
    "a filter": "&status=error",
    "a search that finds many": "&search=REFUND",
    "a search that finds one": "&search=12345",
    "a search that finds nothing": "&search=zzzz",
    "a search beyond ASCII": "&search=%C3%BCber",
    "a search with a filter": "&search=legal&status=error",
}


async def ask(port: int, rounds: int) -> dict[str, list[float]]:
    """Every question so often, in turn; milliseconds."""
    http = Http(port)
    await http.open()
    times: dict[str, list[float]] = {name: [] for name in ASKED}
    await http.ask("GET", "/api/datasets?limit=20")
    for _ in range(rounds):
        for name, query in ASKED.items():
            began_s = time.perf_counter()
            await http.ask("GET", f"/api/datasets?limit=20{query}")
            times[name].append((time.perf_counter() - began_s) * 1_000)
    http.close()
    return times


def main() -> None:
    """Measure once."""
    folder, datasets, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    fill(folder, datasets, USER)
    process, port = start(folder)
    try:
        times = asyncio.run(ask(port, rounds))
    finally:
        stop(process)
    every = [each for values in times.values() for each in values]
    print(json.dumps({"p95_ms": share(every, 0.95), "by_question": {n: share(v, 0.95) for n, v in times.items()}}))


if __name__ == "__main__":
    main()
