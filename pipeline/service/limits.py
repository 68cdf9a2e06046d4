"""How often one may ask: a token bucket for each user, in the memory of this process."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from pipeline.errors import TooManyRequests

_MAX_BUCKETS = 10_000  # a full bucket says nothing, so those go first


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at_s: float


class Limiter:
    """Lets through `per_minute` requests of each name, all of them at once or spread out."""

    def __init__(self, per_minute: int, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._size = float(per_minute)
        self._rate_per_s = per_minute / 60
        self._clock_s = clock_s
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, name: str) -> None:
        """Count one request.

        Raises:
            TooManyRequests: there were too many of this name.
        """
        with self._lock:
            bucket = self._filled(name)
            if bucket.tokens < 1:
                wait_s = math.ceil((1 - bucket.tokens) / self._rate_per_s)
                raise TooManyRequests(
                    f"expected at most {self._size:.0f} requests a minute, found more: try again in {wait_s} s", wait_s
                )
            bucket.tokens -= 1

    def _filled(self, name: str) -> _Bucket:
        now_s = self._clock_s()
        bucket = self._buckets.get(name)
        if bucket is None:
            if len(self._buckets) >= _MAX_BUCKETS:
                self._forget(now_s)
            bucket = self._buckets[name] = _Bucket(self._size, now_s)
        bucket.tokens = min(self._size, bucket.tokens + (now_s - bucket.filled_at_s) * self._rate_per_s)
        bucket.filled_at_s = now_s
        return bucket

    def _forget(self, now_s: float) -> None:
        full = [
            n for n, b in self._buckets.items() if b.tokens + (now_s - b.filled_at_s) * self._rate_per_s >= self._size
        ]
        for name in full or list(self._buckets)[: _MAX_BUCKETS // 2]:
            del self._buckets[name]


def address_group(host: str) -> str:
    """What a limit by address counts together: IPv4 by itself, IPv6 by /64, of which everybody has one."""
    try:
        address = ip_address(host)
    except ValueError:  # no address: a socket file, or what a trusted proxy made up
        return host[:64]
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((int(address), 64), strict=False))
    return str(address)
