"""The session of a person at the pages: a signed cookie, made from a bearer token that was typed in once.

A session ends with its token, after `LORA_SESSION_EXPIRY_S`, when one signs out, and when the service trusts something
else: a new token of the laptop, another secret, another address of keys. Nothing is kept on the server but the ids of
those that somebody ended (`catalog/ended_sessions.py`), which holds for every process of the service.
"""

import secrets
from datetime import UTC, datetime, timedelta

from fastapi import Request, Response

from pipeline.errors import NotSignedIn
from pipeline.service.service import Service
from pipeline.service.signing import Claims
from pipeline.service.user import User

COOKIE = "lora_session"
_PURPOSE = "session"


def sign_in(request: Request, response: Response, service: Service, token: str) -> User:
    """Set the cookie of a new session for whoever holds a valid bearer token.

    Raises:
        NotSignedIn: the token is not valid.
    """
    identity = service.authority.identify(token.strip())
    latest = service.now() + timedelta(seconds=service.settings.session_expiry_s)
    expires_at = min(latest, identity.expires_at or latest)
    claims: Claims = {
        "sub": identity.user.id,
        "admin": identity.user.is_admin,
        "epoch": service.authority.epoch,
        "sid": secrets.token_urlsafe(16),
    }
    response.set_cookie(
        COOKIE,
        service.signer.sign(_PURPOSE, claims, expires_at),
        expires=expires_at,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return identity.user


def sign_out(request: Request, response: Response, service: Service) -> None:
    """End the session, wherever its cookie was copied to, and take the cookie away.

    Raises:
        CatalogError: that cannot be noted now; the session goes on.
    """
    claims = _claims(request, service)
    if claims is not None:
        expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
        service.catalog.end_session(str(claims["sid"]), str(claims["sub"]), expires_at)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def session_user(request: Request, service: Service) -> User | None:
    """Return whose session a request carries; None when there is none, or none that is valid. Asks the catalog.

    Raises:
        CatalogError: whether it was ended cannot be told now.
    """
    claims = _claims(request, service)
    if claims is None or service.catalog.is_ended(str(claims["sid"])):
        return None
    return User(str(claims["sub"]), claims.get("admin") is True)


def _claims(request: Request, service: Service) -> Claims | None:
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        return None
    try:
        claims = service.signer.read(_PURPOSE, cookie)
    except NotSignedIn:
        return None
    return claims if claims.get("epoch") == service.authority.epoch and "sid" in claims else None
