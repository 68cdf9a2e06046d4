"""`lora-pipeline dev`."""

import os
import signal
import subprocess
from typing import Annotated

import typer

from pipeline.cli.common import FAILED
from pipeline.cli.connections import current_settings


def dev(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=1, max=65535, help="Port of the UI.")] = 3000,
    service_port: Annotated[
        int, typer.Option(metavar="PORT", min=1, max=65535, help="Port of the upload service.")
    ] = 8000,
) -> None:
    """Start Dagster's UI and daemon, with sensors and schedules, and the upload service, until interrupted."""
    from pipeline.installation import dev_command, environment, prepare, serve_command

    settings = current_settings()
    prepare(settings)
    uploads = "the bucket" if settings.store.startswith("s3://") else f"{settings.store}/uploads/<owner>/"
    typer.echo(f"UI: http://{host}:{port} (in about 20 seconds; Ctrl-C stops it)", err=True)
    typer.echo(f"drop datasets into {uploads}", err=True)
    processes: list[subprocess.Popen[bytes]] = []

    def stop(_signal: int, _frame: object) -> None:
        for process in processes:
            process.terminate()

    # Before the start: a shell's `&` makes its children ignore SIGINT, Dagster treats SIGTERM as it finds SIGINT, and
    # only a signal that is handled here is not ignored there.
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    # Sessions of their own: the processes get the signal from us, once, and in the order they can bear.
    links = {"LORA_SERVICE_URL": f"http://{host}:{service_port}", "LORA_DAGSTER_URL": f"http://{host}:{port}"}
    variables = environment(settings, links | dict(os.environ))
    for command in (serve_command(host, service_port), dev_command(host, port)):
        processes.append(subprocess.Popen(command, env=variables, start_new_session=True))
    service, ui = processes
    code = ui.wait()
    service.terminate()
    service.wait()
    if code not in (0, -signal.SIGTERM):
        raise typer.Exit(FAILED)
