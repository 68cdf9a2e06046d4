"""Plans a job: the rules, in order, from a dataset, a base model, a preset and a GPU to every value of a training.

Pure: same inputs, same job, same id. Each value carries the sentence that says why; what is set by hand says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pipeline.catalogues.gpus import Gpu
from pipeline.catalogues.models import BaseModelSpec
from pipeline.errors import UsageError
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.objectives import (
    JUDGED,
    TEXT_MAX_LENGTH,
    check_settings,
    least_micro_batch,
    objective_of,
    sequences_per_row,
)
from pipeline.trainers.overrides import parse_overrides
from pipeline.trainers.registry import CHUNKING, HOSTED, SHARDING
from pipeline.trainers.target_name import TargetName
from pipeline.trainers.workload import LossKernel, Method, Workload
from pipeline.training.estimates import Estimate, estimate
from pipeline.training.jobs.assembling import assemble
from pipeline.training.jobs.dataset_facts import DatasetFacts
from pipeline.training.jobs.explanations import Explanations
from pipeline.training.jobs.inputs import Inputs
from pipeline.training.jobs.job_refusals import DoesNotFit, check_targets
from pipeline.training.jobs.offered import offered_methods
from pipeline.training.jobs.placing import Estimator, Placement, Wish, explain_misfit, place
from pipeline.training.jobs.preset_rules import (
    Chosen,
    Pace,
    choose_epochs,
    choose_length,
    choose_rank,
    cut_sentence,
    reach_steps,
)
from pipeline.training.presets import Preset


def plan_job(
    facts: DatasetFacts,
    model: BaseModelSpec,
    gpu: Gpu,
    gpu_count: int,
    preset: Preset,
    method: Method | None,
    targets: Sequence[TargetName],
    overrides: Mapping[str, str],
    *,
    estimate: Estimator = estimate,
    other_gpus: Iterable[Gpu] = (),
) -> TrainingJob | DoesNotFit:
    """The job, or by how much it is too large for the GPU and what would fit.

    method: None for LoRA where it fits, else QLoRA. overrides: see `overrides.KEYS`. other_gpus: those to name when
    this one is too small. estimate: what says how much memory a workload takes.

    Raises:
        TargetRefuses: a trainer does not take the dataset; names the findings.
        UsageError: there is nothing to train on, or an override is not known or out of its range.
    """
    own = parse_overrides(overrides)
    check_targets(facts, targets, model)
    objective = objective_of(facts.format)
    check_settings(objective, own, method, can_chunk=set(targets) <= CHUNKING)
    if facts.train_rows < 1:
        raise UsageError(f"{facts.name}: expected rows to train on, found none")
    methods = offered_methods(model, gpu, gpu_count, method, targets)
    inputs = Inputs(facts, model, gpu, gpu_count, preset, tuple(dict.fromkeys(targets)), own)
    notes = Explanations(frozenset(own.values))
    length = _length(inputs, notes)
    rank = _rank(inputs, notes)
    pace = _pace(inputs, notes, length)
    workload = Workload(
        model,
        gpu,
        method or "lora",
        length,
        micro_batch=1,
        gradient_accumulation=1,
        gpu_count=gpu_count,
        rank=rank,
        trainer=next((target for target in inputs.targets if target not in HOSTED), None),
    )
    wish = Wish(
        workload,
        pace.batch.value,
        method or ("lora" if inputs.is_hosted else None),
        own.integer("micro_batch"),
        _kernel(inputs),
        least_micro_batch(objective),
        own.switch("has_gradient_checkpointing"),
        methods,
        can_shard=not inputs.is_hosted and set(inputs.targets) - HOSTED <= SHARDING,
    )
    sequences = sequences_per_row(objective)

    def estimate_rows(workload: Workload) -> Estimate:
        return estimate(replace(workload, micro_batch=workload.micro_batch * sequences))

    placement = _unplaced(wish) if inputs.is_hosted else place(wish, estimate_rows)
    if placement is None:
        return explain_misfit(wish, estimate_rows, facts, tuple(other_gpus))
    return assemble(inputs, notes, pace, placement, method)


def _length(inputs: Inputs, notes: Explanations) -> int:
    own, facts, model = inputs.own.integer("max_length"), inputs.facts, inputs.model
    if own is not None and own > model.context_length:
        raise UsageError(
            f"settings: max_length: expected an integer from 8 to {model.context_length}, which {model.name} reads, "
            f"found {own}"
        )
    chosen = choose_length(facts, model) if own is None else Chosen(own, cut_sentence(facts, own))
    if inputs.objective == "text" and inputs.is_packed:
        value = min(chosen.value, TEXT_MAX_LENGTH) if own is None else own
        chosen = Chosen(value, f"texts are joined and cut into pieces; up to {TEXT_MAX_LENGTH:,} unless set by hand")
    return notes.add("max_length", chosen)


def _rank(inputs: Inputs, notes: Explanations) -> int:
    own = inputs.own.integer("rank")
    chosen = choose_rank(inputs.facts, inputs.model, inputs.preset, inputs.train_tokens)
    return notes.add("adapter.rank", Chosen(own, chosen.because) if own else chosen)


def _pace(inputs: Inputs, notes: Explanations, length: int) -> Pace:
    own, preset, rows = inputs.own, inputs.preset, inputs.facts.train_rows
    is_judged = inputs.objective in JUDGED
    if is_judged:
        preset = preset.of_judgements()
    usual_epochs = choose_epochs(rows, preset)
    if is_judged:
        usual = "where answers are compared one pass is usual (alignment-handbook, TRL), up to three"
        usual_epochs = Chosen(usual_epochs.value, f"{usual_epochs.because}; {usual}")
    epochs, batch = own.integer("epochs"), own.integer("effective_batch")
    usual_batch = Chosen(preset.effective_batch, f"{preset.name} takes {preset.effective_batch} rows a step")
    pace = Pace(
        Chosen(epochs, "") if epochs else usual_epochs,
        Chosen(batch, "") if batch else usual_batch,
        is_epochs_fixed=bool(epochs),
        is_batch_fixed=bool(batch),
    )
    return reach_steps(inputs.count_examples(length), pace, preset.max_epochs, inputs.gpu_count)


def _kernel(inputs: Inputs) -> LossKernel | None:
    """How the loss is computed, where that is not left to the memory."""
    own = inputs.own.text("loss_kernel")
    if own is not None:
        return "chunked" if own == "chunked" else "full"
    if inputs.objective in JUDGED and not set(inputs.targets) <= CHUNKING:
        return "full"  # chunks are of the loss of SFT only, but for TRL
    return "chunked" if set(inputs.targets) - HOSTED <= CHUNKING and not inputs.is_hosted else None


def _unplaced(wish: Wish) -> Placement:
    micro_batch = wish.micro_batch or 1
    accumulation = max(1, wish.batch // (micro_batch * wish.workload.gpu_count))
    workload = replace(wish.workload, micro_batch=micro_batch, gradient_accumulation=accumulation)
    return Placement(workload, "yes", "the provider places the training on its own machines")
