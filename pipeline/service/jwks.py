"""The keys of an identity provider, fetched from its address; what is signed with them is read in `tokens.py`.

A set is kept for five minutes, so a key that the provider withdraws is no longer taken then. One that is not in the set
has it fetched again, at most twice a minute.
"""

import time
from collections.abc import Callable
from http.client import HTTPException
from typing import Any
from urllib.request import HTTPRedirectHandler, build_opener

import jwt

from pipeline.service.bounded_json import read_json

_TIMEOUT_S = 5
_MAX_BYTES = 256 * 1024  # a hundred keys with their certificates
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
            found = self._as_jwk_set_payload(read_json(self._fetched(), _MAX_BYTES))
            keys = jwt.PyJWKSet.from_dict(found)
        except (jwt.PyJWTError, OSError, ValueError, TypeError, AttributeError, HTTPException) as error:
            self._paused_until_s = self._clock_s() + PAUSE_S
            raise jwt.PyJWKClientConnectionError(type(error).__name__) from None
        if self.jwk_set_cache is not None:
            self.jwk_set_cache.put(keys)
        self._last_successful_fetch = time.monotonic()
        return keys

    def _fetched(self) -> bytes:
        """What stands at the address, or one byte more of it than is taken; redirections lead to nobody's choice."""
        latest_s = time.monotonic() + 2 * _TIMEOUT_S  # the library's limit is for each piece
        content = b""
        with build_opener(_NoRedirection()).open(self.uri, timeout=_TIMEOUT_S) as response:
            while len(content) <= _MAX_BYTES and (piece := response.read1(_MAX_BYTES)):
                content += piece
                if time.monotonic() > latest_s:
                    raise TimeoutError
        return content


class _NoRedirection(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:  # which means that it failed
        return None
