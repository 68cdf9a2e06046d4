"""The keys of an identity provider, fetched from its address; what is signed with them is read in `tokens.py`.

A set is kept for five minutes, so a key that the provider withdraws is no longer taken then. One that is not in the set
has it fetched again, at most twice a minute.
"""

import time
from collections.abc import Callable
from typing import Any

import jwt

_TIMEOUT_S = 5
PAUSE_S = 5.0  # after a fetch that failed: whoever asks meanwhile is told at once, and holds no thread


class JwksClient(jwt.PyJWKClient):
    """Fetches the keys; whatever stands at the address instead of them counts as not fetched."""

    def __init__(self, url: str, clock_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__(url, timeout=_TIMEOUT_S)
        self._clock_s = clock_s
        self._paused_until_s = 0.0

    def fetch_data(self) -> Any:
        """Fetch them; one thread at a time.

        Raises:
            PyJWKClientConnectionError: they cannot be fetched, or could not a moment ago.
        """
        if self._clock_s() < self._paused_until_s:
            raise jwt.PyJWKClientConnectionError("they could not be fetched a moment ago")
        try:
            return super().fetch_data()
        except (jwt.PyJWTError, OSError, ValueError) as error:
            self._paused_until_s = self._clock_s() + PAUSE_S
            raise jwt.PyJWKClientConnectionError(type(error).__name__) from None
