"""The golden files of rendered jobs; `python -m tests.training.jobs.goldens` writes them anew.

Data files are not among them: what stands in those is tested with the rows visible.
"""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.trainers.registry import WRITTEN, trainers_of
from pipeline.trainers.trainer import Objective
from pipeline.training.jobs.rendering import render_job
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
ALL_TARGETS = WRITTEN


@dataclass(frozen=True, slots=True)
class Case:
    """Rows and what the job is planned with."""

    rows: Sequence[object]
    targets: tuple[str, ...] = ALL_TARGETS
    options: dict[str, object] = field(default_factory=dict)
    objective: Objective = "sft"


CASES = {
    "chat": Case([*PLAIN, LONG, UNLEARNED], options={"max_length": 1024}),
    "context-only-answers": Case(
        CONTEXT_ONLY, ("trl", "axolotl", "llama-factory", "unsloth"), {"preset": "conservative"}
    ),
    "tools": Case(TOOLS, ("trl", "axolotl", "llama-factory", "openai")),
    "small-gpu": Case(
        PLAIN,
        ("trl", "axolotl", "llama-factory", "unsloth"),
        {"on": gpu("T4", 14, has_bf16=False), "preset": "aggressive", "schedule": "constant"},
    ),
    "two-gpus": Case(PLAIN, ("trl", "axolotl", "llama-factory", "together"), {"gpu_count": 2, "is_packed": True}),
    "full": Case(PLAIN, ("trl", "axolotl", "together"), {"on": gpu("B200", 180), "method": "full"}),
    "preferences": Case(PREFERENCES, trainers_of("preference"), objective="preference"),
    "judgements": Case(JUDGEMENTS, trainers_of("kto"), {"preset": "conservative"}, "kto"),
    "texts": Case(TEXTS, trainers_of("text"), {"max_length": 64}, "text"),
}


def rendered(case: Case) -> dict[str, str]:
    """The text of each file but the data, by path."""
    with tempfile.TemporaryDirectory() as name, ready(Path(name), case.rows) as dataset:
        job = planned(dataset.facts, targets=case.targets, **case.options)
        done = render_job(job, dataset.rows, Path(name) / "job")
        return {
            file.path: (done.folder / file.path).read_text("utf-8")
            for file in done.files
            if not file.path.endswith(".jsonl")
        }


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    for case_name, each in CASES.items():
        for path, text in rendered(each).items():
            place = FOLDER / case_name / f"{path}.golden"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
