"""A small secret in a file that only its owner may read, made once whoever comes first."""

import os
import uuid
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import SettingsError


def read_or_make(path: Path, make: Callable[[], str]) -> str:
    """Return what the file holds; if there is none, make it with what `make` returns.

    Raises:
        SettingsError: it can be neither read nor made.
    """
    try:
        if not path.exists():
            make_private(path, make())
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise SettingsError(f"cannot read or make {path}: {error.strerror}; check LORA_DATA_DIR") from error


def make_private(path: Path, text: str) -> bool:
    """Write a file that only its owner may read; return False, and change nothing, where there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.link(aside, path)  # unlike a rename it fails where somebody was quicker
    except FileExistsError:
        return False
    finally:
        aside.unlink()
    return True
