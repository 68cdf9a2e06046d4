"""`lora-pipeline dev`."""

import os
import signal
import subprocess
from typing import Annotated

import typer

from pipeline.cli.common import FAILED
from pipeline.cli.connections import current_settings


def dev(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the UI.")] = 3000,
) -> None:
    """Start Dagster's UI and daemon, with sensors and schedules running, until interrupted."""
    from pipeline.installation import dev_command, environment, prepare

    settings = current_settings()
    prepare(settings)
    uploads = "the bucket" if settings.store.startswith("s3://") else f"{settings.store}/uploads/<owner>/"
    typer.echo(f"UI: http://{host}:{port} (in about 20 seconds; Ctrl-C stops it)", err=True)
    typer.echo(f"drop datasets into {uploads}", err=True)
    process: subprocess.Popen[bytes] | None = None

    def stop(_signal: int, _frame: object) -> None:
        if process is not None:
            process.terminate()

    # Before the start: a shell's `&` makes its children ignore SIGINT, Dagster treats SIGTERM as it finds SIGINT, and
    # only a signal that is handled here is not ignored there.
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    # A session of its own: Dagster's processes get the signal from us, once, and in the order they can bear.
    process = subprocess.Popen(  # our own command
        dev_command(host, port), env=environment(settings, os.environ), start_new_session=True
    )
    if process.wait() not in (0, -signal.SIGTERM):
        raise typer.Exit(FAILED)
