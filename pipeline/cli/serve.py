"""`lora-pipeline serve`."""

import logging
from contextlib import suppress
from typing import Annotated

import typer

from pipeline.cli.connections import current_settings

_DRAIN_S = 10  # requests that are under way may end; event streams would not by themselves


def serve(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=1, max=65535, help="Port to listen on.")] = 8000,
    new_token: Annotated[
        bool, typer.Option("--new-token", help="Make a new token for this machine; the old one ends.")
    ] = False,
) -> None:
    """Start the upload service: an HTTP API and its pages.

    Without LORA_JWT_SECRET or LORA_JWKS_URL one token opens it, which is printed at the first start.
    """
    import uvicorn

    from pipeline.service.app import create_app
    from pipeline.service.pages.routes import pages
    from pipeline.service.server import server_config
    from pipeline.service.tokens import make_laptop_token

    settings = current_settings()
    app = create_app(settings, pages=[pages])
    token = make_laptop_token(settings, is_renewed=new_token)
    if token:
        typer.echo(f"token (shown this once): {token}", err=True)
    typer.echo(f"service: http://{host}:{port}", err=True)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)  # seven lines of its own parts
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it would log the address of the webhook
    server = uvicorn.Server(server_config(app, settings, host, port, _DRAIN_S))
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:  # it said why
        raise typer.Exit(3)
