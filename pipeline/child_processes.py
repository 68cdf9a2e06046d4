"""Lets the kernel end a process when the one that started it is killed, which then can end nobody itself."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def end_with(parent: int, by: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """What a new child of `parent` calls first. Only Linux can; elsewhere it does nothing.

    The thread that starts the child must live as long as the child is to.
    """
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask_the_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, by)
        if os.getppid() != parent:  # killed before we asked
            os._exit(1)

    return ask_the_kernel
