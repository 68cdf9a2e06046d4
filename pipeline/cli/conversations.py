"""`lora-pipeline conversations`: list and show what was made; the other commands are in modules of their own."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.cli.common import Group
from pipeline.cli.connections import current_settings, open_catalog
from pipeline.cli.conversation_export import export
from pipeline.cli.conversation_filters import Filters, with_filters
from pipeline.cli.conversation_reviews import edit, review
from pipeline.cli.conversation_shown import COLUMNS, Shown, as_json_of, print_conversation, row
from pipeline.cli.job_options import AsJson
from pipeline.cli.owner import Owner, how_many_of
from pipeline.cli.printed_table import print_table
from pipeline.errors import UsageError

conversations = typer.Typer(
    cls=Group, no_args_is_help=True, help="List, show, review, edit and export conversations that a model wrote."
)


@conversations.command("list")
@with_filters
def list_(
    filters: Filters,
    owner: Owner = None,
    everyone: Annotated[bool, typer.Option("--everyone", help="Conversations of all owners.")] = False,
    page: Annotated[int, typer.Option(metavar="N", min=1, help="Which page of them.")] = 1,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many on a page.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List conversations, newest first."""
    settings = current_settings()
    user = None if everyone else owner or settings.default_owner
    with open_catalog(settings) as catalog:
        found = catalog.list_conversations(user, filters.query(catalog, user), page, limit)
    if as_json:
        for made in found.items:
            typer.echo(json.dumps(asdict(made), default=str))
    else:
        print_table(COLUMNS, [row(made) for made in found.items], whole=2, least=12)
        typer.echo(how_many_of(len(found.items), found.total, "conversations", user), err=True)


@conversations.command()
def show(
    conversation: Annotated[str, typer.Argument(metavar="CONVERSATION", help="Its id.")],
    version: Annotated[int | None, typer.Option(metavar="N", help="As it was. Default: the newest.")] = None,
    owner: Owner = None,
    as_json: AsJson = False,
) -> None:
    """Show a conversation turn by turn, with what was found in it, its scores, and what people did with it."""
    settings = current_settings()
    with open_catalog(settings) as catalog:
        made = catalog.get_conversation(conversation, owner or settings.default_owner)
        by_number = {each.version: each for each in catalog.versions_of(made.id)}
        chosen = by_number.get(version or made.version)
        if chosen is None:
            raise UsageError(f"--version: expected one from 1 to {made.version}, found {version}")
        found = Shown(made, chosen, catalog.reviews_of(made.id), catalog.files_with(made.id))
    if as_json:
        typer.echo(json.dumps(as_json_of(found), default=str))
    else:
        print_conversation(found)


for command in (review, edit, export):
    conversations.command()(command)
