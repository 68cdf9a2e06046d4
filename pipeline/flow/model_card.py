"""The card of a model: what it was made from, how it was trained, how good it is, what it cost; for people and hubs.

https://huggingface.co/docs/hub/model-cards has the keys of the head.
"""

from pipeline.catalogues.reading import load_models
from pipeline.errors import UsageError
from pipeline.flow.closed import Closed
from pipeline.state.catalog.attempt_records import Evaluation
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.markdown_text import inline
from pipeline.trainers.registry import BY_NAME
from pipeline.wording import count_of, times, usd


def model_card(closed: Closed, hosted_as: str = "") -> str:
    """The text of README.md beside the adapter. hosted_as: how to call a model that its provider has."""
    job = TrainingJob.model_validate(closed.job.job)
    parts = [
        *([] if hosted_as else [_head(job)]),
        f"# {inline(job.name)}",
        _what(job, closed, hosted_as),
        "## Data\n\n" + _table(_data(job, closed)),
        "## Training\n\n" + _table(_training(job, closed)),
        "## Quality\n\n" + _quality(closed.evaluations),
        "## Cost\n\n" + _table(_cost(closed)),
        "Every value of the training, with its reason, stands in the job's `explain.md`.",
    ]
    return "\n\n".join(parts) + "\n"


_KINDS = {"lora": "A LoRA adapter", "qlora": "A LoRA adapter (trained over 4 bits)", "full": "All weights"}


def _what(job: TrainingJob, closed: Closed, hosted_as: str) -> str:
    if hosted_as:
        provider = BY_NAME[closed.attempt.trainer].title
        return f"A model that {provider} has: call it as `{hosted_as}`. Attempt `{closed.attempt.id}`."
    hub = f"[{job.hub_id}](https://huggingface.co/{job.hub_id})"
    return f"{_KINDS[job.method]} of {hub}, attempt `{closed.attempt.id}`."


def _head(job: TrainingJob) -> str:
    lines = [f"base_model: {job.hub_id}", "library_name: " + ("peft" if job.adapter else "transformers")]
    if licence := _licence(job.base_model):
        lines.append(f"license: {licence}")
    return "\n".join(["---", *lines, "tags:", "- lora" if job.adapter else "- full-fine-tuning", "---"])


def _licence(model: str) -> str:
    try:
        found = {each.name: each for each in load_models(None).values()}.get(model)
    except UsageError:
        return ""
    return getattr(found, "licence", "") or ""


def _data(job: TrainingJob, closed: Closed) -> list[tuple[str, str]]:
    return [
        ("dataset", f"{inline(job.data.dataset_name)} (`{job.data.dataset_id}`)"),
        ("file", f"sha256 `{job.data.content_sha256}`"),
        ("split", f"`{closed.job.split_fingerprint}`"),
        ("rows", f"{job.data.train_rows:,} to train on, {job.data.validation_rows:,} kept back"),
    ]


def _training(job: TrainingJob, closed: Closed) -> list[tuple[str, str]]:
    how, adapter = job.optimisation, job.adapter
    batch = how.micro_batch * how.gradient_accumulation * job.hardware.gpu_count
    known = [
        ("job", f"`{closed.job.id}`"),
        ("trainer", closed.attempt.trainer),
        ("method", job.method + (f", rank {adapter.rank}, alpha {adapter.alpha}" if adapter else "")),
        ("learning rate", f"{how.learning_rate:g}, {how.schedule}"),
        ("epochs", f"{how.epochs}, {batch} rows a step"),
        ("longest row", f"{job.max_length:,} tokens"),
        ("planned for", times(job.hardware.gpu_count, job.hardware.gpu)),
        ("seed", str(how.seed)),
    ]
    steps = closed.attempt.step
    return known + ([("steps", f"{steps:,}")] if steps else [])


def _quality(evaluations: tuple[Evaluation, ...]) -> str:
    if not evaluations:
        return "No rows were kept back, so nothing is known of it."
    by_name: dict[str, dict[str, Evaluation]] = {}
    for each in evaluations:
        by_name.setdefault(each.name, {})[each.moment] = each
    rows = [
        f"| {name} | {_figure(found.get('before'))} | {_figure(found.get('after'))} |"
        for name, found in by_name.items()
    ]
    head = ["| on the rows kept back | base model | this model |", "|---|---:|---:|"]
    return "\n".join([*head, *rows])


def _figure(evaluation: Evaluation | None) -> str:
    return "–" if evaluation is None else f"{evaluation.value:.4g}"


def _cost(closed: Closed) -> list[tuple[str, str]]:
    cost, estimate = closed.cost, closed.estimate
    hours = f"{cost.hours:.3g} hours" if cost and cost.hours is not None else "not known"
    paid = usd(cost.cost_usd) if cost and cost.cost_usd is not None else "not known"
    expected = "not known"
    if estimate and estimate.cost_usd_low is not None and estimate.cost_usd_high is not None:
        expected = f"{usd(estimate.cost_usd_low)} to {usd(estimate.cost_usd_high)}"
    gpus = count_of(closed.attempt.gpu_count, "GPU")
    return [("time", f"{hours} of {gpus}"), ("cost", paid), ("expected", expected)]


def _table(rows: list[tuple[str, str]]) -> str:
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])
