"""Operators are told once, at once in the log, and by webhook until it arrives. The receiving end is a real server."""

import json
import logging
import socketserver
import threading
from datetime import timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from pipeline.flow.operator_mail import Mail
from pipeline.flow.operators import Operators
from tests.state.catalog.examples import LATER, NOON


@pytest.fixture
def hook():
    """A server that answers as its `status` says and keeps what it got."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append(json.loads(body))
            self.send_response(self.server.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.status = [], 200
    server.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def _tell(operators, *occasions):
    return operators.tell(occasions, "outage", "The lake does not answer", "It is gone.", NOON)


def test_an_occasion_is_told_once_by_whoever_comes_first(tmp_path, hook, caplog):
    first, second = (Operators(tmp_path / "operators.json", hook.url, "http://dagster") for _ in range(2))

    with caplog.at_level(logging.WARNING):
        told = [_tell(first, "a"), _tell(second, "a"), _tell(second, "a", "b")]
    sent = [first.send_due(NOON), second.send_due(NOON)]

    assert (told, sent) == ([True, False, True], [2, 0])
    assert caplog.messages == ["The lake does not answer: It is gone."] * 2
    assert (
        hook.got
        == [
            {
                "kind": "outage",
                "title": "The lake does not answer",
                "message": "It is gone.",
                "text": "The lake does not answer: It is gone.",
                "url": "http://dagster",
                "at": NOON.isoformat(),
            }
        ]
        * 2
    )


def test_what_does_not_arrive_is_sent_again_ever_later_for_three_days(tmp_path, hook):
    operators = Operators(tmp_path / "operators.json", hook.url)
    _tell(operators, "a")
    hook.status = 503

    sent = [operators.send_due(NOON + timedelta(seconds=each)) for each in (0, 9, 10, 29, 30)]
    tried = len(hook.got)
    hook.status = 200

    assert (sent, tried) == ([0] * 5, 3)
    assert operators.send_due(LATER) == 1
    assert operators.send_due(LATER) == 0
    _tell(operators, "b")
    hook.status = 503
    operators.send_due(NOON + timedelta(days=4))
    hook.status = 200
    assert operators.send_due(NOON + timedelta(days=5)) == 0


def test_nobody_at_the_receiving_end_costs_nothing(tmp_path):
    """Nothing is raised into the run or the sensor that tells."""
    operators = Operators(tmp_path / "operators.json", "http://127.0.0.1:9/hook")

    assert (_tell(operators, "a"), operators.send_due(NOON)) == (True, 0)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"told": 3, "outbox": "x"}'])
def test_a_memory_that_cannot_be_read_counts_as_empty(tmp_path, content, hook):
    """A power cut may leave any of them; what was told may be told again, and nothing is lost."""
    file = tmp_path / "operators.json"
    file.write_text(content)
    operators = Operators(file, hook.url)

    assert (_tell(operators, "a"), _tell(operators, "a"), operators.send_due(NOON)) == (True, False, 1)


def test_without_a_webhook_only_the_log_tells(tmp_path):
    operators = Operators(tmp_path / "operators.json")

    assert (_tell(operators, "a"), operators.untold(["a", "b"]), operators.send_due(NOON)) == (True, ["b"], 0)


class _MailServer(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client needs that says little; it keeps the mails, or refuses them."""

    def handle(self):
        self._say(b"220 here")
        while (line := self.rfile.readline().strip().upper()) and not line.startswith(b"QUIT"):
            if line == b"DATA":
                self._say(b"354 go on")
                self.server.got.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                self._say(b"250 taken")
            else:
                self._say(b"452 full" if line.startswith(b"MAIL") and self.server.is_full else b"250 yes")
        self._say(b"221 bye")

    def _say(self, line):
        self.wfile.write(line + b"\r\n")


@pytest.fixture
def mail_server():
    with socketserver.TCPServer(("127.0.0.1", 0), _MailServer) as server:
        server.got, server.is_full = [], False
        server.url = f"smtp://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_mail_and_webhook_are_each_sent_once_and_wait_only_for_themselves(tmp_path, hook, mail_server):
    mail = Mail(("ana@example.com", "bo@example.com"), "lora@example.com", mail_server.url)
    operators = Operators(tmp_path / "operators.json", hook.url, "http://dagster", mail)
    _tell(operators, "a")
    hook.status, mail_server.is_full = 503, True

    assert operators.send_due(NOON) == 0
    mail_server.is_full = False
    assert operators.send_due(NOON + timedelta(minutes=1)) == 1  # the webhook still refuses
    hook.status = 200
    assert [operators.send_due(LATER), operators.send_due(LATER)] == [1, 0]

    [letter] = [message_from_bytes(each, policy=policy.default) for each in mail_server.got]
    assert (letter["Subject"], letter["From"]) == ("The lake does not answer", "lora@example.com")
    assert letter["To"] == "ana@example.com, bo@example.com"
    assert letter.get_content().split() == ["It", "is", "gone.", "http://dagster"]
    assert hook.got[-1]["message"] == "It is gone."


def test_a_mail_server_that_is_away_or_knows_no_tls_gets_no_password(tmp_path, caplog):
    mail = Mail(("ana@example.com",), "ana@example.com", "smtp://ana:hush@127.0.0.1:9")

    assert not mail.send("title", "message")
    assert not Mail(("ana@example.com",), "ana@example.com", "smtp://ana:hush@127.0.0.1:99999").send("title", "message")
    assert "hush" not in repr(mail) + caplog.text
    assert caplog.messages[0] == "operators could not be told by mail: ConnectionRefusedError"


def test_a_name_that_is_no_text_and_a_password_that_is_not_ascii_stop_nothing(tmp_path, mail_server, caplog):
    """A file's name may be anything, and the sensor that sends has other things to do."""
    mail = Mail(("ana@example.com",), "ana@example.com", mail_server.url)

    assert mail.send("run of \udcff", "it is \udcff.")
    assert b"it is ?." in mail_server.got[0]
    assert not Mail(mail.to, mail.sender, mail.url.replace("//", "//ana:h%C3%BCsh@")).send("title", "message")
    assert "h\u00fcsh" not in caplog.text
