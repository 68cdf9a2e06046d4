"""How far step times that were measured on a GPU lie from the physics, and how sure that makes an estimate.

The nearest rows count: of the same GPU, method and trainer, or kind of trainer; else of the GPU and kind of trainer.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.trainers.workload import Workload
from pipeline.training.estimates.constants import Constants
from pipeline.training.estimates.measurements import Measurement
from pipeline.training.estimates.sharing import is_fused
from pipeline.training.estimates.step_time import step_time_s

_DOUBTED_ROWS = 1  # so many rows in favour of the physics are added to those measured
# Factors between which more than 90 % of runs of a model or GPU never seen lie: see docs/accuracy.md.
_SAME_METHOD, _SAME_GPU, _UNSEEN_GPU = 1.35, 1.5, 1.7
# So much wider for mixtures of experts: the trainer's kernels decide. Qwen3-30B-A3B in full on 16 A100 made 853 tokens
# a second and GPU with Megatron's and 90 with a loop over the experts (ms-swift, Megatron-SWIFT quick start).
_MIXTURE = 2.5


@dataclass(frozen=True, slots=True)
class Calibration:
    """How measurements of a GPU correct a time."""

    factor: float
    """Of the physics' time."""
    spread: float
    """The time is likely between a spread-th and spread times as much."""
    basis: str
    is_from_data_sheet: bool = False


def calibrate(workload: Workload, constants: Constants, measurements: Sequence[Measurement]) -> Calibration:
    """What the measurements say of the step time of such workloads."""
    found = _of_gpu(workload, constants, measurements)
    if workload.model.experts == 1:
        return found
    basis = f"{found.basis}; half the speed of a dense model with as many active parameters is assumed"
    return replace(found, spread=found.spread * _MIXTURE, basis=basis)


def _of_gpu(workload: Workload, constants: Constants, measurements: Sequence[Measurement]) -> Calibration:
    timed = [row for row in measurements if row.step_time_s and row.set != "check" and _is_near(row, workload)]
    timed = [row for row in timed if row.trainer == workload.trainer] or timed
    same = [row for row in timed if row.workload.method == workload.method]
    gpu, kind = workload.gpu, workload.trainer or ("fused" if is_fused(workload) else "plain")
    if not timed:
        return Calibration(
            1.0,
            _UNSEEN_GPU,
            f"step time: no measured rows of {gpu.name} with {kind} kernels; from its data sheet "
            f"({gpu.bandwidth_gb_per_s:g} GB/s), its matrix products ({gpu.reached_tflops:g} TFLOP/s) and rules fitted "
            "to other GPUs",
            is_from_data_sheet=True,
        )
    rows = same or timed
    ratios = [math.log(row.step_time_s / step_time_s(row.workload, constants)) for row in rows if row.step_time_s]
    factor = math.exp(sum(ratios) / (len(ratios) + _DOUBTED_ROWS))
    return Calibration(
        factor,
        _SAME_METHOD if same else _SAME_GPU,
        f"step time: rules times {factor:.2f}, from {len(rows)} measured rows of {gpu.name}, {kind} kernels, "
        f"{workload.method if same else 'other methods'}: {_sources(rows)}",
    )


def _is_near(row: Measurement, workload: Workload) -> bool:
    return row.workload.gpu.name == workload.gpu.name and is_fused(row.workload) == is_fused(workload)


def _sources(rows: Sequence[Measurement]) -> str:
    models: dict[str, dict[str, None]] = {}
    for row in rows:
        models.setdefault(row.source, {})[row.workload.model.name] = None
    return "; ".join(f"{', '.join(names)} ({source})" for source, names in models.items())
