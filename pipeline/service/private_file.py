"""A small secret in a file that only its owner may read, made once whoever comes first."""

import os
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import SettingsError
from pipeline.state.durable import lent_aside


def read_or_make(path: Path, make: Callable[[], str], is_usable: Callable[[str], object]) -> str:
    """Return what the file holds; if there is none, or none that can be used, make it with what `make` returns.

    Raises:
        SettingsError: it can be neither read nor made.
    """
    found = read_private(path)
    if found is not None and is_usable(found):
        return found
    make_private(path, make(), replaces=found is not None)
    return read_private(path) or ""


def read_private(path: Path) -> str | None:
    """Return what the file holds, without bytes that are no text; None where there is none.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        return path.read_text("utf-8", "replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}; move it away, or check LORA_DATA_DIR") from error


def make_private(path: Path, text: str, *, replaces: bool = False) -> bool:
    """Write a file that only its owner may read; return False, and change nothing, where there is one.

    replaces: the one that is there is of no use.

    Raises:
        SettingsError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with lent_aside(path, replaces=replaces) as aside:
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        raise SettingsError(f"cannot make {path}: {error.strerror}; check LORA_DATA_DIR") from error
    return True
