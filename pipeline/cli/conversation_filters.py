"""Which conversations are meant: the options that listing, reviewing, exporting and training files have in common."""

import inspect
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from pipeline.errors import UsageError
from pipeline.state.catalog.statuses import CONVERSATION_STATUSES, QUALITY_TIERS

if TYPE_CHECKING:
    from pipeline.state.catalog.catalog import Catalog
    from pipeline.state.catalog.generation_records import MadeQuery


def _text(option: str, metavar: str, meaning: str) -> Any:
    return Annotated[str | None, typer.Option(option, metavar=metavar, help=meaning)]


_OPTIONS: dict[str, Any] = {
    "batch": _text("--batch", "BATCH", "Only of a batch: its id, the beginning of one, or its name."),
    "persona": _text("--persona", "KEY", "Only of a persona."),
    "arc": _text("--arc", "KEY", "Only of an emotional arc."),
    "topic": _text("--topic", "KEY", "Only of a training topic."),
    "tier": _text("--tier", "TIER", "Only of arcs of template, scenario or edge_case."),
    "quality_tier": _text("--quality-tier", "TIER", f"Only those that are {', '.join(QUALITY_TIERS)}."),
    "status": _text("--status", "STATUS", f"Only those that are {', '.join(CONVERSATION_STATUSES)}."),
    "score_min": Annotated[
        float | None,
        typer.Option("--score-min", metavar="SCORE", min=1, max=5, help="Only those that were judged so or better."),
    ],
    "finding": _text("--finding", "CODE", "Only those in which this was found."),
    "text": _text("--text", "TEXT", "Only those with a piece of text in their title."),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the options say; None for nothing."""

    batch: str | None = None
    """As it was typed."""
    persona: str | None = None
    arc: str | None = None
    topic: str | None = None
    tier: str | None = None
    quality_tier: str | None = None
    status: str | None = None
    score_min: float | None = None
    finding: str | None = None
    text: str | None = None

    def is_empty(self) -> bool:
        """Whether they mean all."""
        return self == Filters()

    def query(self, catalog: "Catalog", user: str | None) -> "MadeQuery":
        """The same as the catalog takes it.

        Raises:
            UsageError: a status or tier does not exist, or several batches are meant.
            BatchNotFound: there is no such batch.
        """
        from pipeline.generation.model import Tier
        from pipeline.state.catalog.generation_records import MadeQuery

        _check("--tier", self.tier, get_args(Tier))
        _check("--status", self.status, CONVERSATION_STATUSES)
        _check("--quality-tier", self.quality_tier, QUALITY_TIERS)
        said = asdict(self)
        named = said.pop("batch")
        return MadeQuery(batch_id=catalog.find_batch(user, named).id if named else None, **said)


def with_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options; it gets what they say as its argument `filters`."""

    @wraps(command)
    def asked(**values: Any) -> None:
        filters = Filters(**{name: values.pop(name) for name in _OPTIONS})
        command(filters=filters, **values)

    signature = inspect.signature(command)
    own = [each for each in signature.parameters.values() if each.name != "filters"]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=option)
        for name, option in _OPTIONS.items()
    ]
    # Arguments come first, for they have places; typer reads both of these.
    taken = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own]
    parameters = [*taken, *added]
    asked.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # as `inspect` documents
    asked.__annotations__ = {each.name: each.annotation for each in parameters}
    return asked


def _check(option: str, said: str | None, known: tuple[str, ...]) -> None:
    if said is not None and said not in known:
        raise UsageError(f"{option}: expected one of {', '.join(known)}, found {said!r}")
