"""`lora-pipeline reconcile`: Dagster's job of that name, for whoever stands at a terminal after a restored backup."""

import typer

from pipeline.cli.connections import connect_lake, connect_store, current_settings, open_catalog


def reconcile() -> None:
    """Compare store, catalog and lake now, and have done again what got lost or was given up.

    Uploads without a row are registered, whole ones that were never confirmed are confirmed, datasets whose rows the
    lake lost and those that failed get another try at once: the next look of the running installation asks for the
    runs. Nothing is deleted. `lora-pipeline datasets ignored` names the files that are no uploads.
    """
    from pipeline.clock import utc_now
    from pipeline.flow.reconcile import reconcile as compare

    settings = current_settings()
    with open_catalog(settings) as catalog:
        found = compare(connect_store(settings), catalog, connect_lake(settings), settings, utc_now())
    typer.echo(found.summary())
