"""Who asks: the one place that makes a `User` from a request.

A bearer token (`tokens.py`) speaks for a program, a session cookie (`sessions.py`) for a person at a page.
What a user may see is decided in `access.py`.
"""

from typing import Annotated

from anyio import to_thread
from fastapi import Depends, Request

from pipeline.errors import NotAllowed, NotSignedIn
from pipeline.service.limits import address_group
from pipeline.service.origins import is_from_our_page
from pipeline.service.service import CurrentService, Service
from pipeline.service.sessions import COOKIE, session_user
from pipeline.service.user import User

_CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})


def user_of(request: Request, service: Service) -> User:
    """Return who sent a request.

    Raises:
        NotSignedIn: there is neither a token nor a session, or it is not valid (any more).
        NotAllowed: it would change something in the name of a session, and another site's page may have sent it.
    """
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotSignedIn("Authorization: expected `Bearer <token>`, found another scheme; send a bearer token")
        return service.authority.identify(token.strip()).user
    user = session_user(request, service)
    if user is None:
        raise NotSignedIn("expected a bearer token, found none: send the header `Authorization: Bearer <token>`")
    if request.method not in _CHANGES_NOTHING and not is_from_our_page(request):
        raise NotAllowed("the request was not sent by a page of this service: reload the page and try again")
    return user


def address_of(request: Request) -> str:
    """Where a request comes from, as far as limits tell addresses apart."""
    return address_group(request.client.host if request.client else "")


async def current_user(request: Request, service: CurrentService) -> User:
    """The dependency of every route that belongs to somebody; counts the request against the user's rate.

    Raises:
        NotSignedIn, NotAllowed: see `user_of`.
        TooManyRequests: the user, or an unknown address, sent too many.
    """
    try:
        if service.authority.may_wait or COOKIE in request.cookies:  # a session asks the catalog
            user = await to_thread.run_sync(user_of, request, service)
        else:  # a tenth of a millisecond; a thread would take longer
            user = user_of(request, service)
    except (NotSignedIn, NotAllowed):
        service.limiter.take(f"address {address_of(request)}")
        raise
    service.limiter.take(f"user {user.id}")
    request.state.user_id = user.id
    return user


CurrentUser = Annotated[User, Depends(current_user)]
