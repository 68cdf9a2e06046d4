"""Private folders for files that are being made, and the removal of those whose process died."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.state.lake.lake_errors import lake_errors

STALE_AFTER = timedelta(days=1)  # no run takes that long


class Staging:
    """Folders of random names in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def lend(self) -> Iterator[Path]:
        """Make a folder, and remove it with all it holds, whatever happens.

        Raises:
            LakeError: it cannot be made.
        """
        with lake_errors("make a folder in", self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            lent = Path(tempfile.mkdtemp(dir=self._folder, prefix=""))
        try:
            yield lent
        finally:
            shutil.rmtree(lent, ignore_errors=True)

    def sweep(self, now: datetime) -> int:
        """Remove folders in which nothing was written for a day; return how many.

        Raises:
            LakeError: the folder cannot be read.
        """
        with lake_errors("look into", self._folder):
            lent = list(self._folder.iterdir()) if self._folder.exists() else []
        stale = [folder for folder in lent if _last_write_s(folder) < (now - STALE_AFTER).timestamp()]
        for folder in stale:
            shutil.rmtree(folder, ignore_errors=True)
        return len(stale)


def _last_write_s(folder: Path) -> float:
    """Seconds since 1970; infinite for a folder that its process is just removing."""
    try:
        return max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
    except OSError:
        return float("inf")
