"""Makes a folder into an installation that Dagster can run, and says how to start it."""

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import SettingsError
from pipeline.logs import LogFormat
from pipeline.packaged_files import project_file
from pipeline.settings import Settings
from pipeline.state.durable import lent_aside
from pipeline.state.store.keys import UPLOADS
from pipeline.supervision import Part

PROFILE = project_file("deploy/dagster.yaml")
DEFINITIONS = "pipeline.definitions"
# Copies of `deploy/dagster.yaml` as it was shipped before: one that nobody changed follows the version.
_EARLIER_PROFILES = {
    "df98d516d55dd105950233b907868e0dfec35c5c20ab6cf2299534b4a52efc39",
    "0651fd20d34d1c395e07d291faf64bd33f4d6100f0bf676b6669d3eda914b6f3",
    "a229c921016ee2cb26963cd4cd1ef51c9e559f29b2566787b658c34f109f3c7c",
    "0232ac07d88bad345cbe19c5dae5f1870df215c25111984175bbb3aeae5d2056",
}
LOCATION = "lora_dataset_pipeline"  # as in workspace.yaml: Dagster keeps the state of sensors under it


def prepare(settings: Settings) -> None:
    """Make the folders of an installation and Dagster's settings; what a person put there stays.

    Raises:
        SettingsError: a folder cannot be made.
    """
    try:
        settings.dagster_home.mkdir(parents=True, exist_ok=True)
        if not settings.store.startswith("s3://"):
            (Path(settings.store) / UPLOADS / settings.default_owner).mkdir(parents=True, exist_ok=True)
        _prepare_profile(settings.dagster_home / PROFILE.name)
    except OSError as error:
        raise SettingsError(f"cannot make {error.filename}: {error.strerror}; check LORA_DATA_DIR") from error


def _prepare_profile(path: Path) -> None:
    """Give Dagster's home its settings. What somebody wrote stays; an empty file says nothing that could be lost."""
    if path.exists() and (path.is_dir() or not _is_ours(path.read_bytes())):
        return
    with lent_aside(path) as aside:
        aside.write_bytes(PROFILE.read_bytes())


def _is_ours(content: bytes) -> bool:
    return not content.strip() or hashlib.sha256(content).hexdigest() in _EARLIER_PROFILES


def environment(settings: Settings, inherited: Mapping[str, str]) -> dict[str, str]:
    """Variables for Dagster's processes; what they read is what this process read."""
    return {
        **inherited,
        "DAGSTER_HOME": str(settings.dagster_home),
        "LORA_DATA_DIR": str(settings.data_dir),
        # The console script's folder first, so that Dagster's own programs are those of this environment.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", "")]),
    }


def code_server(socket: Path, log_format: LogFormat = "text") -> Part:
    """Holds the definitions, evaluates sensors, starts runs; reloads the code in a process below it."""
    command = _dagster("resources.code_server", "-m", DEFINITIONS, "-a", "defs", "--socket", str(socket))
    return Part(
        "Dagster's code server",
        (
            *command,
            *("--location-name", LOCATION, "--log-level", "warning", "--use-python-environment-entry-point"),
            *_log_format(log_format),
        ),
        worker="api grpc",
    )


def webserver(workspace: Path, host: str, port: int, log_format: LogFormat = "text") -> Part:
    """Dagster's UI."""
    command = _dagster("dagster_webserver", "-w", str(workspace), "--host", host, "--port", str(port))
    return Part("Dagster's UI", (*command, *_log_format(log_format)))


def daemon(workspace: Path, log_level: str = "info", log_format: LogFormat = "text") -> Part:
    """Ticks sensors and schedules, takes runs out of the queue, watches them. log_level: as Dagster calls them."""
    command = _dagster("dagster._daemon", "run", "-w", str(workspace), "--log-level", log_level)
    return Part("Dagster's daemon", (*command, *_log_format(log_format)))


def _log_format(log_format: LogFormat) -> tuple[str, ...]:
    return ("--log-format", "json") if log_format == "json" else ()


def service(host: str, port: int) -> Part:
    """The upload service."""
    command = (sys.executable, "-m", "pipeline.cli", "serve", "--host", host, "--port", str(port))
    return Part("the upload service", command)


def write_workspace(folder: Path) -> tuple[Path, Path]:
    """Tell Dagster's processes in a file of `folder` where the code server is; return the file and the socket."""
    workspace, socket = folder / "workspace.yaml", folder / "code-server.sock"
    server = {"socket": str(socket), "location_name": LOCATION}
    workspace.write_text(json.dumps({"load_from": [{"grpc_server": server}]}), "utf-8")  # JSON is YAML
    return workspace, socket


def _dagster(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def preflight_command() -> list[str]:
    """Whether Dagster's home is whole and no other daemon is at work; says what is wrong on stderr."""
    return [sys.executable, "-m", "resources.preflight"]


def once_command() -> list[str]:
    """What the daemon would do now, done once and in one process."""
    return [sys.executable, "-m", "sensors.once", DEFINITIONS]


def generation_command() -> list[str]:
    """The same for conversations that are made, until each batch has ended."""
    return [*once_command(), "generation"]


def trainings_command() -> list[str]:
    """The same for trainings that were asked for, until each has ended and what it leaves is kept."""
    return [*once_command(), "trainings"]
