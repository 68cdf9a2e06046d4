"""The keys of an identity provider: what stands at the address instead, and how often it is asked."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from pipeline.service.jwks import PAUSE_S, JwksClient

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_SET = RSAAlgorithm.to_jwk(_KEY.public_key(), as_dict=False)[:-1] + ', "kid": "1", "use": "sig"}'
GOOD = f'{{"keys": [{_SET}]}}'.encode()
TOKEN = jwt.encode({"sub": "ana"}, _KEY, "RS256", headers={"kid": "1"})


class Provider:
    """A server whose answer tests choose."""

    def __init__(self) -> None:
        self.answer = GOOD
        self.asked = 0
        provider = self

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self):
                provider.asked += 1
                self.send_response(200)
                self.end_headers()
                self.wfile.write(provider.answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys"


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>", b"", b"[]", b"\xff", b'{"keys": []}', b'{"keys": 5}', b'{"keys": [5]}', b'{"keys": [{}]}',
        b"[" * 200_000, b'{"keys": ' + b"[" * 200_000, b'{"keys": 1' + b"0" * 5_000 + b"}", b'{"keys": [NaN]}',
        GOOD + b" " * 300_000,
    ],
    ids=lambda answer: answer[:12].decode("latin-1"),
)  # fmt: skip
def test_anything_but_keys_counts_as_not_fetched(provider, answer):
    provider.answer = answer

    with pytest.raises(jwt.PyJWKClientConnectionError):
        JwksClient(provider.url).get_signing_key_from_jwt(TOKEN)


def test_a_provider_that_fails_is_not_asked_again_for_a_while(provider):
    """Else whoever sends tokens keeps every thread waiting for it."""
    now_s = 1_000.0
    keys = JwksClient(provider.url, clock_s=lambda: now_s)
    provider.answer = b"<html>"
    for _ in range(3):
        with pytest.raises(jwt.PyJWKClientConnectionError):
            keys.get_signing_key_from_jwt(TOKEN)
    provider.answer = GOOD
    asked_while_down = provider.asked

    now_s += PAUSE_S
    found = keys.get_signing_key_from_jwt(TOKEN)

    assert (asked_while_down, provider.asked, found.key_id) == (1, 2, "1")


def test_many_unknown_keys_do_not_ask_the_provider_many_times(provider):
    keys = JwksClient(provider.url)
    keys.get_signing_key_from_jwt(TOKEN)

    for number in range(5):
        with pytest.raises(jwt.PyJWKClientError):
            keys.get_signing_key_from_jwt(jwt.encode({}, _KEY, "RS256", headers={"kid": f"x{number}"}))

    assert provider.asked == 1


def test_a_key_that_is_withdrawn_is_not_kept_beyond_its_set(provider):
    keys = JwksClient(provider.url)
    keys.get_signing_key_from_jwt(TOKEN)
    provider.answer = GOOD.replace(b'"kid": "1"', b'"kid": "2"')

    keys.jwk_set_cache.jwk_set_with_timestamp = None  # what its five minutes do

    with pytest.raises(jwt.PyJWKClientError):
        keys.get_signing_key_from_jwt(TOKEN)
