"""`lora-pipeline conversations export`: one of them as a file of its own, or all that are meant."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import NOT_READY, complain
from pipeline.cli.connections import current_settings, open_catalog
from pipeline.cli.conversation_filters import Filters, with_filters
from pipeline.cli.owner import Owner
from pipeline.errors import UsageError
from pipeline.wording import count_of

if TYPE_CHECKING:
    from pipeline.generation.file_content import FileConversation
    from pipeline.state.catalog.generation_records import Made

_STDOUT = Path("-")


@dataclass(frozen=True, slots=True)
class _Form:
    """How a conversation is written."""

    write: "Callable[[Made, FileConversation], bytes]"
    ending: str = ""
    """Of a file of its own; empty where all are rows of one file."""


@with_filters
def export(
    filters: Filters,
    conversation: Annotated[
        str | None, typer.Argument(metavar="CONVERSATION", help="Its id. Default: all that the options mean.")
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT", help="A file, or a folder of many; - for stdout.")
    ] = _STDOUT,
    raw: Annotated[bool, typer.Option("--raw", help="The turns alone; a file each.")] = False,
    enriched: Annotated[bool, typer.Option("--enriched", help="As brightrun-lora-v4 has it; a file each.")] = False,
    native: Annotated[
        bool, typer.Option("--native", help="With all that is known, a row each of one file. The default.")
    ] = False,
    owner: Owner = None,
) -> None:
    """Write conversations into files, in their newest versions. Exit code 1: none is meant."""
    from pipeline.flow.generation.training_file_building import conversations_now

    if raw + enriched + native > 1:
        raise UsageError("expected one of --raw, --enriched and --native, found several")
    if conversation is not None and not filters.is_empty():
        raise UsageError("expected the id of a conversation alone, found options that choose among all")
    form = _form(is_raw=raw, is_enriched=enriched)
    if form.ending and conversation is None and output == _STDOUT:
        raise UsageError("-o: expected a folder for a file each, found none; or give the id of one")
    settings = current_settings()
    user = owner or settings.default_owner
    with open_catalog(settings) as catalog:
        if conversation is None:
            meant = catalog.meant_conversations(user, filters.query(catalog, user))
        else:
            meant = [(conversation, catalog.get_conversation(conversation, user).version)]
        if not meant:
            complain("expected conversations, found none that are meant: list them with the same options")
            raise typer.Exit(NOT_READY)
        written = ((made.id, form.write(made, chosen)) for made, chosen in conversations_now(catalog, meant))
        if form.ending and conversation is None:
            _write_each(written, output, form.ending)
        else:
            _write_together((content for _name, content in written), output)
    if output != _STDOUT:
        typer.echo(f"{count_of(len(meant), 'conversation')} in {output}", err=True)


def _form(*, is_raw: bool, is_enriched: bool) -> _Form:
    from pipeline.flow.generation.training_file_building import exported_row
    from pipeline.generation.downloads import enriched_json, raw_json

    if is_raw:
        return _Form(lambda _made, chosen: raw_json(chosen), ".raw.json")
    if is_enriched:
        return _Form(lambda _made, chosen: enriched_json(chosen), ".enriched.json")
    return _Form(exported_row)


def _write_each(written: Iterable[tuple[str, bytes]], folder: Path, ending: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in written:
        (folder / f"{name}{ending}").write_bytes(content)


def _write_together(written: Iterator[bytes], output: Path) -> None:
    from pipeline.state.durable import whole_file

    if output == _STDOUT:
        sys.stdout.flush()
        sys.stdout.buffer.writelines(written)
        return
    with whole_file(output) as aside, aside.open("wb") as file:
        file.writelines(written)
