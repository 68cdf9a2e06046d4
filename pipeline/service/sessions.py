"""The session of a person at the pages: a signed cookie, made from a bearer token that was typed in once.

Nothing is kept on the server. A session ends with its token, after `LORA_SESSION_EXPIRY_S`, when one signs out, and
when the service trusts something else: a new token of the laptop, another secret, another address of keys.
"""

from datetime import timedelta

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
    claims: Claims = {"sub": identity.user.id, "admin": identity.user.is_admin, "epoch": service.authority.epoch}
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


def sign_out(response: Response) -> None:
    """Take the cookie away."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def session_user(request: Request, service: Service) -> User | None:
    """Return whose session a request carries; None when there is none, or none that is valid."""
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        return None
    try:
        claims = service.signer.read(_PURPOSE, cookie)
    except NotSignedIn:
        return None
    if claims.get("epoch") != service.authority.epoch:
        return None
    return User(str(claims["sub"]), claims.get("admin") is True)
