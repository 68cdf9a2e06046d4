"""What trainings that have ended were measured at, and how it corrects the next estimates of their owner."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline.catalogues.by_name import find_gpu, find_model
from pipeline.errors import UsageError
from pipeline.settings import Settings
from pipeline.state.catalog.attempt_records import Attempt, NewMeasurement
from pipeline.state.catalog.catalog import Catalog
from pipeline.trainers.job import TrainingJob
from pipeline.training.considering import Catalogues
from pipeline.training.estimates.estimate import estimate
from pipeline.training.job_estimate import workload_of
from pipeline.training.own_runs import OwnRun

_LONGEST_STEP_S = 86_400.0
# Of a GPU's name in the catalogue: its memory and form, which drivers spell in other ways; words that tell kinds apart.
_NOT_THE_CHIP = re.compile(r"\d+gb|sxm\d?|pcie|nvl|hbm\d?e?")
_KINDS = {"ti", "super", "laptop", "ada", "max"}
_TOLD_OR_NOT = {"rtx"}


def with_own_runs(catalogues: Catalogues, catalog: Catalog, user_id: str) -> Catalogues:
    """The catalogues with what an owner's trainings were measured at."""
    runs = [
        OwnRun(
            each.base_model,
            each.gpu,
            each.gpu_count,
            each.method,
            each.trainer,
            each.step_time_s,
            each.expected_step_time_s,
        )
        for each in catalog.measurements_of(user_id)
    ]
    return replace(catalogues, own_runs=tuple(runs))


def measured(
    attempt: Attempt, job: TrainingJob, figures: Mapping[str, Any], settings: Settings
) -> NewMeasurement | None:
    """What a training was measured at, from what its trainer wrote last; None where it ran elsewhere than was planned.

    figures: with `gpu`, as the driver calls it, and `step_time_s`, the median of its steps.
    """
    step_time_s, gpu_name = figures.get("step_time_s"), figures.get("gpu")
    if not isinstance(step_time_s, float) or not 0 < step_time_s < _LONGEST_STEP_S or not isinstance(gpu_name, str):
        return None
    if attempt.resumed_from is not None or not is_same_gpu(job.hardware.gpu, gpu_name):
        return None
    try:
        model, gpu = find_model(job.base_model, settings.models_file), find_gpu(job.hardware.gpu, settings.gpus_file)
    except UsageError:
        return None  # the catalogue knows it no longer
    workload = workload_of(job, model, gpu)
    if not job.is_packed:
        mean = max(1, min(job.max_length, round(job.data.train_tokens / job.data.train_rows)))
        workload = replace(workload, sequence_length=mean)
    expected = estimate(workload).step_time_s
    peak = figures.get("peak_memory_gb")
    if expected is None:
        return None
    return NewMeasurement(
        attempt_id=attempt.id,
        base_model=job.base_model,
        gpu=job.hardware.gpu,
        gpu_count=job.hardware.gpu_count,
        method=job.method,
        trainer=attempt.trainer,
        step_time_s=step_time_s,
        expected_step_time_s=expected.expected,
        peak_memory_gb=peak if isinstance(peak, float) else None,
    )


def is_same_gpu(planned: str, found: str) -> bool:
    """Whether a driver's name is that of a GPU of the catalogue.

    >>> is_same_gpu("A100-80GB-SXM", "NVIDIA A100-SXM4-80GB"), is_same_gpu("RTX-4060-8GB", "NVIDIA GeForce RTX 4060 Ti")
    (True, False)
    """
    wanted, words = _words(planned), _words(found)
    if (wanted - _TOLD_OR_NOT) - words or (wanted ^ words) & _KINDS:
        return False
    return _same_where_told(planned, found, r"(\d+) ?gb") and _same_where_told(planned, found, r"(sxm|pcie|nvl)")


def _words(name: str) -> set[str]:
    words = re.split(r"[\s_-]+", name.casefold())
    return {word for word in words if not _NOT_THE_CHIP.fullmatch(word)}


def _same_where_told(planned: str, found: str, pattern: str) -> bool:
    """Drivers tell the memory and the form of some GPUs alone."""
    first, second = re.search(pattern, planned.casefold()), re.search(pattern, found.casefold())
    return first is None or second is None or first[1] == second[1]
