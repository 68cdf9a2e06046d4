"""A job read back from its `job.json`: the choices that make it again, and whether what they made is the same.

The file is never trusted: its values go the way of values set by hand, so every check of theirs holds; of its reasons
only those of the values that were made are taken, and of its warnings none.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from pipeline.errors import UsageError
from pipeline.trainers.job import DEFAULT_OPENAI_MODEL, TrainingJob
from pipeline.trainers.overrides import KEYS
from pipeline.training.jobs.explanations import BY_HAND
from pipeline.training.setup import Setup

_OF_ONE_DATASET = {"job_id", "name", "explanations", "warnings"}
_IDENTITY = {"dataset_id", "dataset_name"}
_MOST_BATCH = 2**31 - 1  # rows a step; what may be set is less, but a product of larger numbers may have no text
_MOST_REASON = 1_000  # characters; ours have at most some hundred


def read_job(path: Path) -> TrainingJob:
    """Read a `job.json`.

    Raises:
        UsageError: there is none, or it describes no job; says where.
    """
    try:
        job = TrainingJob.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: expected a job.json, {(error.strerror or str(error)).lower()}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise UsageError(
            f"{path}: expected a job.json of lora-pipeline, found at {place}: {first['msg'].lower()}"
        ) from None
    if (job.adapter is None) != (job.method == "full"):
        found = "null" if job.adapter is None else "one"
        raise UsageError(f"{path}: expected an adapter for lora or qlora alone, found {found} for {job.method}")
    if _batch(job) > _MOST_BATCH:
        raise UsageError(f"{path}: expected at most {_MOST_BATCH:,} rows a step, found more")
    return job


def setup_of(job: TrainingJob, overrides: Mapping[str, str] | None = None) -> Setup:
    """The set-up that makes this job again of the same rows. overrides: what is set; None for all that was chosen."""
    if overrides is None:
        overrides = {name: _text(value) for name in KEYS if (value := _chosen(job, name)) is not None}
    return Setup(
        model=job.base_model,
        preset=job.preset,
        gpu=job.hardware.gpu,
        gpu_count=job.hardware.gpu_count,
        method=job.method,
        targets=job.targets,
        overrides=overrides,
    )


def set_by_hand(job: TrainingJob) -> dict[str, str]:
    """What a person set of it, by its reasons; the values are those that the job has."""
    because = {each.setting: each.because for each in job.explanations}
    names = [name for name, key in KEYS.items() if because.get(key.setting, "").startswith(BY_HAND)]
    # Of the rows a step, what is explained is how often a micro batch is gathered.
    if because.get("optimisation.gradient_accumulation", "").endswith(f", {BY_HAND}"):
        names.append("effective_batch")
    return {name: _text(value) for name in names if (value := _chosen(job, name)) is not None}


def as_written(made: TrainingJob, written: TrainingJob) -> TrainingJob:
    """The job that was made, with the reasons that its file gives for the same values.

    Raises:
        UsageError: values differ, as other versions and catalogues would choose them; names them.
    """
    if differing := _differing(made, written):
        raise UsageError(
            f"job.json: expected the values that are chosen here, found others: {'; '.join(differing)}; it was made by "
            "another version, or with other catalogues: make it anew with --model"
        )
    told = {(each.setting, each.value): each.because for each in written.explanations}
    reasons = [told.get((each.setting, each.value), each.because) for each in made.explanations]
    explanations = tuple(
        each.model_copy(update={"because": because if len(because) <= _MOST_REASON else each.because})
        for each, because in zip(made.explanations, reasons, strict=True)
    )
    return made.model_copy(update={"explanations": explanations})


def _chosen(job: TrainingJob, name: str) -> object:
    """The value of a key; None where the job has none, or that which it has anyway."""
    if name == "effective_batch":
        return _batch(job)
    if name == "openai_model" and job.openai_model == DEFAULT_OPENAI_MODEL:
        return None
    value: object = job
    for part in KEYS[name].setting.split("."):
        value = getattr(value, part, None)
    return None if value == "" else value


def _batch(job: TrainingJob) -> int:
    return job.optimisation.micro_batch * job.optimisation.gradient_accumulation * job.hardware.gpu_count


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _differing(made: TrainingJob, written: TrainingJob) -> list[str]:
    here, there = _values(made), _values(written)
    names = sorted(here.keys() | there.keys())  # parts that one lacks have no values there
    return [
        f"{name} {there.get(name)!r}, here {here.get(name)!r}" for name in names if here.get(name) != there.get(name)
    ]


def _values(job: TrainingJob) -> dict[str, object]:
    """Every value that is not of the dataset's name, by its path."""
    found: dict[str, object] = {}
    for name, value in job.model_dump(mode="json", exclude=_OF_ONE_DATASET | {"data"}).items():
        found |= {f"{name}.{part}": each for part, each in value.items()} if isinstance(value, dict) else {name: value}
    data = job.data.model_dump(mode="json", exclude=_IDENTITY)
    return found | {f"data.{part}": each for part, each in data.items()}
