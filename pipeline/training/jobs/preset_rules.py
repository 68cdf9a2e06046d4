"""The rules from a dataset and a preset to the values of a job; each gives its value with the sentence that says why.

Pure arithmetic. What fits into a GPU is in `placing.py`, the order of the rules in `choosing.py`.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from pipeline.catalogues.models import BaseModelSpec
from pipeline.dataset.tokens import MAX_LENGTHS
from pipeline.training.jobs.dataset_facts import DatasetFacts
from pipeline.training.parameters import adapter_parameters
from pipeline.training.presets import Preset
from pipeline.wording import count_of

T = TypeVar("T")

FEW_ROWS = 1_000
# The rule of OpenAI's cookbook ("Data preparation and analysis for chat model fine-tuning").
_MIN_EXAMPLES, _MAX_EXAMPLES = 100, 25_000
MIN_STEPS, WARN_STEPS, MIN_BATCH = 100, 30, 4
RSLORA_FROM_RANK = 64
_MAX_RANK = 256
_MAX_SHARE_CUT = 0.01  # rows above the 99th percentile
_FULL_RATE_DIVISOR = 10  # LoRA Without Regret: the best rate of LoRA is about ten times that of full fine-tuning


@dataclass(frozen=True, slots=True)
class Chosen(Generic[T]):
    """A value and why."""

    value: T
    because: str


def choose_epochs(rows: int, preset: Preset) -> Chosen[int]:
    """Passes over the rows."""
    usual, cap = preset.usual_epochs, preset.max_epochs
    if rows * usual < _MIN_EXAMPLES:
        wanted = min(_MIN_EXAMPLES // rows, 25)
        epochs = max(usual, min(wanted, cap))
        return Chosen(
            epochs,
            f"{rows:,} rows are few: {_MIN_EXAMPLES} examples would take {wanted} passes, "
            f"{preset.name} allows up to {cap}",
        )
    if rows * usual > _MAX_EXAMPLES:
        epochs = max(1, _MAX_EXAMPLES // rows)
        return Chosen(
            min(epochs, cap), f"{rows:,} rows are many: no more than {_MAX_EXAMPLES:,} examples, at least one pass"
        )
    return Chosen(usual, f"{preset.name} makes {_passes(usual)} over {rows:,} rows, neither few nor many")


@dataclass(frozen=True, slots=True)
class Pace:
    """Passes and rows a step; is_*_fixed: set by the user, so no rule changes it."""

    epochs: Chosen[int]
    batch: Chosen[int]
    is_epochs_fixed: bool = False
    is_batch_fixed: bool = False


def reach_steps(examples: int, pace: Pace, max_epochs: int, gpu_count: int) -> Pace:
    """Smaller steps, then more passes, until there are enough steps to learn from. examples: rows, or packed ones."""
    least = max(MIN_BATCH, gpu_count)
    batch, epochs = pace.batch.value, pace.epochs.value
    while not pace.is_batch_fixed and count_steps(examples, batch, epochs) < MIN_STEPS and batch // 2 >= least:
        batch //= 2
    first_epochs = epochs
    while not pace.is_epochs_fixed and count_steps(examples, batch, epochs) < MIN_STEPS and epochs < max_epochs:
        epochs += 1
    why_batch, why_epochs = pace.batch.because, pace.epochs.because
    if batch != pace.batch.value:
        few = count_steps(examples, pace.batch.value, first_epochs)
        why_batch = f"halved from {pace.batch.value}, with which there would be {few} of the {MIN_STEPS} steps wanted"
    if epochs != first_epochs:
        few = count_steps(examples, batch, first_epochs)
        why_epochs = f"raised from {first_epochs}, with which there would be {few} of the {MIN_STEPS} steps wanted"
    return Pace(Chosen(epochs, why_epochs), Chosen(batch, why_batch), pace.is_epochs_fixed, pace.is_batch_fixed)


def count_steps(examples: int, batch: int, epochs: int) -> int:
    """Optimiser steps of a whole training; the last step of a pass may be smaller."""
    return -(-examples // batch) * epochs


def choose_length(facts: DatasetFacts, model: BaseModelSpec) -> Chosen[int]:
    """The shortest usual length that at most one row in a hundred exceeds, within what the model reads."""
    usual = [row for row in facts.truncation if row["max_length"] <= model.context_length]
    for row in usual:
        if row["share_cut"] <= _MAX_SHARE_CUT:
            return Chosen(
                row["max_length"],
                "the next of the usual lengths at or above the 99th percentile of rows; "
                + cut_sentence(facts, row["max_length"]),
            )
    longest = max((row["max_length"] for row in usual), default=min(MAX_LENGTHS[0], model.context_length))
    if not usual:
        return Chosen(longest, "the shortest usual length, because the lengths of the rows were not measured")
    limit = "the model reads" if longest * 2 > model.context_length else "was measured"
    return Chosen(longest, f"the longest usual length that {limit}; {cut_sentence(facts, longest)}")


def rows_cut(facts: DatasetFacts, max_length: int) -> tuple[int, int, bool]:
    """Rows cut at a length; those left without supervised tokens; whether the lengths were measured just there.

    Between two measured lengths the shorter one counts: an upper bound. Below all of them any row may be cut.
    """
    measured = [row for row in facts.truncation if row["max_length"] <= max_length]
    if not measured:
        return facts.rows, 0, False
    row = measured[-1]
    return row["rows_cut"], row["rows_without_supervised_tokens"], row["max_length"] == max_length


def cut_sentence(facts: DatasetFacts, max_length: int) -> str:
    """What the length does to the rows."""
    cut, empty, is_exact = rows_cut(facts, max_length)
    bound = "" if is_exact else "at most "
    share = cut / facts.rows if facts.rows else 0
    if not cut:
        return "no row is longer"
    text = f"longer, and cut, {bound}{cut:,} of {facts.rows:,} rows ({share:.2%})"
    return text + (f", {bound}{empty:,} before any answer" if empty else "")


def choose_rank(facts: DatasetFacts, model: BaseModelSpec, preset: Preset, train_tokens: int) -> Chosen[int]:
    """The preset's rank, more where the dataset says more than the adapter can hold."""
    if not preset.has_rank_by_capacity:
        return Chosen(preset.rank, f"{preset.name} trains adapters of rank {preset.rank}")
    rank = preset.rank
    # LoRA Without Regret: a parameter holds about 2 bits, a token of a dataset says about 1.
    while 2 * adapter_parameters(model, rank) < train_tokens and rank < _MAX_RANK:
        rank *= 2
    parameters = adapter_parameters(model, rank)
    relation = "enough" if 2 * parameters >= train_tokens else "not quite enough"
    return Chosen(
        rank,
        f"an adapter of rank {rank} has {parameters:,} parameters, {relation} at 2 bits each for {train_tokens:,} "
        "tokens at 1 bit each",
    )


def choose_rate(model: BaseModelSpec, preset: Preset, is_full: bool) -> Chosen[float]:
    """The learning rate."""
    most = preset.learning_rate.of(model)
    size = f"{model.parameters / 1e9:.1f} billion parameters"
    formula = preset.learning_rate_formula
    wanted = formula.of(model) if formula else None
    if formula is None:
        rate, why = most, f"{preset.name} for a model of {size}"
    elif wanted is None:
        # Nobody has measured the family, so it gets half of the most: what other presets give a model of that size.
        rate, why = most / 2, f"half of the most for {size}, because the exponent of the family is not known"
    else:
        rate = float(f"{min(wanted, most):.3g}")
        why = f"by hidden size {model.hidden_size:,}, {wanted:.3g}, at most {most:g} for {size}"
    if is_full:
        return Chosen(rate / _FULL_RATE_DIVISOR, f"a tenth of the rate of LoRA; {why}")
    return Chosen(rate, why)


def choose_dropout(rows: int, preset: Preset) -> Chosen[float]:
    """The adapter's dropout."""
    if rows < FEW_ROWS and preset.dropout_of_few_rows != preset.dropout:
        return Chosen(
            preset.dropout_of_few_rows,
            f"{rows:,} rows are fewer than {FEW_ROWS:,}: some dropout against learning by heart",
        )
    return Chosen(preset.dropout, f"{preset.name}; {rows:,} rows")


def _passes(epochs: int) -> str:
    return count_of(epochs, "pass", "passes")
