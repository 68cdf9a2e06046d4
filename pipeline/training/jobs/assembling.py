"""Puts the chosen values together into a job, each with its reason, and says what to be warned of."""

from collections.abc import Iterable

from pipeline.catalogues.models import BaseModelSpec
from pipeline.errors import UsageError
from pipeline.trainers.job import DEFAULT_OPENAI_MODEL, Adapter, Hardware, JobData, Optimisation, Targets, TrainingJob
from pipeline.trainers.objectives import JUDGED, TITLES
from pipeline.trainers.registry import BY_NAME, CHUNKING, HOSTED, are_hosted
from pipeline.trainers.workload import Method, Workload
from pipeline.training.jobs.explanations import BY_HAND, Explanations
from pipeline.training.jobs.inputs import Inputs
from pipeline.training.jobs.job_identity import job_id
from pipeline.training.jobs.placing import Placement
from pipeline.training.jobs.preset_rules import (
    MIN_STEPS,
    RSLORA_FROM_RANK,
    WARN_STEPS,
    Chosen,
    Pace,
    choose_dropout,
    choose_rate,
    count_steps,
    rows_cut,
)
from pipeline.training.parameters import expert_rank
from pipeline.wording import count_of


def assemble(
    inputs: Inputs, notes: Explanations, pace: Pace, placement: Placement, method: Method | None
) -> TrainingJob:
    """The job of a placed workload, with its id."""
    facts, model, workload = inputs.facts, inputs.model, placement.workload
    notes.add("method", Chosen(workload.method, _why_method(workload, method, inputs.is_hosted)))
    adapter = _adapter(inputs, notes, workload)
    optimisation = _optimisation(inputs, notes, pace, placement)
    is_joined = inputs.objective == "text" and inputs.is_packed  # then every token is read
    cut, empty, _ = (0, 0, True) if is_joined else rows_cut(facts, workload.sequence_length)
    job = TrainingJob(
        job_id="-",
        name=f"{facts.name}, {model.name}, {inputs.preset.name}",
        targets=inputs.targets,
        preset=inputs.preset.name,
        objective=inputs.objective,
        base_model=model.name,
        hub_id=model.hub_id,
        chat_template=model.template,
        openai_model=inputs.own.text("openai_model") or DEFAULT_OPENAI_MODEL,
        together_model=inputs.own.text("together_model") or "",
        method=workload.method,
        max_length=workload.sequence_length,
        is_packed=inputs.is_packed,
        has_gradient_checkpointing=workload.has_gradient_checkpointing,
        loss_kernel=workload.loss_kernel,
        beta=_beta(inputs, notes),
        data=JobData(
            dataset_id=facts.id,
            dataset_name=facts.name,
            content_sha256=facts.content_sha256,
            format=facts.format,
            train_rows=facts.train_rows,
            validation_rows=facts.validation_rows,
            train_tokens=inputs.train_tokens,
            rows_truncated=cut,
            rows_without_supervised_tokens=empty,
        ),
        adapter=adapter,
        optimisation=optimisation,
        auto_class=model.family.auto_class,
        layer_class=model.family.layer_class,
        own_quantisation=model.family.own_quantisation,
        hardware=Hardware(
            gpu=inputs.gpu.name,
            gpu_count=inputs.gpu_count,
            has_bf16=inputs.gpu.has_bf16,
            is_sharded=bool(workload.is_sharded),
        ),
    )
    _note_switches(job, notes)
    explained = job.model_copy(
        update={"explanations": notes.all(), "warnings": tuple(_warnings(job, inputs, placement))}
    )
    return explained.model_copy(update={"job_id": job_id(explained)})


def _adapter(inputs: Inputs, notes: Explanations, workload: Workload) -> Adapter | None:
    own, preset = inputs.own, inputs.preset
    if workload.method == "full":
        notes.drop("adapter.rank")
        return None
    rank = workload.rank
    scaled = max(1, round(preset.alpha * rank / preset.rank))
    alpha = own.integer("alpha") or scaled
    notes.add("adapter.alpha", Chosen(alpha, f"{preset.alpha / preset.rank:g} times the rank in {preset.name}"))
    dropout = own.number("dropout")
    chosen = choose_dropout(inputs.facts.train_rows, preset)
    if inputs.objective in JUDGED:
        chosen = Chosen(0.0, "answers are compared by their probabilities, which dropout would blur")
    has_experts = inputs.model.experts > 1
    if has_experts:
        if dropout:
            raise UsageError("settings: dropout: expected 0 for a mixture of experts, whose stacks take none (PEFT)")
        chosen = Chosen(0.0, "stacks of experts take no dropout")
    kept = notes.add("adapter.dropout", chosen if dropout is None else Chosen(dropout, chosen.because))
    own_switch = own.switch("is_rank_stabilised")
    is_stabilised = rank >= RSLORA_FROM_RANK if own_switch is None else own_switch
    why = f"from rank {RSLORA_FROM_RANK} the usual scaling by alpha / rank slows learning, so alpha / √rank is used"
    notes.add("adapter.is_rank_stabilised", Chosen(is_stabilised, why))
    return Adapter(
        targets=_targets(inputs.model, notes, rank),
        rank=rank,
        alpha=alpha,
        dropout=kept,
        is_rank_stabilised=is_stabilised,
    )


def _targets(model: BaseModelSpec, notes: Explanations, rank: int) -> Targets:
    """Which weights are adapted; all linear layers need not be named."""
    family, is_mixture = model.family, model.experts > 1
    linear = [matrix for matrix in model.structure.matrices if matrix.kind in ("linear", "gate")]
    if not is_mixture and not family.is_vision and all(matrix in model.adapted for matrix in linear):
        notes.add("adapter.targets", Chosen("all linear layers", "as much is learned as by full fine-tuning that way"))
        return Targets()
    named = ", ".join(path.rpartition(".")[2] for path in (*family.adapted, *family.experts))
    why = ["the layers that learn"]
    if family.is_vision:
        why.append("a vision tower, whose layers have the same names, stays as it is")
    if is_mixture:
        narrow = expert_rank(model, rank)
        why.append(f"experts have rank {narrow} each, {rank} shared out over the {model.active_experts} a token passes")
        why.append("what chooses experts is left alone")
    notes.add("adapter.targets", Chosen(named, "; ".join(why)))
    return Targets(
        modules=family.adapted,
        experts=family.experts if is_mixture else (),
        expert_rank=expert_rank(model, rank) if is_mixture else 1,
        is_vision=family.is_vision,
    )


def _optimisation(inputs: Inputs, notes: Explanations, pace: Pace, placement: Placement) -> Optimisation:
    own, preset, workload = inputs.own, inputs.preset, placement.workload
    rate = choose_rate(inputs.model, preset, workload.method == "full")
    if inputs.objective in JUDGED:
        rate = Chosen(preset.judged.learning_rate, f"{preset.name} for {TITLES[inputs.objective]}")
    own_rate = own.number("learning_rate")
    notes.add("optimisation.learning_rate", rate if own_rate is None else Chosen(own_rate, rate.because))
    values = {
        name: preset_value if (given := own.number(name)) is None else given
        for name, preset_value in (
            ("warmup_share", preset.warmup_share),
            ("weight_decay", preset.weight_decay),
            ("max_grad_norm", preset.max_grad_norm),
        )
    }
    schedule = own.text("schedule") or preset.schedule
    notes.add("optimisation.schedule", Chosen(schedule, preset.name))
    for name, value in values.items():
        notes.add(f"optimisation.{name}", Chosen(value, preset.name))
    notes.add("optimisation.epochs", pace.epochs)
    batch = workload.micro_batch * workload.gradient_accumulation * inputs.gpu_count
    notes.add("optimisation.micro_batch", Chosen(workload.micro_batch, placement.memory_because))
    is_own = "effective_batch" in own.values
    why = f"{batch} rows a step over {count_of(inputs.gpu_count, 'GPU')}"
    why += f", {BY_HAND}" if is_own else f": {pace.batch.because}"
    notes.add("optimisation.gradient_accumulation", Chosen(workload.gradient_accumulation, why))
    steps = count_steps(inputs.count_examples(workload.sequence_length), batch, pace.epochs.value)
    notes.add(
        "optimisation.steps",
        Chosen(steps, f"{pace.epochs.value} × {inputs.facts.train_rows:,} rows in steps of {batch}"),
    )
    seed = own.integer("seed")
    notes.add("optimisation.seed", Chosen(42 if seed is None else seed, "the same data in the same order every time"))
    return Optimisation.model_validate(
        {
            "learning_rate": rate.value if own_rate is None else own_rate,
            "schedule": schedule,
            **values,
            "epochs": pace.epochs.value,
            "micro_batch": workload.micro_batch,
            "gradient_accumulation": workload.gradient_accumulation,
            "steps": steps,
            "seed": 42 if seed is None else seed,
        }
    )


def _beta(inputs: Inputs, notes: Explanations) -> float | None:
    if inputs.objective not in JUDGED:
        return None
    own, usual = inputs.own.number("beta"), inputs.preset.judged.beta
    why = f"{inputs.preset.name}; the more, the closer it keeps to the base model"
    return notes.add("beta", Chosen(usual if own is None else own, why))


def _why_method(workload: Workload, method: Method | None, is_hosted: bool) -> str:
    if method:
        return "asked for"
    if is_hosted:
        return "what the provider trains"
    if workload.method == "lora":
        return f"fits into a {workload.gpu.name} without quantising the base model, which is quicker"
    return f"LoRA does not surely fit into a {workload.gpu.name}; with the base model in 4 bits it does"


def _note_switches(job: TrainingJob, notes: Explanations) -> None:
    packing = "each row stands alone, so that no answer is learned from another conversation's context"
    if job.objective == "text":
        packing = "texts are joined and cut at the length, so that nothing of a long one is left out"
    elif job.is_packed and all(BY_NAME[target].bills_full_rows for target in job.targets):
        packing = "the provider packs by default, and bills a row that is not packed at its full length"
    notes.add("is_packed", Chosen(job.is_packed, packing))
    checkpointing = "all activations fit, so that none is recomputed, which would take a third more arithmetic"
    if job.has_gradient_checkpointing:
        checkpointing = (
            "recomputes activations instead of keeping them: a third more arithmetic for a fraction of the memory"
        )
    notes.add("has_gradient_checkpointing", Chosen(job.has_gradient_checkpointing, checkpointing))
    is_own = not are_hosted(job.targets)
    if job.objective in JUDGED and not set(job.targets) <= CHUNKING:
        kernel = "the logits of the answers that are compared are held whole"
    elif set(job.targets) - HOSTED <= CHUNKING:
        kernel = "TRL and Unsloth never hold the logits of a whole micro batch"
    elif job.loss_kernel == "full":
        kernel = "the logits of a whole micro batch fit at once"
    else:
        kernel = "the logits of a whole micro batch do not fit at once"
    if is_own:
        notes.add("loss_kernel", Chosen(job.loss_kernel, kernel))
    if is_own and job.hardware.gpu_count > 1:
        sharing = "each GPU holds all of the model and takes rows of its own (DDP)"
        if job.hardware.is_sharded:
            sharing = "a replica does not fit, so the GPUs share out weights, gradients and optimiser"
        notes.add("hardware.is_sharded", Chosen(job.hardware.is_sharded, sharing))
    precision = f"a {job.hardware.gpu} {'computes' if job.hardware.has_bf16 else 'does not compute'} in bfloat16"
    if is_own:
        notes.add("hardware.has_bf16", Chosen(job.hardware.has_bf16, precision))
    for own in (BY_NAME[target].own_model for target in job.targets):
        if own:
            name = getattr(job, own.key) or job.hub_id
            notes.add(own.key, Chosen(name, own.because.format(base_model=job.base_model)))


def _warnings(job: TrainingJob, inputs: Inputs, placement: Placement) -> Iterable[str]:
    steps = job.optimisation.steps
    if steps < WARN_STEPS:
        yield (
            f"{count_of(steps, 'step')} are hardly a training: {MIN_STEPS} are wanted and {WARN_STEPS} the least; "
            f"add rows, or passes (epochs)"
        )
    yield from placement.extrapolated
    if placement.fits == "tight":
        yield f"may not fit into memory: {placement.memory_because}"
    if job.data.rows_without_supervised_tokens:
        yield (
            f"left out for having no answer within {job.max_length:,} tokens: "
            + count_of(job.data.rows_without_supervised_tokens, "row")
        )
    share = job.data.rows_truncated / max(1, inputs.facts.rows)
    if share > 0.05:
        yield f"cut at {job.max_length:,} tokens: {count_of(job.data.rows_truncated, 'row')} ({share:.1%})"
    if job.objective in JUDGED:
        yield (
            "the time is by rule, not measured: each answer is also read by the base model as the reference, which is "
            "the same model with the adapter off and so needs no second copy"
        )
    if job.data.validation_rows == 0:
        yield "no validation rows: nothing will show when it learns by heart"
