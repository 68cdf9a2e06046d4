"""What a training takes besides its steps: loading the model, evaluations, checkpoints, and keeping what was made.

On a small dataset they are most of the time that is paid for. Rates are rules, of what clouds and hubs commonly give,
with wide ranges; each part is named with its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.catalogues.models import BaseModelSpec
from pipeline.trainers.course import EVALUATIONS
from pipeline.trainers.job import TrainingJob
from pipeline.training.estimates.result import Range
from pipeline.training.parameters import adapter_parameters

_STARTING = Range(30, 90, 300)  # seconds to import the libraries, make the tokens and reach the first step
_LOADING = Range(0.1e9, 0.4e9, 2e9)  # bytes a second of weights, from a hub or from a disk
_SAVING = Range(0.2e9, 1e9, 2e9)  # to a disk
_UPLOADING = Range(0.02e9, 0.1e9, 0.5e9)  # to a store
_ALL_EVALUATIONS = EVALUATIONS + 2  # before the first step, and of what is kept, too


@dataclass(frozen=True, slots=True)
class Overhead:
    """A part and its seconds."""

    name: str
    seconds: Range

    def __str__(self) -> str:
        """In minutes."""
        low, expected, high = (each / 60 for each in (self.seconds.low, self.seconds.expected, self.seconds.high))
        return f"{self.name} {expected:.2g} min ({low:.2g} to {high:.2g})"


def overheads(job: TrainingJob, model: BaseModelSpec, step: Range) -> tuple[Overhead, ...]:
    """Each part, in order. step: seconds of a step of rows of the dataset's mean length."""
    return tuple(_parts(job, model, step))


def total(parts: tuple[Overhead, ...]) -> Range:
    """Of all of them, in seconds."""
    return Range(
        sum(part.seconds.low for part in parts),
        sum(part.seconds.expected for part in parts),
        sum(part.seconds.high for part in parts),
    )


def _parts(job: TrainingJob, model: BaseModelSpec, step: Range) -> Iterator[Overhead]:
    loading = _at(2.0 * model.parameters, _LOADING)  # the hub's weights are BF16, quantised on the way
    yield Overhead("start and loading", _sum(_STARTING, loading))
    if job.data.validation_rows:
        yield Overhead(f"{_ALL_EVALUATIONS} evaluations", _evaluating(job, step))
    made = 2.0 * model.parameters if job.adapter is None else 4.0 * adapter_parameters(model, job.adapter.rank)
    # A checkpoint has the two moments of AdamW in FP32, too.
    state = made + 8.0 * (model.parameters if job.adapter is None else adapter_parameters(model, job.adapter.rank))
    yield Overhead("checkpoints", _at(EVALUATIONS * state, _SAVING))
    yield Overhead("upload", _at(made, _UPLOADING))


def _evaluating(job: TrainingJob, step: Range) -> Range:
    """Forward alone: a third of a step without recomputation, a quarter of one with it; on all GPUs."""
    how = job.optimisation
    rows = how.micro_batch * how.gradient_accumulation * job.hardware.gpu_count
    share = (1 / 4 if job.has_gradient_checkpointing else 1 / 3) * _validation_examples(job) / rows * _ALL_EVALUATIONS
    return Range(step.low * share, step.expected * share, step.high * share)


def _validation_examples(job: TrainingJob) -> float:
    """Rows, or packed ones, which have as many tokens a row as those to train on."""
    data = job.data
    if not job.is_packed:
        return data.validation_rows
    return data.validation_rows * data.train_tokens / data.train_rows / job.max_length


def _at(size: float, rate: Range) -> Range:
    return Range(size / rate.high, size / rate.expected, size / rate.low)


def _sum(first: Range, second: Range) -> Range:
    return Range(first.low + second.low, first.expected + second.expected, first.high + second.high)
