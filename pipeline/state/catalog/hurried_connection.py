"""Connections to PostgreSQL whose statements end in time.

A database that hangs (a stopped process, a disk that does not answer) keeps its connections open and says nothing, and
libpq waits for ever: the limits of the server and of TCP only help where one of the two still works. So a thread looks
after statements that are under way, and closes the connection under one that takes too long.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2.extensions  # type: ignore[import-untyped]

from pipeline.state.catalog.hurry import PING_S, STATEMENT_S

_PING = "SELECT 1"
_LOOK_EVERY_S = 0.25


class HurriedCursor(psycopg2.extensions.cursor):  # type: ignore[misc]
    """A cursor whose statements end in time."""

    def execute(self, query: Any, vars: Any = None) -> None:  # psycopg2's name for it
        """Execute; the question whether the connection lives has less time than others."""
        with limited(self.connection, PING_S if query == _PING else STATEMENT_S):
            super().execute(query, vars)

    def executemany(self, query: Any, vars_list: Any) -> None:
        """Execute for each."""
        with limited(self.connection, STATEMENT_S):
            super().executemany(query, vars_list)


class HurriedConnection(psycopg2.extensions.connection):  # type: ignore[misc]
    """A connection whose transactions end in time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cursor_factory = HurriedCursor

    def commit(self) -> None:
        """Commit."""
        with limited(self, STATEMENT_S):
            super().commit()

    def rollback(self) -> None:
        """Roll back; what was closed for its slowness has nothing to roll back."""
        with limited(self, PING_S):
            super().rollback()


@contextmanager
def limited(connection: psycopg2.extensions.connection, limit_s: float) -> Iterator[None]:
    """Close the connection if the block takes longer; libpq then says that the server closed it."""
    if connection.closed:
        yield
        return
    _WATCH.begin(connection.fileno(), limit_s)
    try:
        yield
    finally:
        _WATCH.end()


class _Watch:
    """What is under way, by thread: until when, and the number of the connection's file."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[int, tuple[float, int]] = {}
        self._thread: threading.Thread | None = None

    def begin(self, file: int, limit_s: float) -> None:
        with self._lock:
            self._under_way[threading.get_ident()] = (time.monotonic() + limit_s, file)
            if self._thread is None or not self._thread.is_alive():  # as in a process that was forked
                self._thread = threading.Thread(target=self._close_slow_ones, daemon=True, name="slow statements")
                self._thread.start()

    def end(self) -> None:
        with self._lock:  # from here on the number may be another file's
            self._under_way.pop(threading.get_ident(), None)

    def _close_slow_ones(self) -> None:
        while True:
            time.sleep(_LOOK_EVERY_S)
            with self._lock:
                for thread, (until_s, file) in list(self._under_way.items()):
                    if time.monotonic() > until_s:
                        self._under_way.pop(thread)
                        _close(file)


def _close(file: int) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(file)) as connection:  # it may be closed already
        connection.shutdown(socket.SHUT_RDWR)


_WATCH = _Watch()
