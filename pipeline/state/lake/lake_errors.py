"""Turns a disk's refusal into one sentence with the place and the next step."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import LakeError

_NEXT_STEP = {
    errno.ENOSPC: "free some space there and try again",
    errno.EDQUOT: "free some space there and try again",
    errno.EACCES: "check who may write there, and LORA_LAKE",
    errno.EPERM: "check who may write there, and LORA_LAKE",
    errno.EROFS: "check how it is mounted, and LORA_LAKE",
}


@contextmanager
def lake_errors(action: str, path: Path) -> Iterator[None]:
    """Raise what the operating system refuses as a `LakeError` that says which `action` on which `path` failed."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else " ".join(str(error).split())
        next_step = _NEXT_STEP.get(error.errno or 0, "check that it is a folder that can be used, and LORA_LAKE")
        raise LakeError(f"cannot {action} {path}: {reason}; {next_step}") from error
