"""What the runner starts for a job: the trainer's command, in which folder, and what it is told on the way."""

from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.state.catalog.statuses import LauncherName
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.registry import HOSTED
from pipeline.trainers.rendered import renderer

RESUMABLE = ("trl",)
"""Whose scripts go on from a checkpoint when told to (`--resume`)."""
JOURNALLING = ("trl",)
"""Whose scripts write the journal themselves; of the others the runner reads their own files."""
_OUTPUT = "output"


def trainer_of(job: TrainingJob, wanted: str | None, launcher: LauncherName) -> str:
    """The trainer whose files are run: the one wanted, else the first that the launcher can run.

    Raises:
        UsageError: the job has no files for it, or it cannot be run there.
    """
    is_hosted = launcher == "hosted"
    trainer = wanted or next((each for each in job.targets if (each in HOSTED) == is_hosted), job.targets[0])
    if trainer not in job.targets:
        raise UsageError(f"expected a trainer of the job ({', '.join(job.targets)}), found {trainer}")
    if trainer in HOSTED and not is_hosted:
        raise UsageError(
            f"expected a trainer that runs on a machine, found {trainer}, who trains itself: have its provider do it "
            "(--launcher hosted)"
        )
    if is_hosted and (trainer not in HOSTED or len(job.targets) > 1):
        raise UsageError(
            f"expected a job for one provider alone, of which it is known what it costs, found one for "
            f"{', '.join(job.targets)}: make one (--target {trainer if trainer in HOSTED else 'PROVIDER'})"
        )
    return trainer


def runner_spec(
    attempt_id: str, job: TrainingJob, trainer: str, *, resume: bool = False, base_model: Path | None = None
) -> dict[str, Any]:
    """What `runner.py` reads: paths relative to the attempt's folder.

    base_model: a folder with a copy of it, instead of the model hub.

    Raises:
        UsageError: the trainer cannot go on from a checkpoint, or takes no copy.
    """
    known = renderer(trainer, job.objective)
    command = known.command(job) if known.command else []
    if resume and trainer not in RESUMABLE:
        raise UsageError(
            f"expected a training with {' or '.join(RESUMABLE)} to go on from a checkpoint, found {trainer}: start it "
            "anew, or go on by hand as its explain.md says"
        )
    if base_model is not None and trainer in RESUMABLE:
        command += ["--model", str(base_model)]
    return {
        "attempt": attempt_id,
        "command": [*command, "--resume"] if resume else command,
        "folder": f"job/{trainer}",
        "output": _OUTPUT,
        "has_own_files": trainer not in JOURNALLING,
        "environment": {"TOKENIZERS_PARALLELISM": "false", "PYTHONUNBUFFERED": "1"},
    }
