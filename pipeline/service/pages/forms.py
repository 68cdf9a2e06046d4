"""Reads what a form of ours sends; no form here has files, and the service limits every body (`middleware.py`)."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request


async def _read(request: Request) -> dict[str, str]:
    """The last value of each field."""
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


Form = Annotated[dict[str, str], Depends(_read)]
