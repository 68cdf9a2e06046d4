"""`/metrics`: the installation in numbers, for Prometheus. Who may ask is decided here, apart from users and tokens."""

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from pipeline.errors import NotAllowed, NotSignedIn
from pipeline.service.measures.exposition import CONTENT_TYPE
from pipeline.service.service import CurrentService

router = APIRouter(tags=["health"])
_OF_PROXIES = ("forwarded", "x-forwarded-", "x-real-ip", "via")


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request, service: CurrentService) -> Response:
    """Count datasets, verdicts, trainings, cost and requests in the text format of Prometheus.

    Asked with `Authorization: Bearer <LORA_METRICS_TOKEN>`; where none is set, from the service's machine only.
    """
    _insist(request, service.settings.metrics_token.get_secret_value())
    state = await service.health.current()
    text = await to_thread.run_sync(service.measuring.text, state)
    return Response(text, headers={"Content-Type": CONTENT_TYPE})


def _insist(request: Request, expected: str) -> None:
    if not expected:
        if not _is_of_this_machine(request):
            raise NotAllowed(
                "expected a program on the service's machine, found another: set LORA_METRICS_TOKEN, and send it as "
                "`Authorization: Bearer <token>`"
            )
        return
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), expected.encode()):
        raise NotSignedIn("expected the token of LORA_METRICS_TOKEN, found another or none: send it as a bearer token")


def _is_of_this_machine(request: Request) -> bool:
    """By its address and by the name it asks for: behind a proxy on this machine every address is this machine's.

    One that says nothing of itself is told by its HTTP/1.0, which no program that scrapes speaks; else only a token
    keeps it out.
    """
    headers = request.headers
    if request.scope.get("http_version") == "1.0" or any(name.startswith(_OF_PROXIES) for name in headers):
        return False
    return all(map(_is_loopback, (request.client.host if request.client else "", _host(headers.get("host", "")))))


def _host(header: str) -> str:
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
