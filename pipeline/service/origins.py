"""Whether a page of our own sent a request, and where the service is: what keeps other sites from acting for a session.

The session cookie is SameSite=Strict already; this is the second lock, for browsers and sites where that is not enough.
"""

from urllib.parse import urlsplit

from fastapi import Request

from pipeline.settings import Settings


def is_from_our_page(request: Request) -> bool:
    """Tell by what browsers say of a request's origin, which no page can forge; silence counts as no."""
    if (site := request.headers.get("sec-fetch-site")) is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    # Only the host: behind a proxy that ends TLS the scheme that we see is not the browser's.
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")


def service_url(request: Request, settings: Settings) -> str:
    """Where machines reach the service: as the settings say, else where this request did."""
    return settings.service_url or str(request.base_url).rstrip("/")
