"""Published measurements that estimates are fitted to and judged by: `measurements.csv`, a row each, with its source.

set: `reference` is what accuracy is promised on, `further` is fitted, too; `check` is only compared (rows of varying
length, whose peak depends on their order). Memory is as trainers print it: 2**30 bytes, called GB.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.catalogues import BaseModelSpec, find_gpu, load_models, model_from_dimensions
from pipeline.trainers.workload import LossKernel, Method, Workload

MeasurementSet = Literal["reference", "further", "check"]
_Known = Annotated[float | None, BeforeValidator(lambda text: text or None)]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run. workload.trainer: whose it was."""

    set: MeasurementSet
    trainer: str
    workload: Workload
    peak_memory_gb: float | None
    step_time_s: float | None
    """None where the speed is not known, as is the memory."""
    source: str


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    set: MeasurementSet
    trainer: str = Field(min_length=1)
    model: str
    parameters: int
    layers: int
    hidden_size: int
    intermediate_size: int
    vocabulary: int
    gpu: str
    gpu_count: int
    method: Method
    lora_rank: int
    sequence_length: int
    micro_batch: int
    gradient_accumulation: Annotated[int, BeforeValidator(lambda text: text or 1)]
    gradient_checkpointing: Literal["yes", "no", ""]  # where it is not known it was needed to fit
    sharded: Literal["yes", "no", ""]  # where it is not known, as `is_sharded` has it
    adapted: str  # names of layers with blanks between; all linear ones where there is none
    loss_kernel: LossKernel
    peak_memory_gb: _Known
    step_time_s: _Known
    tokens_per_s_per_gpu: _Known
    source: str = Field(min_length=1)


@cache
def load_measurements() -> tuple[Measurement, ...]:
    """All rows, in the order of the file."""
    text = (files("pipeline.training.estimates") / "measurements.csv").read_text("utf-8")
    return tuple(_measurement(_Row.model_validate(row)) for row in csv.DictReader(text.splitlines()))


def _model(row: _Row) -> BaseModelSpec:
    """A mixture of experts is one of the catalogue; dimensions alone do not make it."""
    known = load_models().get(row.model)
    if known is not None and known.experts > 1:
        return known
    return model_from_dimensions(
        row.parameters, row.layers, row.hidden_size, row.intermediate_size, row.vocabulary, row.model
    )


def _measurement(row: _Row) -> Measurement:
    workload = Workload(
        model=_model(row),
        gpu=find_gpu(row.gpu),
        method=row.method,
        sequence_length=row.sequence_length,
        micro_batch=row.micro_batch,
        gradient_accumulation=row.gradient_accumulation,
        gpu_count=row.gpu_count,
        rank=row.lora_rank,
        has_gradient_checkpointing=row.gradient_checkpointing != "no",
        loss_kernel=row.loss_kernel,
        trainer=row.trainer,
        is_sharded=row.sharded == "yes" if row.sharded else None,
        adapted=tuple(row.adapted.split()),
    )
    step_time_s = row.step_time_s
    if step_time_s is None and row.tokens_per_s_per_gpu:
        step_tokens = row.sequence_length * row.micro_batch * row.gradient_accumulation
        step_time_s = step_tokens / row.tokens_per_s_per_gpu
    return Measurement(row.set, row.trainer, workload, row.peak_memory_gb, step_time_s, row.source)
