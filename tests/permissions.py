"""Files and folders that may not be read. Tests may run as root, whom no mode keeps out, so the system calls refuse."""

import errno
import os
from pathlib import Path


def forbid(monkeypatch, *places: Path) -> None:
    """Let `open`, `scandir` and `stat` of the places, and of what lies in them, fail as for a stranger."""
    for owner, name in ((Path, "open"), (os, "scandir"), (os, "stat")):
        monkeypatch.setattr(owner, name, _refusing(getattr(owner, name), name, places))


def _refusing(real, name, places):
    def call(path, *args, **options):
        asked = Path(os.fspath(path)) if isinstance(path, str | Path) else None
        # The mode of a folder hides what is in it; that of a file, its bytes.
        inside = asked is not None and any(place in asked.parents for place in places)
        if inside or (name != "stat" and asked in places):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path, *args, **options)

    return call
