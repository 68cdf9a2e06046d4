"""Makes a folder into an installation that Dagster can run, and says how to start it."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import SettingsError
from pipeline.settings import PROJECT_DIR, Settings
from pipeline.store.keys import UPLOADS

PROFILE = PROJECT_DIR / "deploy" / "dagster.yaml"
DEFINITIONS = "pipeline.definitions"


def prepare(settings: Settings) -> None:
    """Make the folders of an installation; what is there already stays.

    Raises:
        SettingsError: a folder cannot be made.
    """
    try:
        settings.dagster_home.mkdir(parents=True, exist_ok=True)
        if not settings.store.startswith("s3://"):
            (Path(settings.store) / UPLOADS / settings.default_owner).mkdir(parents=True, exist_ok=True)
        profile = settings.dagster_home / "dagster.yaml"
        if not profile.exists():
            shutil.copyfile(PROFILE, profile)
    except OSError as error:
        raise SettingsError(f"cannot make {error.filename}: {error.strerror}; check LORA_DATA_DIR") from error


def environment(settings: Settings, inherited: Mapping[str, str]) -> dict[str, str]:
    """Variables for Dagster's processes; what they read is what this process read."""
    return {
        **inherited,
        "DAGSTER_HOME": str(settings.dagster_home),
        "LORA_DATA_DIR": str(settings.data_dir),
        # The console script's folder first, so that Dagster's own programs are those of this environment.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", "")]),
    }


def dev_command(host: str, port: int) -> list[str]:
    """Dagster's UI, daemon and code location, in one."""
    return [
        sys.executable,
        # Dagster recommends a tool of its own that we do not install.
        "-W",
        "ignore:Function `dev_command` is superseded",
        "-m",
        "dagster",
        "dev",
        "-w",
        str(PROJECT_DIR / "workspace.yaml"),
        "-h",
        host,
        "-p",
        str(port),
    ]


def serve_command(host: str, port: int) -> list[str]:
    """The upload service."""
    return [sys.executable, "-m", "pipeline.cli", "serve", "--host", host, "--port", str(port)]


def once_command() -> list[str]:
    """What the daemon would do now, done once and in one process."""
    return [sys.executable, "-m", "sensors.once", DEFINITIONS]
