"""An installation in which conversations were made for ann, by a fake of a provider: once, and copied for each user."""

import atexit
import json
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from pipeline.flow.generation.installing import making_of
from pipeline.settings import Settings, load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import make_lake
from tests.fakes.anthropic import FakeAnthropic
from tests.fakes.provider import Asked
from tests.flow.generation.places import opened
from tests.flow.generation.writer import answer
from tests.service.serving import SECRET

ITEMS = 8
LOST, ODD = 3, 5
"""Numbers of an item of which nothing comes, and of one that speaks of how it was made."""
SETTINGS = {
    "jwt_secret": SECRET,
    "requests_per_minute": 100_000,
    "llm": "anthropic",
    "llm_model": "claude-sonnet-5-5",
    "llm_judging_model": "claude-haiku-4-5",
}


@dataclass(frozen=True)
class Made:
    """settings: of a copy of its own. batch_id: of a batch that is completed. bill: what the provider takes for it."""

    settings: Settings
    batch_id: str
    bill: int

    def conversation(self, number: int) -> str:
        return f"{self.batch_id}.{number}"

    def catalog(self) -> Catalog:
        return Catalog.open(self.settings.catalog_url)

    def making(self, catalog: Catalog) -> Any:
        return making_of(catalog, make_lake(self.settings), self.settings, {})


def copied(folder: Path, **chosen: object) -> Made:
    """A copy in a folder that is not there yet."""
    source, batch_id, bill = _made()
    shutil.copytree(source, folder)
    return Made(load_settings(data_dir=folder, **SETTINGS | chosen), batch_id, bill)


@cache
def _made() -> tuple[Path, str, int]:
    folder = Path(mkdtemp(prefix="lora-made-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with FakeAnthropic(answer=written) as fake, opened(folder, fake) as place:
        batch = place.batch(ITEMS)
        place.work()
        return folder, batch.id, fake.total_nano_usd()


def written(asked: Asked) -> str:
    """What its model answers."""
    number, text = (asked.custom_id or "").rpartition("-")[2], answer(asked)
    if '"title"' not in text:
        return text
    if number == str(LOST):
        return "I would rather not."
    told = json.loads(text)
    if number == str(ODD):
        told["turns"][0]["content"] += " This is a training conversation."
    return json.dumps(told)
