"""Reads what a form of ours sends; no form here has files, so there is nothing to stream."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from pipeline.errors import TooLarge

_MAX_BYTES = 64 * 1024


async def _read(request: Request) -> dict[str, str]:
    """The last value of each field.

    Raises:
        TooLarge: the form is larger than any of ours.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise TooLarge(f"expected a form of at most {_MAX_BYTES:,} bytes, found more: shorten it")
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


Form = Annotated[dict[str, str], Depends(_read)]
