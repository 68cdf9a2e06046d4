"""Notifications reach the webhook at least once, signed, however often it fails before."""

import hashlib
import hmac
import json
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fastapi.testclient import TestClient

from pipeline.errors import SettingsError
from pipeline.service.app import create_app
from pipeline.service.webhooks import Webhook, delivery_of, pause
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.notices import Notice
from tests.state.catalog.examples import NOON, start_upload, tell, upload

SECRET = "s" * 32
NOTICE = Notice("dataset_ready", "verdict-1", "d1 is ready", "All is well.")


class Receiver:
    """A server that answers with the given codes, then with 204, and keeps what it was sent."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)
        self.seen: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.seen.append((dict(self.headers), body))
                self.send_response(receiver.codes.pop(0) if receiver.codes else 204)
                self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    made = Receiver(500, 302)
    yield made
    made.close()


@pytest.fixture
def catalog(tmp_path):
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.db'}") as opened:
        start_upload(opened, "d1")
        tell(opened, "d1", NOTICE, NOON)
        yield opened


def test_what_a_new_catalog_tells_again_is_known_again_and_news_is_not_taken_for_it(catalog):
    """Ids of notifications begin anew with it; whoever leaves out repetitions knows them by this."""
    start_upload(catalog, "d2")
    tell(catalog, "d2", NOTICE, NOON)
    second, first = catalog.notifications(None)
    again = replace(first, id=7, created_at=NOON + timedelta(days=1))
    stray, other = replace(first, dataset_id=None), replace(again, dataset_id=None)

    assert delivery_of(again) == delivery_of(first)
    assert len({delivery_of(each) for each in (first, second, replace(second, id=first.id), stray, other)}) == 4


def test_it_is_sent_until_it_arrives_and_then_no_more(catalog, receiver):
    now = NOON
    webhook = Webhook(f"http://127.0.0.1:{receiver.port}/hook", SECRET, lambda: now)

    arrived = []
    for wait in (timedelta(), timedelta(seconds=5), timedelta(seconds=5), timedelta(seconds=20), timedelta(hours=2)):
        now += wait
        arrived.append(webhook.send_due(catalog))
    webhook.close()

    assert arrived == [0, 0, 0, 1, 0]
    [same] = {headers["X-Lora-Delivery"] for headers, _ in receiver.seen}
    assert (len(receiver.seen), len(same)) == (3, 32)
    headers, body = receiver.seen[-1]
    stamp, signed = (pair.partition("=")[2] for pair in headers["X-Lora-Signature"].split(","))
    assert signed == hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert json.loads(body) == {
        "user_id": "ann",
        "notification": {
            "id": 1,
            "dataset_id": "d1",
            "job_id": None,
            "batch_id": None,
            "kind": "dataset_ready",
            "severity": "medium",
            "url": "/datasets/d1",
            "title": "d1 is ready",
            "message": "All is well.",
            "created_at": "2026-03-01T12:00:00.123456Z",
            "read_at": None,
        },
    }


def test_an_answer_without_an_end_is_not_read(catalog):
    """The status is all that counts; a gigabyte behind it, or a stream, would hold the sender."""

    class Endless(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(b"x" * 65_536)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Endless) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        webhook = Webhook(f"http://127.0.0.1:{server.server_port}/hook", SECRET, lambda: NOON)

        arrived = webhook.send_due(catalog)

        webhook.close()
        server.shutdown()
    assert arrived == 1


def test_two_senders_do_not_send_the_same_attempt(catalog):
    [due] = catalog.undelivered(NOON - timedelta(days=1), NOON, 10)

    claimed = [catalog.claim_delivery(due, NOON + timedelta(seconds=10)) for _ in range(2)]

    assert claimed == [True, False]


def test_after_three_days_it_is_given_up(catalog):
    late = NOON + timedelta(days=3, seconds=1)
    webhook = Webhook("http://127.0.0.1:9/", SECRET, lambda: late)

    assert (webhook.send_due(catalog), catalog.notifications("ann")[0].webhook_attempt) == (0, 0)
    webhook.close()


def test_pauses_grow_up_to_an_hour():
    assert [pause(attempt).total_seconds() for attempt in (0, 1, 2, 8, 9, 1_000)] == [10, 20, 40, 2_560, 3_600, 3_600]


def test_the_service_sends_by_itself(tmp_path, receiver, monkeypatch):
    monkeypatch.setattr("pipeline.service.background.SEND_EVERY_S", 0.05)
    receiver.codes.clear()
    settings = load_settings(
        data_dir=tmp_path,
        jwt_secret="x" * 32,
        webhook_url=f"http://127.0.0.1:{receiver.port}/",
        webhook_secret=SECRET,
    )
    app = create_app(settings)
    with TestClient(app):
        catalog = app.state.service.catalog
        now = app.state.service.now()  # an older upload would expire, and its owner be told
        catalog.register_uploads([upload("d1")], now)
        tell(catalog, "d1", NOTICE, now)
        while catalog.notifications("ann")[0].webhook_sent_at is None:
            pass

    assert len(receiver.seen) == 1


def test_a_webhook_without_a_secret_is_refused(tmp_path):
    settings = load_settings(data_dir=tmp_path, jwt_secret="x" * 32, webhook_url="https://hooks.example")

    with pytest.raises(SettingsError, match="expected LORA_WEBHOOK_SECRET"), TestClient(create_app(settings)):
        pass
