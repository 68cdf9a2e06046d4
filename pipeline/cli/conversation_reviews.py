"""`lora-pipeline conversations review` and `edit`: what a person makes of what a model wrote."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.asking import Yes, ask_first
from pipeline.cli.common import NOT_READY, complain
from pipeline.cli.connections import current_settings, open_catalog, open_making
from pipeline.cli.conversation_filters import Filters, with_filters
from pipeline.cli.owner import Owner
from pipeline.errors import UsageError
from pipeline.state.catalog.statuses import CONVERSATION_STATUSES
from pipeline.wording import count_of

if TYPE_CHECKING:
    from pipeline.state.catalog.catalog import Catalog
    from pipeline.state.catalog.generation_records import Made, MadeQuery
    from pipeline.state.catalog.statuses import ReviewAction

Note = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="What whoever looks later should know.")]
Version_ = Annotated[
    int | None, typer.Option("--version", metavar="N", help="The one that was read; refused if there is a newer one.")
]


@with_filters
def review(
    filters: Filters,
    conversation: Annotated[str | None, typer.Argument(metavar="CONVERSATION", help="Its id; else --all.")] = None,
    approve: Annotated[bool, typer.Option("--approve", help="It may go into training files.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="It may not.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="All that the other options mean; asks first.")] = False,
    note: Note = None,
    version: Version_ = None,
    yes: Yes = False,
    owner: Owner = None,
) -> None:
    """Approve or reject a conversation, or all that are meant. Exit code 1: you said no, or none is meant."""
    if approve is reject:
        raise UsageError(f"expected one of --approve and --reject, found {'both' if approve else 'neither'}")
    if (conversation is None) is not everything:
        raise UsageError("expected either the id of a conversation or --all; see lora-pipeline conversations list")
    if conversation is not None and not filters.is_empty():
        raise UsageError("expected the id of a conversation alone, found options that choose among all")
    settings = current_settings()
    user, action = owner or settings.default_owner, _action(is_approved=approve)
    with open_catalog(settings) as catalog:
        if conversation is None:
            _review_all(catalog, user, filters.query(catalog, user), action, note, is_sure=yes)
        else:
            _review_one(catalog, user, conversation, action, note, version)


def edit(
    conversation: Annotated[str, typer.Argument(metavar="CONVERSATION", help="Its id.")],
    file: Annotated[
        Path,
        typer.Option(
            "--file", metavar="FILE", help="Changed title, system prompt or turns, as `export --raw` has them."
        ),
    ],
    note: Note = None,
    version: Version_ = None,
    owner: Owner = None,
) -> None:
    """Keep what you made of a conversation as its next version; it is checked anew, and is to be reviewed.

    Exit code 1: it has errors now.
    """
    from pipeline.clock import utc_now
    from pipeline.flow.generation.editing import Edit, edited
    from pipeline.generation.edit_files import read_edited_file
    from pipeline.generation.model import MadeTurn

    said = read_edited_file(file.read_bytes(), str(file))
    if said.conversation_id not in (None, conversation):
        raise UsageError(f"{file}: expected the conversation {conversation}, found {said.conversation_id}")
    turns = None if said.turns is None else [MadeTurn(turn.role, turn.content) for turn in said.turns]
    settings = current_settings()
    user = owner or settings.default_owner
    with open_making(settings) as making:
        newest = making.catalog.get_conversation(conversation, user).version
        read = version or said.version or newest
        made = edited(
            making, conversation, read, Edit(said.title, said.system, turns), user, user, utc_now(), note
        )  # fmt: skip
    typer.echo(_line(made))
    if made.finding_codes:
        typer.echo(
            f"found in it: {', '.join(made.finding_codes)}; lora-pipeline conversations show {made.id}", err=True
        )
    if made.status == "failed":
        raise typer.Exit(NOT_READY)


def _review_one(
    catalog: "Catalog", user: str, conversation: str, action: "ReviewAction", note: str | None, version: int | None
) -> None:
    from pipeline.clock import utc_now

    read = version or catalog.get_conversation(conversation, user).version
    typer.echo(_line(catalog.review(conversation, read, action, user, user, utc_now(), note)))


def _review_all(
    catalog: "Catalog", user: str, query: "MadeQuery", action: "ReviewAction", note: str | None, *, is_sure: bool
) -> None:
    from pipeline.clock import utc_now

    counts = dict(_counts(catalog, user, query))
    meant = sum(counts.values())
    if not meant:
        complain("expected conversations, found none that are meant: list them with the same options")
        raise typer.Exit(NOT_READY)
    told = ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in counts.items())
    typer.echo(f"{count_of(meant, 'conversation')}: {told}", err=True)
    ask_first(f"{action.capitalize()} {'them all' if meant > 1 else 'it'}?", is_sure=is_sure)
    changed = catalog.review_many(query, meant, action, user, user, utc_now(), note)
    typer.echo(f"{count_of(changed, 'conversation')} changed")


def _counts(catalog: "Catalog", user: str, query: "MadeQuery") -> "Iterator[tuple[str, int]]":
    """How many of those meant are in which status; those that are under way are not meant."""
    statuses = [each for each in CONVERSATION_STATUSES if each != "pending" and query.status in (None, each)]
    for status in statuses:
        if total := catalog.list_conversations(user, replace(query, status=status), limit=1).total:
            yield status, total


def _action(*, is_approved: bool) -> "ReviewAction":
    return "approve" if is_approved else "reject"


def _line(made: "Made") -> str:
    return f"{made.id}: {made.status.replace('_', ' ')}, version {made.version}"
