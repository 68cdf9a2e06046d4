"""Small uploads dropped at once where catalog and Dagster are on PostgreSQL and two runs work at a time.

What it costs is told beside how long it takes: the processor seconds of all processes of the installation and of the
database, looked at twice a second, so that of each that ends up to half a second is missed.
"""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.benchmarks.benchmark import Benchmark, Measurement, at_least, at_most, noted
from tests.benchmarks.generate import small_uploads
from tests.benchmarks.installation import running_installation
from tests.benchmarks.processes import ROOT
from tests.processes import children, kill_all, started_with
from tests.services import postgres_bin

MOST_S = 600.0
WANTED_PER_S = 40.0
_LOOK_S = 0.5
_TWICE = "SELECT count(*) - count(DISTINCT dataset_id) FROM dataset_events WHERE kind = 'judged'"
_TICKS_PER_S = 100  # of Linux, as it tells times of processes


@dataclass
class CpuMeter:
    """Adds up what processes take, also of those that have ended. who: the numbers of those that live."""

    who: Callable[[], list[int]]
    _seen_s: dict[tuple[int, str], float] = field(default_factory=dict)
    _is_over: threading.Event = field(default_factory=threading.Event)

    @property
    def cpu_s(self) -> float:
        """Seconds of user and system so far."""
        self._look()
        return sum(list(self._seen_s.values()))  # a copy: the other thread adds to it

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Look now and then, until the block ends."""
        thread = threading.Thread(target=self._go_on, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            thread.join()

    def _go_on(self) -> None:
        while not self._is_over.wait(_LOOK_S):
            self._look()

    def _look(self) -> None:
        for pid in self.who():
            with suppress(OSError):  # it ended meanwhile
                told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                begun_at, ticks = told[19], int(told[11]) + int(told[12])
                self._seen_s[pid, begun_at] = ticks / _TICKS_PER_S


def measure_burst_postgres(is_small: bool, folder: Path) -> list[Measurement]:
    """Drop them, wait for the last verdict, but not for ever, and look whether each has a row, and one verdict at most.

    Raises:
        RuntimeError: there is no PostgreSQL, an upload was rejected, or none was ready in time.
    """
    from tests.postgres import running_server  # pytest and a driver, which nothing else here needs

    programs = postgres_bin()
    if programs is None:
        raise RuntimeError("expected PostgreSQL, found none: tests/install_services.sh installs it")
    count = 30 if is_small else 1_000
    with running_server(programs) as server:
        postmaster = int((server.home / "data" / "postmaster.pid").read_text().split()[0])
        data_dir = folder / "data"
        variables = _variables(folder, server.new_database(), server.new_database())
        with running_installation(data_dir, **variables) as installation:
            own = f"LORA_DATA_DIR={data_dir}"
            pipeline = CpuMeter(lambda: [each.pid for each in started_with(own)])
            database = CpuMeter(lambda: [postmaster, *children(postmaster)])
            uploads = small_uploads(folder / "uploads", count, seed=1)
            with pipeline.measuring(), database.measuring():
                before_s, database_before_s = pipeline.cpu_s, database.cpu_s
                began_s = time.monotonic()
                times_s = installation.ready_times_s(uploads, MOST_S, is_cut=True)
                took_s = time.monotonic() - began_s
                cpu_s, database_s = pipeline.cpu_s - before_s, database.cpu_s - database_before_s
            [(known,)] = installation.ask("SELECT count(*) FROM datasets")
            [(twice,)] = installation.ask(_TWICE)
        kill_all(own)  # runs that were cut would go on without their database
    ready = len(times_s)
    if not ready:
        raise RuntimeError(f"expected some of {count:,} uploads to be ready after {MOST_S:.0f} s, found none")
    detail = f" ({ready:,} were ready after {took_s:.0f} s, the first after {times_s[0]:.0f} s)"
    return [
        at_least(f"{count:,} uploads, rate to the last ready", WANTED_PER_S, ready / took_s, " uploads/s", detail),
        at_most("without a row", 0, count + 1 - known),
        at_most("judged twice", 0, twice),
        noted("CPU of the pipeline, an upload that is ready", cpu_s / ready, " s", f" ({cpu_s:.0f} s in all)"),
        noted("CPU of PostgreSQL, an upload that is ready", database_s / ready, " s", f" ({database_s:.0f} s in all)"),
    ]


def _variables(folder: Path, catalog_url: str, dagster_url: str) -> dict[str, str]:
    """The environment of the installation; Dagster's home is made here, with its settings for PostgreSQL."""
    home = folder / "dagster_home"
    home.mkdir()
    shutil.copyfile(ROOT / "deploy" / "dagster-postgres.yaml", home / "dagster.yaml")
    place = urlsplit(dagster_url)
    return {
        "LORA_CATALOG_URL": catalog_url,
        "LORA_DAGSTER_HOME": str(home),
        "LORA_CONCURRENT_RUNS": "2",
        "DAGSTER_PG_HOST": place.hostname or "",
        "DAGSTER_PG_PORT": str(place.port),
        "DAGSTER_PG_USER": place.username or "",
        "DAGSTER_PG_PASSWORD": "none",  # the server trusts everybody on this machine
        "DAGSTER_PG_DB": place.path.removeprefix("/"),
        "DAGSTER_EVENT_BATCH_SIZE": "1000",
        "DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS": "1",
    }


BURST_POSTGRES = Benchmark(
    "burst-postgres",
    "Small uploads of 20 conversations dropped at once into the store of a running `lora-pipeline dev` whose catalog "
    "and Dagster are on PostgreSQL and two of whose runs work at a time, until the last is `ready` in the catalog, or "
    "for ten minutes. The CPU is that of all its processes until then, also for what follows validation.",
    measure_burst_postgres,
)
