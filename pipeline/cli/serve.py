"""`lora-pipeline serve`."""

import os
from contextlib import suppress
from typing import Annotated, Any

import typer

from pipeline.cli.common import FAILED
from pipeline.cli.connections import current_settings, open_catalog
from pipeline.cli.ports import check_ports, reachable
from pipeline.cli.telling import teller
from pipeline.logs import configure_logs

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
    from pipeline.service.pages.routes import no_such_page, pages
    from pipeline.service.server import server_config
    from pipeline.service.tokens import make_laptop_token

    settings = current_settings()
    check_ports(host, {"--port": port})
    configure_logs(settings.log_format)
    tell = teller(settings.log_format)
    with open_catalog(settings, make=True):
        pass  # a catalog that cannot be used is told now, in one sentence
    app = create_app(settings, pages=[pages], no_such_page=no_such_page, environment=os.environ)
    token = make_laptop_token(settings, is_renewed=new_token)
    if token:
        tell(f"token (shown this once): {token}")
    address = f"http://{reachable(host)}:{port}"
    tell(f"service: {address}")

    class Server(uvicorn.Server):
        """Ends what it says at the start with the way in."""

        async def startup(self, sockets: Any = None) -> None:
            """Listen, then say so."""
            await super().startup(sockets)
            if token and self.started:
                tell(f"sign in: {address}/login#token={token}")

    server = Server(server_config(app, settings, host, port, _DRAIN_S))
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:  # it said why
        raise typer.Exit(FAILED)
