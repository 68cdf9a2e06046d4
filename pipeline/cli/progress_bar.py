"""Draws a progress bar on stderr: bytes, rate and time left."""

import sys
import time

from rich.cells import cell_len
from rich.progress import BarColumn, DownloadColumn, Progress, ProgressColumn, Task, TextColumn, TransferSpeedColumn
from rich.text import Text

from pipeline.cli.common import console_for

SHOW_AFTER_S = 0.4  # a bar that flashes up for a small file only disturbs
LARGE_BYTES = 32 * 2**20
MAX_LABEL_CELLS = 24
_OTHER_COLUMNS_CELLS = 66  # label, bytes, rate, time left; what remains is the bar's


class _TimeLeft(ProgressColumn):
    """`0:05 left`, once a rate is known."""

    def render(self, task: Task) -> Text:
        seconds = task.time_remaining
        return Text(f"{int(seconds) // 60}:{int(seconds) % 60:02d} left" if seconds is not None else "", style="cyan")


class ProgressBar:
    """Is drawn at once for a large file, and otherwise when reading goes on for a while."""

    def __init__(self, label: str, size_bytes: int | None, at_end: str) -> None:
        console = console_for(sys.stderr)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(max(8, min(40, console.width - _OTHER_COLUMNS_CELLS))),
            DownloadColumn(),
            TransferSpeedColumn(),
            _TimeLeft(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task(_shortened(label), total=size_bytes)
        self._size_bytes = size_bytes
        self._at_end = at_end
        self._read_bytes = 0
        self._began_s = time.monotonic()
        self._is_drawn = False
        if size_bytes is not None and size_bytes >= LARGE_BYTES:
            self._draw()

    def advance(self, size_bytes: int) -> None:
        """Move on by so many bytes."""
        self._read_bytes += size_bytes
        self._progress.update(self._task, advance=size_bytes)
        if not self._is_drawn and time.monotonic() - self._began_s > SHOW_AFTER_S:
            self._draw()
        if self._read_bytes == self._size_bytes:
            self._progress.update(self._task, description=self._at_end)

    def close(self) -> None:
        """Take the bar away."""
        if self._is_drawn:
            self._progress.stop()

    def _draw(self) -> None:
        self._is_drawn = True
        self._progress.start()


def _shortened(label: str) -> str:
    """The end of a long label: a path's end says more than its beginning."""
    while cell_len(label) > MAX_LABEL_CELLS:
        label = f"…{label[2:]}"
    return label
