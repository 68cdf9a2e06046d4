"""A file that appears whole or not at all: written aside, and put in place with one rename."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import LakeError
from pipeline.state.durable import put_in_place


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Lend a path to write to; it takes the target's place when all went well, and is removed when not.

    Raises:
        LakeError: it cannot be put in place.
    """
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield aside
        with written(target):
            put_in_place(aside, target)
    finally:
        with suppress(OSError):  # what went wrong before is what counts
            aside.unlink(missing_ok=True)


@contextmanager
def written(target: Path) -> Iterator[None]:
    """Raise what the disk refuses as a `LakeError` that names the target, not the file aside."""
    try:
        yield
    except OSError as error:
        raise LakeError(f"cannot write {target}: {(error.strerror or str(error)).lower()}") from error
