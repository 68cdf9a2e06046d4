"""An installation with a batch of conversations, some of them made badly, and the fake provider that made them.

What is in it is the same each time; its clock stands at a day of the past.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from typer.testing import Result

from pipeline.flow.generation.training_file_building import build
from pipeline.generation.wish import PlanWish
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.generation_records import Batch, MadeQuery, TrainingFile
from tests.cli.goldens import run
from tests.fakes.openai import FakeOpenAI
from tests.fakes.provider import KEY, Asked
from tests.flow.generation.places import opened
from tests.flow.generation.writer import answer

OWNER = "ann"
WISH = {
    "items": 8,
    "seed": 3,
    "tiers": ("scenario", "edge_case"),
    "topics": ("pocket_money", "falling_markets", "first_budget", "emergency_savings", "moving_costs"),
}
_MADE_BADLY, _NEVER_MADE = "When investments lose value", "Teaching children about money"
_WITH_IDS = ("planning", "submitting", "training_file_building")  # modules of `pipeline.flow.generation` that give them


@dataclass(frozen=True, slots=True)
class MadeInstallation:
    """What tests speak with. batch: one that has ended; file: a training file of it."""

    folder: Path
    fake: FakeOpenAI
    batch: Batch
    file: TrainingFile

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LORA_DATA_DIR": str(self.folder),
            "LORA_DEFAULT_OWNER": OWNER,
            "LORA_LLM": self.batch.provider,
            "LORA_LLM_MODEL": self.batch.model,
            "LORA_LLM_API_KEY": KEY,
            "NO_COLOR": "1",
        }

    def run(
        self, *arguments: str, columns: int = 200, says: bytes = b"", more: Mapping[str, str] | None = None
    ) -> Result:
        """Run a command on it. says: what a person types when they are asked."""
        return run(arguments, {**self.environment, "COLUMNS": str(columns), **(more or {})}, says)

    def shown(self, arguments: Sequence[str], columns: int) -> str:
        """What a command prints, with the same places each time."""
        result = self.run(*arguments, columns=columns)
        text = f"{result.stdout}-- exit {result.exit_code}\n{result.stderr}"
        return text.replace(str(self.folder), "DATA").replace(self.batch.provider, "PROVIDER")

    def copied(self, folder: Path) -> "MadeInstallation":
        """The same once more, for a test that changes it."""
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder)

    @contextmanager
    def catalog(self) -> Iterator[Catalog]:
        with Catalog.open(f"sqlite:///{self.folder / 'catalog.db'}") as opened:
            yield opened


def faulty(asked: Asked) -> str:
    """Of one topic a conversation in which a place was left open, of another one nothing that can be read."""
    text = answer(asked)
    if _MADE_BADLY in asked.prompt:
        return text.replace('"content": "The ', '"content": "Dear [Your name], the ', 1)
    return text[:200] if _NEVER_MADE in asked.prompt else text


@dataclass(slots=True)
class _Ids:
    """The same ones each time, in the place of random ones."""

    random: Random = field(default_factory=lambda: Random(7))

    def uuid4(self) -> UUID:
        return UUID(int=self.random.getrandbits(128))


@contextmanager
def made_installation(folder: Path) -> Iterator[MadeInstallation]:
    with FakeOpenAI(answer=faulty) as fake:
        with opened(folder, fake) as place, pytest.MonkeyPatch.context() as patch:
            ids = _Ids()
            for module in _WITH_IDS:
                patch.setattr(f"pipeline.flow.generation.{module}.uuid", ids)
            batch = place.batch(name="spring", budget=2_000_000_000, plan=PlanWish(**WISH))
            place.work()
            file, _chosen = build(place.catalog, place.making.lake, OWNER, "money-talk", MadeQuery(), place.clock())
            ended = place.catalog.get_batch(batch.id)
        fake.answer = answer
        yield MadeInstallation(folder, fake, ended, file)


GOLDENS: Mapping[str, tuple[int, Sequence[str]]] = {
    "batches": (80, ["generate", "status"]),
    "batches.wide": (120, ["generate", "status"]),
    "batch": (80, ["generate", "status", "spring"]),
    "failures": (80, ["generate", "failures", "spring", "--type", "truncation"]),
    "failure": (120, ["generate", "failures", "spring", "--raw", "--limit", "1"]),
    "conversations": (80, ["conversations", "list", "--batch", "spring"]),
    "conversations.wide": (120, ["conversations", "list", "--finding", "placeholder"]),
    "conversation": (80, ["conversations", "show", "{batch}.1"]),
    "training-file-preview": (80, ["training-files", "preview", "--tier", "edge_case"]),
    "training-files": (80, ["training-files", "list"]),
    "training-file": (120, ["training-files", "show", "money-talk"]),
    "table": (80, ["introspect", "conversation_reviews"]),
}
"""Columns of the terminal, and the command; the file of each is `tests/golden/generation/<name>.txt`."""


def golden(made: MadeInstallation, name: str) -> str:
    columns, arguments = GOLDENS[name]
    return made.shown([each.format(batch=made.batch.id) for each in arguments], columns)


FOLDER = Path(__file__).resolve().parent.parent / "golden" / "generation"

if __name__ == "__main__":
    import tempfile

    from tests.golden_names import chosen_goldens

    with tempfile.TemporaryDirectory() as temporary, made_installation(Path(temporary)) as installation:
        for each in chosen_goldens(GOLDENS):
            (FOLDER / f"{each}.txt").write_text(golden(installation, each), "utf-8")
