"""`lora-pipeline dev`: starts the parts of an installation, waits until they answer, minds them until interrupted."""

import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.cli.connections import current_settings, open_catalog
from pipeline.cli.extras import need_installation
from pipeline.cli.ports import check_ports, reachable
from pipeline.cli.telling import teller
from pipeline.errors import PipelineError

if TYPE_CHECKING:
    from pipeline.settings import Settings
    from pipeline.supervision import Supervisor

_LOOK_EVERY_S = 0.25
_FIRST_LOOK_S = 60.0  # the sensors may be switched off
_ANSWER_S = 2.0
_SENSOR = "new_uploads"


@dataclass(frozen=True, slots=True)
class _Addresses:
    host: str
    port: int
    service_port: int

    @property
    def ui(self) -> str:
        return f"http://{reachable(self.host)}:{self.port}"

    @property
    def pages(self) -> str:
        return f"http://{reachable(self.host)}:{self.service_port}"


def dev(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=1, max=65535, help="Port of Dagster's UI.")] = 3000,
    service_port: Annotated[
        int, typer.Option(metavar="PORT", min=1, max=65535, help="Port of the upload service and its pages.")
    ] = 8000,
    new_token: Annotated[
        bool, typer.Option("--new-token", help="Make a new token to sign in with; the old one ends.")
    ] = False,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        typer.Option(help="What Dagster's daemon tells; info: each look of each sensor."),
    ] = "warning",
) -> None:
    """Start Dagster's UI and daemon, with sensors and schedules, and the upload service, until interrupted.

    A part that dies is started again, three times within five minutes at most; then all are stopped.
    """
    need_installation()
    from pipeline.installation import environment, preflight_command, prepare
    from pipeline.service.tokens import make_laptop_token
    from pipeline.supervision import Supervisor

    settings, at = current_settings(), _Addresses(host, port, service_port)
    check_ports(host, {"--port": port, "--service-port": service_port})
    prepare(settings)
    with open_catalog(settings, make=True):
        pass  # a catalog that cannot be used is told now, once
    variables = environment(settings, {"LORA_SERVICE_URL": at.pages, "LORA_DAGSTER_URL": at.ui} | dict(os.environ))
    is_over = _until_signalled()
    if code := subprocess.run(preflight_command(), env=variables, check=False).returncode:
        raise typer.Exit(0 if is_over.is_set() else code)
    token = make_laptop_token(settings, is_renewed=new_token)
    tell = teller(settings.log_format)
    supervisor = Supervisor(variables, tell)
    with tempfile.TemporaryDirectory(prefix="lora-dev-") as folder:
        try:
            tell("starting Dagster and the upload service, which takes some seconds; Ctrl-C stops them")
            has_looked = _start(supervisor, settings, Path(folder), at, is_over, log_level)
            if not is_over.is_set():
                tell(_block(settings, at, token, has_looked=has_looked))
            while not is_over.wait(_LOOK_EVERY_S):
                supervisor.look()
        finally:
            supervisor.end()


def _until_signalled() -> threading.Event:
    """Set at INT and TERM.

    Before any start: a shell's `&` makes its children ignore SIGINT, Dagster treats SIGTERM as it finds SIGINT, and
    only a signal that is handled here is not ignored there.
    """
    is_over = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda _signal, _frame: is_over.set())
    return is_over


def _start(
    supervisor: "Supervisor",
    settings: "Settings",
    folder: Path,
    at: _Addresses,
    is_over: threading.Event,
    log_level: str,
) -> bool:
    """Start all parts, and return when they answer; False where the daemon has not looked at the store by then."""
    from pipeline.clock import utc_now
    from pipeline.installation import code_server, daemon, service, webserver, write_workspace

    def until(is_true: Callable[[], bool], at_most_s: float = float("inf")) -> bool:
        deadline_s = time.monotonic() + at_most_s
        while not is_over.is_set() and time.monotonic() < deadline_s:
            supervisor.look(may_restart=False)
            if is_true():
                return True
            is_over.wait(_LOOK_EVERY_S)
        return False

    began_at = utc_now()
    workspace, code_socket = write_workspace(folder)
    supervisor.start(service(at.host, at.service_port))
    supervisor.start(code_server(code_socket, settings.log_format))
    if until(lambda: _listens(code_socket)):  # before that its clients would wait a minute for their next try
        supervisor.start(webserver(workspace, at.host, at.port, settings.log_format))
        supervisor.start(daemon(workspace, log_level, settings.log_format))
    until(lambda: _answers(at.pages, "/healthz"))
    until(lambda: _answers(at.ui, "/server_info"))
    return until(lambda: _has_looked(settings, began_at), _FIRST_LOOK_S)


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def _answers(address: str, path: str) -> bool:
    """Whether there is any answer; a bad one says more in its log than we could."""
    import http.client  # with TLS, a tenth of all that --help imports

    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=_ANSWER_S)
    try:
        connection.request("GET", path)
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _has_looked(settings: "Settings", began_at: datetime) -> bool:
    try:
        with open_catalog(settings) as catalog:
            looked_at = catalog.looks().get(_SENSOR)
    except PipelineError:
        return False
    return looked_at is not None and looked_at >= began_at


def _block(settings: "Settings", at: _Addresses, token: str | None, *, has_looked: bool) -> str:
    """What a person needs, in one piece, after everything else."""
    if token:
        sign_in = f"{at.pages}/login#token={token}  (shown this once)"
    elif settings.jwt_secret.get_secret_value() or settings.jwks_url:
        sign_in = f"{at.pages}/login with a token of your identity provider"
    else:
        sign_in = f"{at.pages}/login with the token of the first start (--new-token makes another)"
    head = "Everything runs; Ctrl-C stops it."
    if not has_looked:
        head = "The parts answer, but no sensor has looked at the store yet: Automation in Dagster's UI says why."
    lines = {
        "Pages": f"{at.pages}/datasets",
        "Dagster's UI": at.ui,
        "Drop files into": f"{settings.store}/uploads/{settings.default_owner}/",
        "Sign in": sign_in,
    }
    return "\n".join(["", head, *(f"  {name:<16}{value}" for name, value in lines.items())])
