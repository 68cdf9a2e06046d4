"""An estimate as a person reads it: a table of ranges, what it rests on; and what would fit where a job does not."""

from collections.abc import Sequence

from pipeline.trainers.workload import Workload
from pipeline.training.estimates.fitting_remedies import Remedy
from pipeline.training.estimates.result import Estimate, Range
from pipeline.training.hosted_estimate import HostedEstimate

_FITS = {"yes": "fits", "tight": "fits by the expected figure, not by the high one", "no": "does not fit"}


def render(workload: Workload, found: Estimate) -> str:
    """The whole report, without a newline at its end."""
    rows = [
        ("", "low", "expected", "high"),
        _row("peak memory, GB", found.peak_memory_gb),
        _row("optimiser step, s", found.step_time_s),
        _row("tokens/s on a GPU", found.tokens_per_s_per_gpu),
        *([_row("hours", found.hours)] if found.hours else []),
        *([_row("cost, USD", found.cost_usd)] if found.cost_usd else []),
    ]
    verdict = f"{_FITS[found.fits]} ({workload.gpu.memory_gb:g} GB)"
    beyond = found.rests_on.extrapolated
    doubted = ["beyond what was measured", *(f"  {each}" for each in beyond)] if beyond else []
    known = [each for each in found.basis if each not in beyond]
    return "\n".join([f"{_title(workload)}: {verdict}", *_table(rows), *_basis(known), *doubted])


def render_hosted(model: str, found: HostedEstimate) -> str:
    """The report where a provider trains, without a newline at its end. model: the provider's name of it."""
    rows = [
        ("", "low", "expected", "high"),
        _row("tokens billed", found.billed_tokens),
        *([_row("cost, USD", found.cost_usd)] if found.cost_usd else []),
    ]
    return "\n".join([f"{model}, trained by {found.provider}", *_table(rows), *_basis(found.basis)])


def refusal(workload: Workload, found: Estimate, helping: Sequence[Remedy]) -> str:
    """By how much it does not fit, and what would."""
    lacking = found.peak_memory_gb.expected - workload.gpu.memory_gb
    head = (
        f"does not fit: {found.peak_memory_gb.expected:g} GB expected, {workload.gpu.name} has "
        f"{workload.gpu.memory_gb:g} GB, {lacking:.3g} GB too little"
    )
    if not helping:
        return f"{head}; nothing in the catalogue would make it fit: take a smaller model"
    return "\n".join([f"{head}; what would fit:", *map(_remedy_line, helping)])


def _title(workload: Workload) -> str:
    adapters = "" if workload.method == "full" else f" of rank {workload.rank}"
    checkpointing = "with" if workload.has_gradient_checkpointing else "without"
    return (
        f"{workload.model.name}, {workload.method}{adapters}, {workload.gpu_count} x {workload.gpu.name}, "
        f"{workload.micro_batch} x {workload.sequence_length} tokens x {workload.gradient_accumulation}, "
        f"{checkpointing} checkpointing, {workload.loss_kernel} loss"
    )


def _table(rows: Sequence[tuple[str, str, str, str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return [f"  {row[0]:<{widths[0]}}" + "".join(f"  {row[i]:>{widths[i]}}" for i in (1, 2, 3)) for row in rows]


def _basis(sentences: Sequence[str]) -> list[str]:
    return ["rests on", *(f"  {each}" for each in sentences)]


def _row(name: str, values: Range | None) -> tuple[str, str, str, str]:
    if values is None:
        return (name, "", "not known", "")
    return (name, _number(values.low), _number(values.expected), _number(values.high))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _remedy_line(remedy: Remedy) -> str:
    surely = "" if remedy.is_safe else ", tight"
    memory = f"{remedy.peak_memory_gb.expected:.3g} of {remedy.workload.gpu.memory_gb:g} GB{surely}"
    return f"  {remedy.options}\n      {memory}: {remedy.what}"
