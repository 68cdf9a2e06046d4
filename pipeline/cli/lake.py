"""`lora-pipeline lake`: what a person does with the lake as a whole. Going on with another one is `adopt lake`."""

import typer

from pipeline.cli.common import Group
from pipeline.cli.connections import connect_lake, current_settings, open_catalog

lake = typer.Typer(cls=Group, no_args_is_help=True, help="Look after the lake's files.")


@lake.command()
def fold() -> None:
    """Fold the files of small datasets into few, and publish the warehouse over them.

    Questions of analysts then open few files. Dagster's job fold_lake does it by itself when more than LORA_FOLD_AFTER
    datasets have small files of their own, and once a day; after an upgrade of a large installation this command does
    it at once, while everything goes on. The files of datasets stay; whoever has the warehouse open is not disturbed.
    Folded files are read whole, and made anew where they are damaged.
    """
    from pipeline.clock import utc_now
    from pipeline.flow.folding import fold_lake, note_unfolded
    from pipeline.flow.publishing import publish

    settings = current_settings()
    with open_catalog(settings) as catalog:
        place = connect_lake(settings)
        publish(settings.warehouse, catalog, place, utc_now(), is_thorough=False)  # what is folded is what it says
        folded = fold_lake(settings.warehouse, catalog, place, settings.fold_max_bytes, utc_now())
        publish(settings.warehouse, catalog, place, utc_now(), is_thorough=False)
        note_unfolded(settings.warehouse, catalog, settings.fold_max_bytes)
    typer.echo(folded.summary())
