"""Keeps the garbage collector and the kernel out of the hot loop."""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # parameters of mallopt, from glibc's malloc.h
_KEPT_BYTES, _LARGEST_BYTES = 64 * 2**20, 32 * 2**20  # where glibc's own adjustment of the two ends; mallopt(3)


def keep_freed_memory() -> None:
    """Have glibc keep up to 64 MiB that are freed, for the rest of the process; a no-op with other C libraries.

    The buffers of a block are freed and asked for again a moment later. By default glibc gives some of that back to
    the kernel and fetches it again, page by page, which is a tenth of the engine's processor time.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_MMAP_THRESHOLD, _LARGEST_BYTES)


def give_back_freed_memory() -> None:
    """Give back what is kept of freed memory, before much else is asked for; a no-op with other C libraries."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


@contextmanager
def paused_collector() -> Iterator[None]:
    """No cyclic collections inside: a block makes a million objects and no cycle, and looking for one costs 15 %."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
