"""An installation that makes conversations, against a fake provider, with a clock that a test moves."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.flow.generation.making import Making
from pipeline.flow.generation.planning import BatchWish, keep, lay_out, start
from pipeline.flow.generation.scaffold_sets import import_scaffolds
from pipeline.flow.generation.steps import advance, look_at_all
from pipeline.generation.wish import PlanWish
from pipeline.llm.account_limits import Limiters
from pipeline.llm.backends import make_backend
from pipeline.llm.call_prices import load_inference_prices
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.generation_records import Batch
from pipeline.state.lake import LocalLake
from tests.fakes.openai import FakeOpenAI
from tests.fakes.provider import KEY, FakeProvider
from tests.state.catalog.examples import NOON

ENOUGH = 1_000_000_000_000
"""A thousand US dollars."""


@dataclass
class Clock:
    """Stands still until it is moved."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Place:
    """One installation. making: what its steps work with. catalog_url: none for a file in its folder."""

    folder: Path
    setting: str
    models: tuple[str, str]
    clock: Clock = field(default_factory=Clock)
    catalog_url: str = ""
    month_budget_usd: float = 0.0

    @property
    def catalog(self) -> Catalog:
        return self.making.catalog

    def open(self) -> "Place":
        catalog = Catalog.open(self.catalog_url or f"sqlite:///{self.folder / 'catalog.db'}")
        self.making = Making(
            catalog,
            LocalLake(self.folder / "lake"),
            load_inference_prices(None),
            lambda provider: make_backend(provider, {"LORA_LLM_API_KEY": KEY}, 1.0),
            Limiters(8, time.monotonic),
            self.clock,
            self.month_budget_usd,
        )
        return self

    def batch(self, items: int = 12, budget: int = ENOUGH, **more: Any) -> Batch:
        """A batch that is under way."""
        import_scaffolds(self.catalog, None, self.clock())
        wish = {"plan": PlanWish(items=items, seed=more.pop("seed", 3)), "budget_nano_usd": budget, **more}
        wish.setdefault("judging_model", self.models[1])
        laid = lay_out(self.making, "ann", BatchWish(provider=self.setting, model=self.models[0], **wish))
        batch = keep(self.making, "ann", laid, self.clock())
        return start(self.making, batch.id, "ann", None, self.clock())

    def work(self, rounds: int = 60, step_s: float = 30.0) -> None:
        """Look, do what is due, and let time pass, until nothing is under way any more."""
        for _ in range(rounds):
            seen = look_at_all(self.making, self.clock())
            for batch_id in seen.due:
                advance(self.making, batch_id)
            if not seen.watched and not self.catalog.list_batches(None, "running"):
                return
            self.clock.forward(step_s)

    def states(self, batch_id: str) -> dict[str, int]:
        return dict(self.catalog.progress_of(batch_id).by_state)


def place_of(folder: Path, fake: FakeProvider, *, is_local: bool = False, catalog_url: str = "") -> Place:
    """An installation whose provider is a fake. is_local: a server of one's own, asked one by one."""
    if isinstance(fake, FakeOpenAI):
        setting = fake.base_url if is_local else f"openai+{fake.base_url}"
        return Place(folder, setting, ("gpt-6.1-terra", "gpt-6-luna"), catalog_url=catalog_url).open()
    models = ("claude-sonnet-5-5", "claude-haiku-4-5")
    return Place(folder, f"anthropic+{fake.url}", models, catalog_url=catalog_url).open()


@contextmanager
def opened(folder: Path, fake: FakeProvider, **more: Any) -> Iterator[Place]:
    place = place_of(folder, fake, **more)
    try:
        yield place
    finally:
        place.making.close()
        place.catalog.close()
