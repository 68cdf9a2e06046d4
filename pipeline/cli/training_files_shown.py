"""Training files as tables, and the argument that names one."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.printed_table import TableRow, print_table
from pipeline.wording import moment, nano_usd

if TYPE_CHECKING:
    from pipeline.state.catalog.generation_records import TrainingFile

COLUMNS = ("id", "name", "version", "conversations", "answers", "cost", "built", "dataset")
File_ = Annotated[str, typer.Argument(metavar="FILE", help="An id, the beginning of one, or a name, the newest of it.")]


def row(file: "TrainingFile") -> TableRow:
    """A file as a row of COLUMNS."""
    built = moment(file.created_at)
    counts = (file.conversation_count, file.total_training_pairs, nano_usd(file.cost_nano_usd))
    return (file.id, file.name, file.version, *counts, built, file.dataset_id or "")


def fields_of(file: "TrainingFile") -> Iterator[tuple[str, object]]:
    """What is known of a file, by name."""
    yield from (("id", file.id), ("name", file.name), ("version", file.version))
    yield "chosen by", ", ".join(f"{name} {value}" for name, value in file.query.items()) or "all that is accepted"
    yield from (("conversations", file.conversation_count), ("answers to learn", file.total_training_pairs))
    yield "cost of making them", nano_usd(file.cost_nano_usd)
    yield "built", moment(file.created_at, seconds=True)
    yield "files_uri", file.files_uri
    if file.dataset_id:
        yield "dataset", file.dataset_id


def print_files(file: "TrainingFile") -> None:
    """Its forms with sizes and checksums."""
    rows = [(name, each["size_bytes"], each["sha256"]) for name, each in sorted(file.files.items())]
    print_table(("file", "size_bytes", "sha256"), rows)
