"""Where files are that belong to the program but are no code: beside it in a checkout, inside it in a wheel.

And where an installation has its data by default: in a checkout its own folder `data`, else what the platform keeps for
a user's programs. Never in site-packages, which the next upgrade empties.
"""

import os
import sys
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parent.parent
_PACKAGED = Path(__file__).resolve().parent / "packaged"  # of a wheel alone; see pyproject.toml
_NAME = "lora-pipeline"


def is_installed() -> bool:
    """Whether this is a copy that a wheel brought, not a checkout."""
    return _PACKAGED.is_dir()


def project_file(name: str) -> Path:
    """A file or folder of the project, by its path there."""
    return (_PACKAGED if is_installed() else PROJECT_DIR) / name


def default_data_dir() -> Path:
    """The folder for everything local, where nobody says which."""
    return _user_dir() if is_installed() else PROJECT_DIR / "data"


def default_tools_dir() -> Path:
    """The folder for environments that belong to the program, such as that of the trainers."""
    return _user_dir() if is_installed() else PROJECT_DIR


def _user_dir() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / _NAME
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / _NAME
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / _NAME
