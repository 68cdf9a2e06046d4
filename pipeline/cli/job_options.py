"""What the commands about training jobs share: their options, and how a set-up is read from them."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import UsageError
from pipeline.trainers.registry import WRITTEN
from pipeline.wording import short

if TYPE_CHECKING:
    from pipeline.training.jobs.job_refusals import Change
    from pipeline.training.setup import Setup

METHODS = ("lora", "qlora", "full")
_TRAINERS = ", ".join(WRITTEN)

Job_ = Annotated[str, typer.Argument(metavar="JOB", help="An id, the beginning of one, or a name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, an object a line.")]
Method_ = Annotated[
    str | None, typer.Option("--method", metavar="METHOD", help="lora, qlora or full. Default: what fits.")
]
Gpus = Annotated[int, typer.Option("--gpus", metavar="N", min=1, max=1024, help="How many GPUs.")]
Targets = Annotated[str, typer.Option("--target", metavar="TRAINERS", help=f"With commas, of: {_TRAINERS}.")]
Settings_ = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A value of your own, as epochs=2; may be given again."),
]


Provider = Annotated[
    str | None, typer.Option("--provider", metavar="NAME", help="Whose price; the lowest of all by default.")
]
Spot = Annotated[bool, typer.Option("--spot", help="At the spot price.")]


def read_setup(
    model: str,
    preset: str,
    gpu: str,
    gpu_count: int,
    method: str | None,
    targets: str,
    own: list[str] | None,
    provider: str | None,
    is_spot: bool,
) -> "Setup":
    """The set-up that the options name.

    Raises:
        UsageError: a method or trainer is not known, or a setting is not written as KEY=VALUE.
    """
    from pipeline.catalogues.nearest import did_you_mean
    from pipeline.training.setup import Setup, parse_targets

    if method is not None and method not in METHODS:
        raise UsageError(
            f"--method: expected one of {', '.join(METHODS)}, found {method!r}{did_you_mean(method, METHODS)}"
        )
    values = [text.partition("=") for text in own or ()]
    if wrong := [name for name, sign, _ in values if not sign]:
        raise UsageError(f"--set: expected KEY=VALUE, found {wrong[0]!r}; for example --set epochs=2")
    return Setup(
        model=model,
        preset=preset,
        gpu=gpu,
        gpu_count=gpu_count,
        method=method,  # type: ignore[arg-type]  # checked above
        targets=parse_targets([name.strip() for name in targets.split(",")]),
        overrides={name.strip(): value for name, _, value in values},
        provider=provider,
        price_kind="spot" if is_spot else "on-demand",
    )


def cell(value: float | None) -> str:
    """A figure for a table; nothing where it is not known."""
    return "" if value is None else short(value)


def in_options(change: "Change") -> str:
    """A change that makes a job fit, as it is typed."""
    option = f"--set max_length={change.value}" if change.key == "max_length" else f"--{change.key} {change.value}"
    return f"{option} ({change.note})" if change.note else option
