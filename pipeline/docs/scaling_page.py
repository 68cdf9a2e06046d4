"""The page docs/scaling-model.md: what large installations would take, reckoned from constants that were measured.

Nothing here was run at that size. A constant says where it comes from; change it there, and all that follows changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import TypeVar

from pipeline.docs.markdown import table

DAY_S = 86_400
_T = TypeVar("_T")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


@dataclass(frozen=True, slots=True)
class Constant:
    """A figure that everything else is made of."""

    value: float
    unit: str
    what: str
    source: str
    """What measured it, or that it is assumed."""


_BURST = "all processes of an installation on SQLite, 1,000 uploads of 20 conversations dropped at once, 2026-11-28"
_CHECK = "`check-command` of [benchmarks.md](benchmarks.md#check-command)"
_DECISION_47 = "[decision 47](decisions/0047-clusters-on-disk.md)"
_DECISION_65 = "[decision 65](decisions/0065-events-are-hints.md)"
_DECISION_61 = "[decision 61](decisions/0061-publication-by-what-changed.md)"
_SYNTHETIC = "27 MB of 20,000 synthetic datasets, 2026-11-28"
UPLOAD = Constant(0.19, "CPU s", "a small upload (18 KB), with its training plan and publication", _BURST)
SHORT = Constant(17.46 / 300, "CPU s/MB", "reading lines of 900 bytes, all findings", _CHECK)
LONG = Constant(10.14 / 300, "CPU s/MB", "reading lines of 11 KB, all findings", _CHECK)
PASS = Constant(0.0015, "CPU s/MB", "the pass that hashes and cuts", "`flow/passing.py` over 100 MB, 2026-11-29")
UNPACK = Constant(
    0.0074, "CPU s/MB", "the same of gzip, for each MB of text", "`flow/passing.py` over 40 MB, 2026-11-29"
)
CLUSTERING = Constant(4.6e-6, "CPU s", "a conversation at the end: near-duplicates, split", _DECISION_47)
KEPT = Constant(25, "bytes", "a conversation in the memory of that", _DECISION_47)
PUBLICATION = Constant(1.5, "CPU s", "a publication with 100,000 datasets, of which 200 are new", _DECISION_61)
WAREHOUSE = Constant(1_350, "bytes", "a dataset in the warehouse, which each publication copies", _SYNTHETIC)
EVENTS = Constant(
    2.6 / 300, "s", "a dataset's events in PostgreSQL, batched", "[deploy/README.md](../deploy/README.md)"
)
LOOK = Constant(
    1.29 / 100_000,
    "CPU s",
    "an upload of the store at each round of looks",
    "`tick` of [benchmarks.md](benchmarks.md#tick)",
)
EVENT = Constant(0.0032, "CPU s", "an event of the bucket, with its look and row", _DECISION_65)
FOLD = Constant(0.003, "CPU s", "folding a small dataset, once", "[operations.md](operations.md#the-lakes-small-files)")
FILES = Constant(6, "", "files of the lake that a dataset has", "`PUBLISH_ORDER` of the lake")
CORE_HOUR = Constant(0.04, "USD", "an hour of a core", "assumed")
PUT = Constant(0.005 / 1_000, "USD", "a file put into S3", "assumed")
GB_MONTH = Constant(0.023, "USD", "a GB in S3 for a month", "assumed")
LIST = Constant(0.1, "s", "a request that lists 1,000 objects of S3", "assumed")
CONSTANTS = (
    UPLOAD, SHORT, LONG, PASS, UNPACK, CLUSTERING, KEPT, PUBLICATION, WAREHOUSE, EVENTS, LOOK, EVENT, FOLD, FILES,
    CORE_HOUR, PUT, GB_MONTH, LIST,
)  # fmt: skip

_UPLOAD_BYTES = 18_000
_PEAK = 3  # times the mean of a day
_CORES = 4  # of a machine
_PUBLICATIONS = DAY_S / 60  # LORA_PUBLICATION_PAUSE_S
_LEAST_GAIN = 0.7  # of workers beside each other: the slowest range is waited for


@dataclass(frozen=True, slots=True)
class SmallUploads:
    """An installation that takes so many small uploads a day."""

    a_day: int

    @property
    def cores_busy(self) -> float:
        """Cores in the mean of a day."""
        each_s = UPLOAD.value + EVENT.value + FOLD.value
        return (self.a_day * each_s + _PUBLICATIONS * PUBLICATION.value) / DAY_S

    @property
    def machines(self) -> int:
        """Machines of four cores that hold out at the day's peak."""
        return max(1, ceil(self.cores_busy * _PEAK / _CORES))

    @property
    def connections_busy(self) -> float:
        """Connections to PostgreSQL that store events all day."""
        return self.a_day * EVENTS.value / DAY_S

    @property
    def usd_a_day(self) -> float:
        """Processor time of the work and requests that put files, without machines that idle."""
        return self.cores_busy * 24 * CORE_HOUR.value + self.a_day * FILES.value * PUT.value

    @property
    def gb_copied_after_a_month(self) -> float:
        """What each publication copies then."""
        return self.a_day * 30 * WAREHOUSE.value / 1e9

    def round_of_looks_s(self, days: int) -> float:
        """How long it takes to see all uploads of S3 once after so many days."""
        return self.a_day * days / 1_000 * LIST.value


@dataclass(frozen=True, slots=True)
class LargeFiles:
    """So many bytes, read once in files of that size."""

    size_bytes: float
    file_bytes: float
    line_bytes: int
    """Of a conversation."""
    mb: Constant
    """Processor time of a MB."""

    @property
    def core_hours(self) -> float:
        """Of reading, passing and putting together."""
        each_s = self.mb.value + PASS.value
        return (each_s * self.size_bytes / 1e6 + CLUSTERING.value * self.size_bytes / self.line_bytes) / 3_600

    def wall_h(self, workers: int) -> float:
        """Hours from the first byte to the last verdict, one file after the other."""
        read_s = self.mb.value * self.file_bytes / 1e6 / workers / _LEAST_GAIN
        pass_s = PASS.value * self.file_bytes / 1e6
        end_s = CLUSTERING.value * self.file_bytes / self.line_bytes
        return (max(read_s, pass_s) + end_s) * (self.size_bytes / self.file_bytes) / 3_600

    @property
    def memory_gb(self) -> float:
        """Of the machine that puts a file together."""
        return KEPT.value * self.file_bytes / self.line_bytes / 1e9


def page() -> str:
    """The page's text."""
    return (
        "\n\n".join(
            (
                "# Large installations, on paper",
                "Reckoned from measured constants; nothing of this size was run. The page is made by "
                "`pipeline/docs/scaling_page.py`. What each way is and how it is set up: [scaling.md](scaling.md).",
                "## Constants",
                table(
                    ("constant", "of", "from"), [(f"{_number(c.value)} {c.unit}", c.what, c.source) for c in CONSTANTS]
                ),
                "## Many small uploads",
                f"Of 18 KB; the peak of a day is {_PEAK} times its mean; machines of {_CORES} cores.",
                table(("", *(f"{each.a_day:,} a day" for each in _SMALL)), _rows(_SMALL, _SMALL_ROWS)),
                _SMALL_LIMITS,
                "## 10 TB once",
                "By workers of one core each, one file after the other; `LORA_MAX_UPLOAD_BYTES` raised.",
                table(("", *_LARGE), _rows(tuple(_LARGE.values()), _LARGE_ROWS)),
                _LARGE_LIMITS,
            )
        )
        + "\n"
    )


_SMALL = (SmallUploads(10_000), SmallUploads(100_000), SmallUploads(1_000_000))
_SMALL_ROWS: dict[str, Callable[[SmallUploads], str]] = {
    "uploads a second, mean": lambda each: _number(each.a_day / DAY_S),
    "GB a day": lambda each: _number(each.a_day * _UPLOAD_BYTES / 1e9),
    "cores busy, mean": lambda each: _number(each.cores_busy),
    "machines for the peak": lambda each: f"{each.machines:,}",
    "runs of 200 datasets an hour": lambda each: _number(each.a_day / 200 / 24),
    "connections of PostgreSQL busy with events": lambda each: _number(each.connections_busy),
    "files of the lake a day": lambda each: f"{each.a_day * FILES.value:,.0f}",
    "USD a day: cores that work, and files put": lambda each: _number(each.usd_a_day),
    "of that, files put": lambda each: _number(each.a_day * FILES.value * PUT.value),
    "listing all of S3 once, after a month": lambda each: f"{_number(each.round_of_looks_s(30) / 60)} min",
    "the warehouse after a month, copied by each publication": lambda each: (
        f"{_number(each.gb_copied_after_a_month)} GB"
    ),
}
_LARGE = {
    "lines of 900 bytes, files of 10 GB": LargeFiles(1e13, 1e10, 900, SHORT),
    "lines of 900 bytes, files of 1 TB": LargeFiles(1e13, 1e12, 900, SHORT),
    "lines of 11 KB, files of 1 TB": LargeFiles(1e13, 1e12, 11_000, LONG),
}
_LARGE_ROWS: dict[str, Callable[[LargeFiles], str]] = {
    "core-hours": lambda each: _number(each.core_hours),
    "USD": lambda each: _number(each.core_hours * CORE_HOUR.value),
    "hours by 8 workers": lambda each: _number(each.wall_h(8)),
    "hours by 64 workers": lambda each: _number(each.wall_h(64)),
    "workers beyond which the pass is the limit": lambda each: _number(each.mb.value / PASS.value / _LEAST_GAIN),
    "conversations a file": lambda each: f"{each.file_bytes / each.line_bytes / 1e6:,.0f} million",
    "memory where a file is put together": lambda each: f"{_number(each.memory_gb)} GB",
    "USD a month to keep them in S3": lambda each: _number(each.size_bytes / 1e9 * GB_MONTH.value),
}
_SMALL_LIMITS = """Where the next limit is, at a million a day, in this order:

1. **Files of the lake.** Six a dataset, beside which the folded copies are few: putting them costs more than all
   processor time. Datasets of a run would have to share a file a table.
2. **Listing.** It sees all uploads, old ones too, so it grows with history: set `LORA_EVENTS`, and the bucket is
   listed once a day alone. Without, a drop is seen as late as a round of looks takes.
3. **Publication.** Each copies the warehouse file. Raise `LORA_PUBLICATION_PAUSE_S`, so that there are few.
4. **PostgreSQL and processors** are not near."""
_LARGE_LIMITS = f"""Where the next limit is:

1. **The end of a file.** One machine clusters all of its conversations. 100 million take {_number(KEPT.value / 10)} GB
   and {CLUSTERING.value * 1e8 / 60:.0f} minutes, a billion {_number(KEPT.value)} GB and
   {CLUSTERING.value * 1e9 / 60:.0f} minutes; 2.1 billion are the end of 32-bit numbers. Beyond 100 million make
   several datasets.
2. **Its disk.** Rows and records of the whole file are on the machine that puts them together; while it clusters, 176
   bytes a conversation beside the rows.
3. **The pass.** One core hashes and cuts {1 / PASS.value:.0f} MB/s of plain text, {1 / UNPACK.value:.0f} MB/s of gzip;
   a network of 10 Gbit/s brings 1,250. More workers than the table says wait for it.
4. **A run is one attempt.** The parts of a run that dies are read again. Files of 10 GB lose minutes by it, files of
   1 TB hours."""


def _rows(columns: tuple[_T, ...], rows: dict[str, Callable[[_T], str]]) -> list[tuple[str, ...]]:
    return [(name, *(cell(each) for each in columns)) for name, cell in rows.items()]
