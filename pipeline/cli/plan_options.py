"""How a wish for conversations is typed, and read: the options of `generate plan` that say what is to be made."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pydantic import ValidationError

    from pipeline.generation.wish import PlanWish

Items = Annotated[int, typer.Option("--items", metavar="N", help="How many conversations.")]
Seed = Annotated[int, typer.Option("--seed", metavar="S", help="The same seed gives the same plan.")]
Personas = Annotated[
    list[str] | None, typer.Option("--persona", metavar="KEY", help="Only this one; may be given again.")
]
Arcs = Annotated[
    list[str] | None, typer.Option("--arc", metavar="KEY", help="Only this emotional arc; may be given again.")
]
Topics = Annotated[
    list[str] | None, typer.Option("--topic", metavar="KEY", help="Only this training topic; may be given again.")
]
Tiers = Annotated[
    list[str] | None, typer.Option("--tier", metavar="TIER", help="Only arcs of template, scenario or edge_case.")
]
Weights = Annotated[
    list[str] | None,
    typer.Option("--weight", metavar="AXIS:KEY=N", help="How many for one of the others, as arc:KEY=2."),
]
Forbidden_ = Annotated[
    list[str] | None, typer.Option("--forbid", metavar="AXIS:KEY,…", help="Never together, as persona:KEY,topic:KEY.")
]

_OPTIONS = {
    "items": "--items",
    "seed": "--seed",
    "personas": "--persona",
    "arcs": "--arc",
    "topics": "--topic",
    "tiers": "--tier",
    "weights": "--weight",
    "forbidden": "--forbid",
}


def read_wish(
    items: int,
    seed: int,
    only: Mapping[str, Sequence[str] | None],
    weights: Sequence[str] | None,
    forbidden: Sequence[str] | None,
) -> "PlanWish":
    """What the options wish for. only: personas, arcs, topics and tiers by these names.

    Raises:
        UsageError: one is not written as it should be; names it.
    """
    from pydantic import ValidationError

    from pipeline.generation.wish import PlanWish
    from pipeline.generation.wish_text import forbidden_in, weights_in

    fields = {"items": items, "seed": seed, **{name: keys or () for name, keys in only.items()}}
    try:
        return PlanWish.model_validate(
            {
                **fields,
                "weights": weights_in(weights or (), _OPTIONS["weights"]),
                "forbidden": forbidden_in(forbidden or (), _OPTIONS["forbidden"]),
            }
        )
    except ValidationError as error:
        _refuse(error)


def _refuse(error: "ValidationError") -> NoReturn:
    first: Any = error.errors()[0]
    reason = str(first["ctx"]["error"]) if first["type"] == "value_error" else first["msg"]
    raise UsageError(f"{_OPTIONS[first['loc'][0]]}: {reason}; found {first['input']!r}") from None
