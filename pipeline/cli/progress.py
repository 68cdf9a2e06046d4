"""The progress bar of `lora-pipeline check`: bytes, rate and time left on stderr, only on a terminal."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipeline.cli.common import console_for

SHOW_AFTER_S = 0.4  # a bar that flashes up for a small file only disturbs


@contextmanager
def progress_bar(label: str, size_bytes: int | None) -> Iterator[Callable[[int], None]]:
    """Shows a bar while something is read that takes a moment, and leaves nothing behind.

    size_bytes: None when it is not known. Yields a function to be told how many more bytes were read.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _: None
        return
    bar = _Bar(label, size_bytes)
    try:
        yield bar.advance
    finally:
        bar.close()


class _Bar:
    """Begins to draw when it has been worked for a while."""

    def __init__(self, label: str, size_bytes: int | None) -> None:
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.progress import TransferSpeedColumn as Speed

        console = console_for(sys.stderr)
        bar_width = max(10, min(40, console.width - 68))
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width),
            DownloadColumn(),
            Speed(),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
        )
        label = label if len(label) <= 26 else f"…{label[-25:]}"
        self._task = self._progress.add_task(label, total=size_bytes)
        self._size_bytes = size_bytes
        self._read_bytes = 0
        self._began_s = time.monotonic()
        self._is_shown = False

    def advance(self, size_bytes: int) -> None:
        self._read_bytes += size_bytes
        self._progress.update(self._task, advance=size_bytes)
        if not self._is_shown and time.monotonic() - self._began_s > SHOW_AFTER_S:
            self._is_shown = True
            self._progress.start()
        if self._read_bytes == self._size_bytes:
            self._progress.update(self._task, description="finding duplicates")

    def close(self) -> None:
        if self._is_shown:
            self._progress.stop()
