"""Connections that are slow, hold still, or lie about where they come from; each is closed by the service in the end.

The service's patience is made short where a test needs its end. No test looks at a clock: what must be closed is waited
for with a patience that is much longer.
"""

import re
import select
import socket
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from pipeline.errors import SettingsError
from pipeline.service import middleware, receiving, server
from pipeline.service.limits import address_group
from pipeline.service.pages.routes import static_pages
from pipeline.settings import load_settings
from tests.service.serving import Serving, lines, token

PATIENCE_S = 60
SHORT_S = 0.3
JSON_HEAD = "Content-Type: application/json\r\nContent-Length: 1000"


def connected(service: Serving) -> closing[socket.socket]:
    place = urlsplit(service.url)
    return closing(socket.create_connection((place.hostname, place.port), timeout=PATIENCE_S))


def answer_to(connection: socket.socket) -> bytes:
    """All that comes until the service closes the connection."""
    found = b""
    try:
        while piece := connection.recv(65_536):
            found += piece
    except ConnectionError:  # it left without a word
        pass
    return found


def head(method: str, path: str, *fields: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *fields, "", ""]).encode()


def authorized(method: str, path: str, *fields: str) -> bytes:
    return head(method, path, f"Authorization: Bearer {token('ana')}", *fields)


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Half", head("GET", "/healthz") + b"GET"])
def test_half_a_head_is_not_waited_for_for_ever(local, monkeypatch, sent):
    """Also that of a second request."""
    monkeypatch.setattr(server, "HEAD_S", SHORT_S)
    with connected(local) as connection:
        connection.sendall(sent)

        answer = answer_to(connection)

    assert answer.count(b"HTTP/1.1") == sent.count(b"\r\n\r\n")


@pytest.mark.parametrize("path", ["/api/datasets", "/login"])
def test_half_a_body_is_refused(local, monkeypatch, path):
    monkeypatch.setattr(middleware, "BODY_S", SHORT_S)
    with connected(local) as connection:
        connection.sendall(authorized("POST", path, JSON_HEAD) + b'{"name": ')

        answer = answer_to(connection)

    assert answer.startswith(b"HTTP/1.1 408 ")


def test_who_drips_is_not_kept(local, monkeypatch):
    """A byte now and then is no progress: neither in a head, nor in a small body, nor in an upload."""
    for module, name in ((server, "HEAD_S"), (middleware, "BODY_S"), (receiving, "IDLE_S")):
        monkeypatch.setattr(module, name, SHORT_S)
    with local.client("ana") as ana:
        part = local.announce(ana, lines(10))["upload"]["parts"][0]
    beginnings = [
        b"GET /healthz HTTP/1.1\r\nX-Long: ",
        authorized("POST", "/api/datasets", JSON_HEAD) + b'{"name": "',
        head("PUT", part["url"], f"Content-Length: {part['size_bytes']}"),
    ]
    for sent in beginnings:
        with connected(local) as connection:
            connection.sendall(sent)
            connection.settimeout(0.05)
            assert is_closed_while_dripping(connection)


def is_closed_while_dripping(connection: socket.socket) -> bool:
    for _ in range(PATIENCE_S * 20):
        try:
            connection.send(b"x")
            if connection.recv(65_536) == b"":
                return True
        except TimeoutError:
            continue
        except ConnectionError:
            return True
    return False


def test_an_upload_that_broke_off_by_dripping_goes_on(local, monkeypatch):
    content = lines(2_000)
    with local.client("ana") as ana:
        started = local.announce(ana, content)
        part = started["upload"]["parts"][0]
        monkeypatch.setattr(receiving, "IDLE_S", SHORT_S)
        with connected(local) as connection:
            connection.sendall(head("PUT", part["url"], f"Content-Length: {len(content)}") + content[:50_000])
            answer_to(connection)
        monkeypatch.undo()

        [resumed] = ana.post(f"/api/datasets/{started['dataset']['id']}/upload").json()["data"]["parts"]
        there = resumed["received_bytes"]
        rest = ana.put(resumed["url"], content=content[there:], headers={"Upload-Offset": str(there)})

    assert there == 50_000
    assert rest.json()["data"] == {"received_bytes": len(content)}


def test_who_stops_reading_is_left(local, monkeypatch):
    """Their answers would stay in memory."""
    monkeypatch.setattr(server, "STALLED_S", SHORT_S)
    monkeypatch.setattr(static_pages, "asset", lambda name: b"x" * 50_000_000)  # more than the system's buffers take
    with connected(local) as connection:
        connection.sendall(head("GET", "/static/app.css"))
        ending = select.poll()
        ending.register(connection, 0)  # no look at what can be read: only errors and the end

        assert ending.poll(PATIENCE_S * 1_000) != []


def test_requests_sent_ahead_have_an_end(local):
    """Each of them waits in memory for the one before it."""
    with connected(local) as connection:
        connection.sendall(head("GET", "/healthz") * 2_000)

        answer = answer_to(connection)

    assert answer.count(b"HTTP/1.1 200 ") < 500


@pytest.mark.parametrize(
    "sent",
    [
        head("GET", "/healthz", *[f"X-{number}: {'y' * 1_000}" for number in range(100)]),
        b"GET /healthz HTTP/1.1\r\nX-One: " + b"y" * 100_000,
        b"GET /" + b"y" * 100_000,
        head("POST", "/api/datasets", "Transfer-Encoding: chunked") + b"1\r\n{\r\n0\r\nX-Trailer: " + b"y" * 200_000,
    ],
    ids=["many fields", "one long field", "a long address", "what follows a body"],
)
def test_a_head_has_an_end(local, sent):
    """Nothing of it is read beyond 64 KiB."""
    with connected(local) as connection:
        try:
            connection.sendall(sent)
            answer = answer_to(connection)
        except ConnectionError:  # closed before we were done
            answer = b""

    assert answer == b"" or answer.split()[1] in (b"400", b"401")


def test_a_body_in_pieces_of_a_byte_is_read(local):
    """Whatever stands around each piece."""
    body = b'{"name": "' + b"x" * 30_000 + b'"}'
    pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    with connected(local) as connection:
        connection.sendall(
            authorized("POST", "/api/datasets", "Transfer-Encoding: chunked", "Content-Type: application/json",
                       "Connection: close") + pieces
        )  # fmt: skip

        answer = answer_to(connection)

    assert answer.startswith(b"HTTP/1.1 422 ")


def sign_ins(service: Serving, count: int) -> list[int]:
    """The answers to so many wrong tokens, each from another address by its own word."""
    with service.client(None) as client:
        said = [
            {"X-Forwarded-For": f"10.1.{n // 250}.{n % 250}", "Sec-Fetch-Site": "same-origin"} for n in range(count)
        ]
        return [client.post("/login", data={"token": "wrong"}, headers=each).status_code for each in said]


def test_nobody_is_believed_about_their_address(serve):
    """Not on loopback either, where every program of the machine may ask."""
    assert sign_ins(serve(requests_per_minute=5), 7) == [401] * 5 + [429] * 2


def test_a_trusted_proxy_is_believed(serve):
    assert sign_ins(serve(requests_per_minute=5, trusted_proxies="192.0.2.1, 127.0.0.0/8"), 7) == [401] * 7


@pytest.mark.parametrize("value", ["*", "proxy", "10.0.0.1;10.0.0.2"])
def test_trusted_proxies_are_addresses(value):
    with pytest.raises(SettingsError, match=r"LORA_TRUSTED_PROXIES: .*expected addresses or networks"):
        load_settings(trusted_proxies=value)


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_addresses_that_one_has_together_count_together(host, group):
    assert address_group(host) == group


def test_head_is_answered_wherever_get_is(local):
    """With the same status and headers, and without a body."""
    with local.client("ana") as ana:
        dataset_id = local.upload(ana, lines(30))
        local.validate()
        paths = [
            "/healthz", "/api/openapi.json", "/api/datasets", f"/api/datasets/{dataset_id}", "/api/datasets/none",
            f"/api/datasets/{dataset_id}/card", f"/api/datasets/{dataset_id}/findings?format=csv",
            f"/api/datasets/{dataset_id}/events", "/api/jobs", "/api/notifications", "/", "/login", "/datasets",
            "/datasets/new", f"/datasets/{dataset_id}", f"/datasets/{dataset_id}/train", "/jobs", "/notifications",
            "/static/app.css", "/static/none", "/nowhere",
        ]  # fmt: skip
        for path in paths:
            with ana.stream("GET", path) as got:
                told = ana.head(path)
                kept = {name: value for name, value in got.headers.items() if name not in _OF_THE_MOMENT}

            assert (path, told.status_code, told.content) == (path, got.status_code, b"")
            assert {name: value for name, value in told.headers.items() if name not in _OF_THE_MOMENT} == kept


_OF_THE_MOMENT = ("date", "x-request-id", "transfer-encoding")


def test_head_ends_a_stream_that_would_not_end(local):
    """And takes no place of those that a user may hold open."""
    with local.client("ana") as ana:
        dataset_id = local.upload(ana, lines(1))
        path = f"/api/datasets/{dataset_id}/events"

        statuses = [ana.head(path).status_code for _ in range(30)]

    assert statuses == [200] * 30


def test_head_changes_nothing(local):
    with local.client("ana") as ana:
        dataset_id = local.upload(ana, lines(1))

        assert ana.head(f"/api/datasets/{dataset_id}/confirm").status_code == 405
        assert re.fullmatch("validating", ana.get(f"/api/datasets/{dataset_id}").json()["data"]["status"])
