"""Whether a page of our own sent a request: what keeps other sites from acting in the name of a session.

The session cookie is SameSite=Strict already; this is the second lock, for browsers and sites where that is not enough.
"""

from urllib.parse import urlsplit

from fastapi import Request


def is_from_our_page(request: Request) -> bool:
    """Tell by what browsers say of a request's origin, which no page can forge; silence counts as no."""
    if (site := request.headers.get("sec-fetch-site")) is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    # Only the host: behind a proxy that ends TLS the scheme that we see is not the browser's.
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")
