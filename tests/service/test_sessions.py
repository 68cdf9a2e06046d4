"""Sessions of the pages end where somebody ends them, in every process of the service."""

from datetime import UTC, datetime, timedelta

from pipeline.service.sessions import COOKIE
from pipeline.state.catalog.catalog import Catalog
from tests.service.serving import Serving, token

PAGE = {"Sec-Fetch-Site": "same-origin"}


def signed_in(service: Serving) -> dict[str, str]:
    """The header that a browser sends from then on."""
    with service.client(None) as browser:
        answer = browser.post("/login", data={"token": token("ana")}, headers=PAGE)
    assert answer.status_code == 303
    return {"Cookie": f"{COOKIE}={answer.cookies[COOKIE]}"}


def status(service: Serving, session: dict[str, str]) -> int:
    with service.client(None) as browser:
        return browser.get("/api/datasets", headers=session).status_code


def sign_out(service: Serving, session: dict[str, str]) -> int:
    with service.client(None) as browser:
        return browser.post("/logout", headers=session | PAGE).status_code


def test_who_signs_out_is_out_everywhere(serve):
    """Also with a copy of the cookie, and at another process; other sessions of the same person go on."""
    here, there = serve(), serve()
    session, other = signed_in(here), signed_in(there)
    before = [status(service, session) for service in (here, there)]

    answered = [sign_out(there, session), sign_out(there, session)]

    assert (before, answered) == ([200, 200], [303, 303])
    assert [status(service, each) for each in (session, other) for service in (here, there)] == [401, 401, 200, 200]


def test_another_site_cannot_sign_anybody_out(local):
    session = signed_in(local)
    with local.client(None) as browser:
        browser.post("/logout", headers=session | {"Sec-Fetch-Site": "cross-site"})

    assert status(local, session) == 200


def test_a_session_of_an_earlier_version_is_over(local):
    """It has no id by which it could be ended."""
    from pipeline.service.signing import make_signer

    later = datetime.now(UTC) + timedelta(hours=1)
    cookie = make_signer(local.settings).sign("session", {"sub": "ana", "admin": False, "epoch": "x"}, later)

    assert status(local, {"Cookie": f"{COOKIE}={cookie}"}) == 401


def test_nothing_is_kept_of_who_is_signed_in(local):
    signed_in(local)

    with Catalog.open(local.settings.catalog_url) as catalog:
        assert catalog.forget_ended_sessions(datetime.now(UTC) + timedelta(days=30)) == 0
