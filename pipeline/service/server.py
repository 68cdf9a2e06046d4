"""The server around the application: who is believed, and how long a connection may take over what.

A connection costs memory and a place, so nobody keeps one by being slow: the head of a request has `HEAD_S` and
`MAX_HEAD_BYTES`, a small body `middleware.BODY_S`, an upload has to move on (`receivers.py`), and whoever stops reading
an answer is left after `STALLED_S`.
"""

import asyncio
import socket
import struct
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pipeline.settings import Settings

HEAD_S = 20.0
STALLED_S = 60.0
MAX_HEAD_BYTES = 64 * 1024
_MOST_WAITING = 100  # requests sent ahead on one connection; browsers send none
_NO_LINGERING = struct.pack("ii", 1, 0)  # what the system still holds for this client is given up as well


class PatientProtocol(HttpToolsProtocol):
    """Reads requests as uvicorn does, with an end to its patience."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_timer: asyncio.TimerHandle | None = None
        self._stalled_timer: asyncio.TimerHandle | None = None
        # What came and is neither a whole head nor content yet, which the parser keeps.
        self._pending_bytes = 0
        self._head_bytes = 0
        self._is_in_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for the first request."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Take what came; between requests it begins the head of another."""
        if self._head_timer is None and (self.cycle is None or self.cycle.response_complete):
            self._expect_head()
        self._pending_bytes += len(data)
        super().data_received(data)
        if self._pending_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._leave()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._head_bytes, self._is_in_head = 0, True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep what stands in the head; what follows a body in pieces says nothing to us."""
        if self._is_in_head:
            self._count(len(name) + len(value))
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        _stop(self._head_timer)
        self._head_timer = None
        self._pending_bytes, self._is_in_head = 0, False
        if len(self.pipeline) >= _MOST_WAITING:
            raise ValueError("too many requests at once")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Content came; a piece of one byte has five more around it."""
        self._pending_bytes = max(0, self._pending_bytes - 6 * len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._pending_bytes = 0
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The other side does not read what it asked for."""
        super().pause_writing()
        _stop(self._stalled_timer)
        self._stalled_timer = self.loop.call_later(STALLED_S, self._give_up)

    def resume_writing(self) -> None:
        """It reads again."""
        _stop(self._stalled_timer)
        self._stalled_timer = None
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        _stop(self._head_timer)
        self._head_timer = None
        super().connection_lost(exc)
        _stop(self._stalled_timer)
        self._stalled_timer = None

    def _count(self, size_bytes: int) -> None:
        self._head_bytes += size_bytes
        if self._head_bytes > MAX_HEAD_BYTES:
            raise ValueError("the head is too long")  # the parser stops, and uvicorn answers 400

    def _give_up(self) -> None:
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
        self._leave()

    def _leave(self) -> None:
        """Close the connection whatever is still to be said; what works on an answer learns that nobody hears it."""
        self.pipeline.clear()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.flow.resume_writing()
        self.transport.abort()

    def _expect_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_S, self._leave)
        self._pending_bytes = 0


def server_config(app: FastAPI, settings: Settings, host: str, port: int, drain_s: int) -> uvicorn.Config:
    """How uvicorn serves the application. drain_s: how long requests that are under way may take when it stops."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=PatientProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # Who forges the header of an address that is believed has as many addresses as they like.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=drain_s,
    )


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
