"""A catalog and a lake with datasets that the real engine read, and the maker of jobs over them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.dataset.tokens import DEFAULT_TOKENIZER, load_tokenizer
from pipeline.flow.job_making import JobMaker, Prepared, prepare
from pipeline.flow.training_plans import Planner
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.lake import Lake
from pipeline.training.setup import Setup
from tests.state.lake.examples import conversation, jsonl
from tests.state.warehouse.examples import open_installation
from tests.training.examples import CATALOGUES

SETUP = Setup("Qwen3-8B")
TALK = jsonl(*(conversation(f"c{n}", f"What is {n} times seven?", f"It is {7 * n}.") for n in range(12)))
OTHER_TALK = jsonl(*(conversation(f"c{n}", f"What is {n} times six?", f"It is {6 * n}.") for n in range(12)))


@dataclass(frozen=True)
class Installed:
    catalog: Catalog
    lake: Lake
    maker: JobMaker

    def ready(self, data: bytes = TALK, run_id: str = "run-1") -> Dataset:
        """Dataset d1, validated with these rows."""
        self._installation.validate("d1", data, run_id)
        return self.catalog.get("d1")

    def prepared(self) -> Prepared:
        return prepare(self.lake, self.catalog.get("d1"))

    def planner(self, *setups: Setup) -> Planner:
        return Planner(setups or (SETUP,), CATALOGUES, self.maker)

    @property
    def _installation(self):
        from tests.state.warehouse.examples import Installation

        return Installation(self.catalog, self.lake, Path("none"))


@contextmanager
def installed(folder: Path) -> Iterator[Installed]:
    opened = open_installation(folder)
    with opened.catalog:
        opened.register("d1")
        maker = JobMaker(opened.catalog, opened.lake, load_tokenizer(DEFAULT_TOKENIZER), "plan-run")
        yield Installed(opened.catalog, opened.lake, maker)
