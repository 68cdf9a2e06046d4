"""Lists, searches and filters of a large catalog through the running service, one after the other.

python -m tests.benchmarks.service_lists FOLDER DATASETS ROUNDS
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
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


def processor_s(pid: int) -> float:
    """What another process used of the processor, all threads together; its clock, as Linux numbers those."""
    return time.clock_gettime((~pid << 3) | 2)


async def ask(port: int, rounds: int, cpu_s: Callable[[], float]) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Every question so often, in turn: milliseconds of each answer, and of the service's processor in all."""
    http = Http(port)
    await http.open()
    times: dict[str, list[float]] = {name: [] for name in ASKED}
    cpu_ms = dict.fromkeys(ASKED, 0.0)
    await http.ask("GET", "/api/datasets?limit=20")
    for _ in range(rounds):
        for name, query in ASKED.items():
            began_s, used_s = time.perf_counter(), cpu_s()
            await http.ask("GET", f"/api/datasets?limit=20{query}")
            times[name].append((time.perf_counter() - began_s) * 1_000)
            cpu_ms[name] += (cpu_s() - used_s) * 1_000
    http.close()
    return times, cpu_ms


def main() -> None:
    """Measure once."""
    folder, datasets, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    fill(folder, datasets, USER)
    process, port = start(folder)
    try:
        times, cpu_ms = asyncio.run(ask(port, rounds, lambda: processor_s(process.pid)))
    finally:
        stop(process)
    every = [each for values in times.values() for each in values]
    by_question = {name: [share(times[name], 0.95), cpu_ms[name] / rounds] for name in ASKED}
    print(json.dumps({"p95_ms": share(every, 0.95), "by_question": by_question}))


if __name__ == "__main__":
    main()
