"""The progress of a command that reads a file: a bar on a terminal (`progress_bar.py` draws it), nothing elsewhere."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipeline.safe_text import shown


@contextmanager
def progress_bar(
    label: str, size_bytes: int | None, at_end: str = "looking for duplicates"
) -> Iterator[Callable[[int], None]]:
    """Shows a bar while something is read that takes a moment, and leaves nothing behind.

    size_bytes: None when it is not known. at_end: what is done once all was read. Yields a function to be told how many
    more bytes were read.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _: None
        return
    from pipeline.cli.progress_bar import ProgressBar  # a third of what rich takes to import

    bar = ProgressBar(shown(label), size_bytes, at_end)
    try:
        yield bar.advance
    finally:
        bar.close()
