"""The golden files of rendered jobs; `python -m tests.training.jobs.goldens [CASE/TRAINER…]` writes them anew.

A job each, so that a new trainer leaves the files of the others as they are: naming it (`chat/mlx-lm`) makes its
folder, and the folders say which trainers a case has. Data files are not among them: what stands in those is tested
with the rows visible.
"""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.trainers.job import TrainingJob
from pipeline.trainers.registry import DEFAULT, WRITTEN
from pipeline.trainers.trainer import Objective
from pipeline.training.jobs.dataset_facts import DatasetFacts
from pipeline.training.jobs.rendering import render_job
from tests.golden_names import chosen_goldens
from tests.training.jobs.datasets import (
    CONTEXT_ONLY,
    JUDGEMENTS,
    LONG,
    PLAIN,
    PREFERENCES,
    TEXTS,
    TOOLS,
    UNLEARNED,
    ready,
)
from tests.training.jobs.examples import gpu, planned

FOLDER = Path(__file__).parent / "golden"


@dataclass(frozen=True, slots=True)
class Case:
    """Rows and what the job is planned with."""

    rows: Sequence[object]
    options: dict[str, object] = field(default_factory=dict)
    objective: Objective = "sft"
    is_sharded: bool = False

    def job(self, facts: DatasetFacts, targets: tuple[str, ...]) -> TrainingJob:
        """The job that is rendered."""
        job = planned(facts, targets=targets, **self.options)
        hardware = job.hardware.model_copy(update={"is_sharded": self.is_sharded})
        return job.model_copy(update={"hardware": hardware})


CASES = {
    "chat": Case([*PLAIN, LONG, UNLEARNED], {"max_length": 1024}),
    "context-only-answers": Case(CONTEXT_ONLY, {"preset": "conservative"}),
    "tools": Case(TOOLS),
    "small-gpu": Case(PLAIN, {"on": gpu("T4", 14, has_bf16=False), "preset": "aggressive", "schedule": "constant"}),
    "two-gpus": Case(PLAIN, {"gpu_count": 2, "is_packed": True}),
    "full": Case(PLAIN, {"on": gpu("B200", 180), "method": "full"}),
    "preferences": Case(PREFERENCES, objective="preference"),
    "judgements": Case(JUDGEMENTS, {"preset": "conservative"}, "kto"),
    "sharded": Case(PLAIN, {"gpu_count": 2}, is_sharded=True),
    "sharded-qlora": Case(PLAIN, {"gpu_count": 2, "method": "qlora"}, is_sharded=True),
    "texts": Case(TEXTS, {"max_length": 64}, "text"),
}


def targets_of(case: str) -> tuple[str, ...]:
    """The trainers that the case is rendered for."""
    return tuple(name for name in WRITTEN if (FOLDER / case / name).is_dir())


RENDERED = {f"{case}/{target}": (case, target) for case in CASES for target in targets_of(case)}


def golden(case: str, target: str) -> dict[str, str]:
    """The text of each file but the data, by name, as a person last looked at it."""
    folder = FOLDER / case / target
    return {path.name.removesuffix(".golden"): path.read_text("utf-8") for path in folder.glob("*.golden")}


def rendered(case: str, target: str) -> dict[str, str]:
    """The same, as it is written now; `job.json` is the first trainer's alone, since no trainer changes it."""
    with tempfile.TemporaryDirectory() as name, ready(Path(name), CASES[case].rows) as dataset:
        job = CASES[case].job(dataset.facts, (target,))
        done = render_job(job, dataset.rows, Path(name) / "job")
        return {
            Path(file.path).name: (done.folder / file.path).read_text("utf-8")
            for file in done.files
            if not file.path.endswith(".jsonl") and (file.target or target == DEFAULT)
        }


def write(case: str, target: str) -> None:
    """Write them anew."""
    folder = FOLDER / case / target
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in rendered(case, target).items():
        (folder / f"{name}.golden").write_text(text, "utf-8")


if __name__ == "__main__":
    every = {f"{case}/{target}" for case in CASES for target in WRITTEN}
    for each in chosen_goldens(sorted(every)) if sys.argv[1:] else RENDERED:
        write(*each.split("/"))
