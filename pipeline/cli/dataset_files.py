"""`lora-pipeline datasets download`, `mend`, `compare`: files made of an upload, what mending changes, differences."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common import NOT_READY, write_line
from pipeline.cli.connections import connect_lake, connect_store, current_settings, open_catalog
from pipeline.cli.dataset_options import AsJson, Dataset_
from pipeline.cli.owner import Owner
from pipeline.cli.printed_table import print_table
from pipeline.contract.converted_format import ConvertedFormat
from pipeline.errors import UsageError
from pipeline.safe_text import shown
from pipeline.wording import count_of


class Made(StrEnum):
    """What a dataset's file can be written as: besides these, every `ConvertedFormat`."""

    ORIGINAL = "original"
    MENDED = "mended"
    OPENAI = ConvertedFormat.OPENAI.value
    SHAREGPT = ConvertedFormat.SHAREGPT.value
    NATIVE = ConvertedFormat.NATIVE.value
    BRIGHTRUN_V4 = ConvertedFormat.BRIGHTRUN_V4.value
    ALPACA = ConvertedFormat.ALPACA.value
    PROMPT_COMPLETION = ConvertedFormat.PROMPT_COMPLETION.value
    PREFERENCE = ConvertedFormat.PREFERENCE.value
    KTO = ConvertedFormat.KTO.value


def download(
    dataset: Dataset_,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="The file to write.")],
    form: Annotated[
        Made, typer.Option("--as", help="As it was uploaded, mended, or in another format.")
    ] = Made.ORIGINAL,
    owner: Owner = None,
) -> None:
    """Write a dataset's file: the original, the mended one, or its accepted rows in another format."""
    from pipeline.dataset.convert.converting import replaced
    from pipeline.flow.derived_files import converted_pieces, mended_file, original_pieces
    from pipeline.flow.validation import rules_of

    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = catalog.find(owner or settings.default_owner, dataset)
    if output.is_dir() or not output.parent.is_dir():
        raise UsageError(f"--output: expected a file in a folder that exists, found {output}; name a file")
    store, limits = connect_store(settings), rules_of(settings).limits
    if form == Made.MENDED:
        with mended_file(store, found, limits) as (path, mending):
            if mending.refusal:
                raise UsageError(f"{found.id} cannot be mended: {mending.refusal.message}")
            with replaced(output) as write, path.open("rb") as mended:
                while piece := mended.read(1 << 20):
                    write(piece)
    else:
        is_original = form == Made.ORIGINAL
        pieces = original_pieces(store, found) if is_original else converted_pieces(store, found, form.value, limits)
        with replaced(output) as write:
            for piece in pieces:
                write(piece)
    typer.echo(output)


def mend(dataset: Dataset_, owner: Owner = None, as_json: AsJson = False) -> None:
    """Show what mending would change in a dataset: counts and the first examples; `datasets download` writes it.

    Exit code: 0 mended, it would be ready, 1 it would not.
    """
    from pipeline.flow.derived_files import mend_preview
    from pipeline.flow.validation import rules_of

    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = catalog.find(owner or settings.default_owner, dataset)
    preview = mend_preview(connect_store(settings), found, rules_of(settings).limits)
    if as_json:
        write_line(preview.model_dump_json())
    elif preview.refusal:
        typer.echo(f"it cannot be mended: {shown(preview.refusal)}")
    else:
        kept = f"{preview.lines_out:,} kept, {preview.lines_changed:,} of them changed"
        typer.echo(f"{count_of(preview.lines_in, 'row')}: {kept}; {preview.lines_aside:,} put aside")
        whats = (("mended", preview.mended), ("put aside", preview.rejected), ("left", preview.remaining))
        rows = [(what, each.count, each.code, each.what) for what, counted in whats for each in counted]
        print_table(("what", "rows", "code", "how"), rows)
        for each in preview.examples:
            write_line(f"row {each.row}, {each.code}\n  - {each.before}")
            write_line("  put aside" if each.after is None else f"  + {each.after}")
    raise typer.Exit(0 if preview.is_ready else NOT_READY)


def compare(
    before: Annotated[
        str, typer.Argument(metavar="BEFORE", help="The older dataset: an id, its beginning, or a name.")
    ],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The newer one.")],
    owner: Owner = None,
    as_json: AsJson = False,
) -> None:
    """Compare two datasets: rows added, removed and changed, figures, findings gone and new.

    A dataset that was replaced is named by its id.
    """
    from pipeline.flow.dataset_comparison import compare_datasets
    from pipeline.state.catalog.dataset_records import no_verdict

    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = [catalog.find(owner or settings.default_owner, each) for each in (before, after)]
    for each in found:
        if each.status not in ("ready", "error"):
            raise UsageError(no_verdict(each))
    compared = compare_datasets(connect_lake(settings), found[0].id, found[1].id)
    if as_json:
        write_line(compared.model_dump_json())
        return
    rows = [(each.name, each.before, each.after, each.after - each.before) for each in compared.figures]
    rows += [(each.code, each.before, each.after, each.after - each.before) for each in compared.findings]
    print_table(("what", "before", "after", "difference"), rows)
    for changed in compared.rows_changed:
        what = "" if changed.what == "text" else f" ({changed.what})"
        write_line(f"row {changed.before_row} → {changed.after_row}{what}\n  - {changed.before}\n  + {changed.after}")
    told = f"{compared.added:,} added, {compared.removed:,} removed, {compared.changed:,} changed"
    typer.echo(f"{told}, {count_of(compared.unchanged, 'row')} unchanged", err=True)
