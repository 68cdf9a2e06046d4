"""The style sheet and the scripts. Their addresses change with their content, so browsers keep them for ever."""

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import RedirectResponse

from pipeline.service.pages.render import MEDIA_TYPES, asset

router = APIRouter()


@router.get("/")
def start() -> RedirectResponse:
    """The list is where one starts."""
    return RedirectResponse("/datasets", 303)


@router.get("/static/{name}")
def static(name: str) -> Response:
    """One of our files."""
    if name not in MEDIA_TYPES:
        raise HTTPException(404)
    return Response(
        asset(name), media_type=MEDIA_TYPES[name], headers={"Cache-Control": "public, max-age=31536000, immutable"}
    )
