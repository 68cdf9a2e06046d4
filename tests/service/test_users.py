"""Who asks: tokens and sessions that are valid, and all the ways in which they are not."""

import base64
import hmac
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.testclient import TestClient

from pipeline.errors import NotSignedIn, ServiceError, SettingsError
from pipeline.service.app import create_app
from pipeline.service.pages.routes.session_pages import router as session_pages
from pipeline.service.service import CurrentService
from pipeline.service.sessions import COOKIE, sign_in, sign_out
from pipeline.service.tokens import Identity, make_authority, make_laptop_token, token_path
from pipeline.service.user import User
from pipeline.settings import Settings, load_settings
from tests.service.serving import SECRET, token

PAST = datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture
def settings(tmp_path) -> Settings:
    return load_settings(data_dir=tmp_path, jwt_secret=SECRET)


def test_a_token_says_who_and_until_when(settings):
    until = datetime(2099, 1, 1, tzinfo=UTC)

    identity = make_authority(settings).identify(token("ana", exp=until, admin=True))

    assert identity == Identity(User("ana", is_admin=True), until)


def test_a_token_that_never_ends_ends_with_the_calendar(settings):
    identity = make_authority(settings).identify(token("ana", exp=10**15))

    assert identity.expires_at == datetime(9999, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize("claim", [1, "true", "admin", None, ["admin"]])
def test_only_true_makes_an_admin(settings, claim):
    assert make_authority(settings).identify(token("ana", admin=claim)).user == User("ana")


def test_two_subjects_never_become_one_user(settings):
    """The user's id names a folder of the store."""
    authority = make_authority(settings)

    ids = {authority.identify(token(subject)).user.id for subject in ("a/b", "a-b", "../a", "a", " a", "A")}

    assert len(ids) == 6
    assert not any("/" in user_id for user_id in ids)


def _part(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def signed_text(claims: str) -> str:
    """A token with a good signature over any text; libraries would not write it."""
    said = _part('{"alg": "HS256"}') + "." + _part(claims)
    signature = hmac.digest(SECRET.encode(), said.encode(), "sha256")
    return f"{said}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def signed(name: str, number: str) -> str:
    return signed_text(f'{{"sub": "ana", "aud": "lora-pipeline", "exp": 4000000000, "{name}": {number}}}')


@pytest.mark.parametrize(
    "bad",
    [
        token("ana", exp=PAST),
        token("ana", aud="another"),
        token("ana", nbf=datetime(2099, 1, 1, tzinfo=UTC)),
        token(""),
        token("x" * 129),
        jwt.encode({"sub": "ana", "aud": "lora-pipeline"}, SECRET, "HS256"),
        jwt.encode({"sub": "ana", "aud": "lora-pipeline", "exp": 4e9}, SECRET + "x", "HS256"),
        jwt.encode({"sub": "ana", "aud": "lora-pipeline", "exp": 4e9}, SECRET, "HS512"),
        jwt.encode({"sub": "ana", "aud": "lora-pipeline", "exp": 4e9}, None, "none"),
        signed("exp", "1" + "0" * 19),
        signed("exp", "1" + "0" * 400),
        signed("exp", "1" + "0" * 5_000),
        signed("iat", "-1" + "0" * 400),
        signed_text('{"sub": "ana", "aud": "lora-pipeline", "exp": 1e999}'),
        signed_text('{"sub": "ana", "aud": "lora-pipeline", "exp": NaN}'),
        signed_text('{"sub": "ana", "aud": "lora-pipeline", "exp": 4e9, "x": ' + "[" * 5_000 + "]" * 5_000 + "}"),
        signed_text("[" * 100_000),
        signed_text("[1]"),
        f"{_part('[' * 9_000)}.{_part('{}')}.x",
        "a.ü.c",
        "not a token",
        "",
    ],
    ids=[
        "expired",
        "audience",
        "early",
        "nobody",
        "long",
        "endless",
        "secret",
        "algorithm",
        "unsigned",
        "ends in 300 milliards of years",
        "ends beyond floats",
        "ends beyond what Python prints",
        "begins beyond floats",
        "endless number",
        "no number",
        "deep",
        "deeper",
        "a list",
        "deep head",
        "letters",
        "text",
        "empty",
    ],
)
def test_other_tokens_are_refused(settings, bad):
    with pytest.raises(NotSignedIn):
        make_authority(settings).identify(bad)


@pytest.fixture
def issuer():
    """A server with the key of an identity provider."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    keys = {"keys": [jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "1", "use": "sig"}]}

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(str(keys).replace("'", '"').encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/keys", key
        server.shutdown()


def test_keys_at_an_address_tell_whose_tokens_are_valid(tmp_path, issuer):
    url, key = issuer
    authority = make_authority(load_settings(data_dir=tmp_path, jwks_url=url))
    claims = {"sub": "ana", "aud": "lora-pipeline", "exp": 4_000_000_000}
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    identity = authority.identify(jwt.encode(claims, key, "RS256", headers={"kid": "1"}))

    assert identity.user == User("ana")
    for bad in (
        jwt.encode(claims, other, "RS256", headers={"kid": "1"}),
        jwt.encode(claims, key, "RS256", headers={"kid": "2"}),
        jwt.encode(claims, "x" * 32, "HS256", headers={"kid": "1"}),
        *(_unsigned({"alg": alg, "kid": "1"}, claims) for alg in ("ES256", "EdDSA", "PS256", "none")),
        _unsigned({"alg": "RS256", "kid": ["1"]}, claims),
        _unsigned({"alg": "RS256"}, claims),
    ):
        with pytest.raises(NotSignedIn):
            authority.identify(bad)


def _unsigned(header: dict[str, object], claims: dict[str, object]) -> str:
    """A token whose header says what a forger likes."""
    parts = (base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in (header, claims))
    return ".".join([*parts, "A" * 86])


def test_an_expiry_written_as_text_is_one_too(settings):
    until = datetime(2099, 1, 1, tzinfo=UTC)

    identity = make_authority(settings).identify(token("ana", exp=str(int(until.timestamp()))))

    assert identity.expires_at == until


def test_keys_that_cannot_be_fetched_are_the_operators_matter(tmp_path):
    authority = make_authority(load_settings(data_dir=tmp_path, jwks_url="http://127.0.0.1:9/keys"))

    with pytest.raises(ServiceError, match="LORA_JWKS_URL"):
        authority.identify(token("ana"))


def test_a_laptop_has_one_token_that_is_shown_once_and_kept_as_a_hash(tmp_path):
    settings = load_settings(data_dir=tmp_path, default_owner="me")

    shown = make_laptop_token(settings)
    again = make_laptop_token(settings)

    assert again is None
    assert make_authority(settings).identify(shown) == Identity(User("me"), None)
    assert shown not in token_path(tmp_path).read_text()
    assert token_path(tmp_path).stat().st_mode & 0o777 == 0o600


def test_a_new_laptop_token_ends_the_old_one(tmp_path):
    settings = load_settings(data_dir=tmp_path)
    old = make_laptop_token(settings)

    make_laptop_token(settings, is_renewed=True)

    with pytest.raises(NotSignedIn):
        make_authority(settings).identify(old)


def test_without_a_token_or_with_two_kinds_the_service_does_not_start(tmp_path):
    with pytest.raises(SettingsError, match="start `lora-pipeline serve`"):
        make_authority(load_settings(data_dir=tmp_path))
    with pytest.raises(SettingsError, match="found both"):
        make_authority(load_settings(data_dir=tmp_path, jwt_secret=SECRET, jwks_url="https://keys.example"))


@pytest.fixture
def app(settings) -> FastAPI:
    """The service with a page to sign in at."""
    pages = APIRouter()

    @pages.post("/in")
    def to_sign_in(request: Request, response: Response, service: CurrentService, typed: str) -> str:
        return sign_in(request, response, service, typed).id

    @pages.post("/out")
    def to_sign_out(request: Request, response: Response, service: CurrentService) -> None:
        sign_out(request, response, service)

    return create_app(settings, pages=[pages])


OWN = {"Origin": "http://testserver"}


def test_a_session_speaks_for_whoever_typed_the_token(app):
    with TestClient(app) as browser:
        before = browser.get("/api/datasets").status_code
        answer = browser.post("/in", params={"typed": token("ana")})
        during = browser.get("/api/datasets").status_code
        browser.post("/out")
        after = browser.get("/api/datasets").status_code

    assert (before, during, after) == (401, 200, 401)
    flags = answer.headers["set-cookie"].lower()
    assert all(flag in flags for flag in ("httponly", "samesite=strict", "path=/"))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (OWN, 201),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", **OWN}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Authorization": f"Bearer {token('ana')}"}, 201),
        ({"Authorization": "Basic YTpi", **OWN}, 401),
    ],
)
def test_other_sites_cannot_write_in_the_name_of_a_session(app, headers, status):
    with TestClient(app) as browser:
        browser.post("/in", params={"typed": token("ana")})
        new = {"name": "x", "file_name": "x.jsonl", "file_size": 5}

        assert browser.post("/api/datasets", json=new, headers=headers).status_code == status


def test_a_session_ends_with_its_token(settings):
    late = datetime.now(UTC) + timedelta(minutes=10)
    app = create_app(settings)
    with TestClient(app):
        service = app.state.service
        ana = {"sub": "ana", "epoch": service.authority.epoch, "sid": "1"}
        cookie = service.signer.sign("session", ana, PAST)
        upload = service.signer.sign("upload", {"sub": "ana"}, late)

    with TestClient(app) as browser:
        statuses = [
            browser.get("/api/datasets", headers={"Cookie": f"{COOKIE}={text}"}).status_code
            for text in (cookie, upload, token("ana"), "x", service.signer.sign("session", ana, late))
        ]

    assert statuses == [401, 401, 401, 401, 200]


def test_a_new_laptop_token_ends_the_sessions_of_the_old_one(tmp_path):
    settings = load_settings(data_dir=tmp_path)
    old = make_laptop_token(settings)
    with TestClient(create_app(settings, pages=[session_pages]), follow_redirects=False) as browser:
        browser.post("/login", data={"token": old}, headers={"Sec-Fetch-Site": "same-origin"})
        cookie = {"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"}
        before = browser.get("/api/datasets").status_code

    make_laptop_token(settings, is_renewed=True)

    with TestClient(create_app(settings)) as browser:
        assert (before, browser.get("/api/datasets", headers=cookie).status_code) == (200, 401)
