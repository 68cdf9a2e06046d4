"""What surrounds every request: its id and its line in the log, security headers, answers to HEAD, limits on bodies.

Plain ASGI, so that uploads and streams pass through unbuffered.
"""

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Callable, Mapping

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.logs import told

_LOG = logging.getLogger("pipeline.service.requests")
MAX_JSON_BYTES = 64 * 1024
MAX_LONG_BYTES = 1_000_000  # of what a training tells, and of a conversation
BODY_S = 30.0  # for so many bytes, from the end of the head
_OF_ANY_SIZE = re.compile(r"/api/uploads/|/api/jobs/[^/]+/attempts/[^/]+/files/")
_LONG = re.compile(r"/api/jobs/[^/]+/reports|(/api)?/conversations/[^/]+/edit")


class RequestLog:
    """Gives each request an id, and logs method, route, status, time and user: no query, no address signed, no body.

    count: is told of each as well: method, route, status, seconds until the answer began.
    """

    def __init__(self, app: ASGIApp, count: Callable[[str, str, int, float], None]) -> None:
        self._app = app
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        began_s, status = time.monotonic(), 500
        waited_s: float | None = None

        async def noting(message: Message) -> None:
            nonlocal status, waited_s
            if message["type"] == "http.response.start":
                status, waited_s = message["status"], time.monotonic() - began_s
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            duration_s = time.monotonic() - began_s
            route = getattr(scope.get("route"), "path", "(none)")
            self._count(scope["method"], route, status, duration_s if waited_s is None else waited_s)
            _log(request_id, scope["method"], route, status, duration_s * 1_000, state.get("user_id", "-"))


def _log(request_id: str, method: str, route: str, status: int, duration_ms: float, user_id: str) -> None:
    fields = told(
        request_id=request_id, method=method, route=route, status=status, duration_ms=round(duration_ms), user=user_id
    )
    _LOG.info("%s %s %s %d %.0f ms %s", request_id, method, route, status, duration_ms, user_id, extra=fields)


class SecurityHeaders:
    """Adds headers to every answer; one that a route set itself stays."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    present.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, adding if scope["type"] == "http" else send)


class AnswersHead:
    """Answers HEAD with what GET would say above its body, for every address that GET has."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        is_answered = asyncio.Event()

        async def head_only(message: Message) -> None:
            if message["type"] == "http.response.start" and not is_answered.is_set():
                scope["method"] = "HEAD"  # the server leaves the body out, whatever length the head announces
                await send(message)
                await send({"type": "http.response.body", "body": b""})
                is_answered.set()

        scope["method"] = "GET"  # in place: what the route writes into the scope is logged
        answering = asyncio.ensure_future(self._app(scope, receive, head_only))
        waiting = asyncio.ensure_future(is_answered.wait())
        try:
            await asyncio.wait({answering, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            scope["method"] = "HEAD"
            waiting.cancel()
            if not answering.done():
                answering.cancel()  # nobody wants the body: it may be a gigabyte, or a stream without an end
            await asyncio.wait({answering})
        if not answering.cancelled():
            answering.result()


class BodyLimit:
    """Refuses bodies that are too long for what they are, or take too long; files have limits of their own."""

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_JSON_BYTES) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or _OF_ANY_SIZE.match(scope["path"]):
            await self._app(scope, receive, send)
            return
        max_bytes = MAX_LONG_BYTES if _LONG.fullmatch(scope["path"]) else self._max_bytes
        found_bytes = 0
        is_whole = False
        latest_s = asyncio.get_running_loop().time() + BODY_S

        async def counting() -> Message:
            nonlocal found_bytes, is_whole
            try:  # once it is whole, what one waits for is the end of the connection
                async with asyncio.timeout_at(None if is_whole else latest_s):
                    message = await receive()
            except TimeoutError:
                too_late = {"Connection": "close"}
                raise HTTPException(408, f"Body not there after {BODY_S:.0f} s", too_late) from None
            found_bytes += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            if found_bytes > max_bytes:
                raise HTTPException(413, f"Body above {max_bytes:,} bytes")  # the kind that FastAPI lets through
            return message

        await self._app(scope, counting, send)


def security_headers(upload_origin: str) -> dict[str, str]:
    """Headers for every answer. upload_origin: where pages send uploads besides here, such as https://s3.example.com."""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": f"'self' {upload_origin}".rstrip(),
        "frame-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cache-Control": "no-store",
    }
