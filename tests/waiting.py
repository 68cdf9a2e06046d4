"""Waiting for what another process or thread does."""

import time
from collections.abc import Callable
from typing import Any

import pytest


def until(
    what: Callable[[], Any], told: Callable[[], str] = lambda: "", patience_s: float = 120, look_s: float = 0.05
) -> Any:
    """What it gives as soon as it gives anything; the test fails after `patience_s`. told: says how far things are."""
    deadline_s = time.monotonic() + patience_s
    while not (found := what()):
        if time.monotonic() > deadline_s:
            pytest.fail(told() or "waited in vain")
        time.sleep(look_s)
    return found
