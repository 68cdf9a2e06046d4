"""What both fakes of providers are: a server on a loopback port that answers by a script, and keeps the bill by row.

    with FakeAnthropic(answer=lambda asked: '{"n": 1}') as fake:
        fake.fail("create", "lost")          the next batch is made, and its answer does not come
        fake.fates["item-3"] = "refused"     what becomes of a request of a batch
        ...
        assert fake.bill == [...]

They are of this process, so that a test can kill who asks and read the bill. What is on it was really done: a request
that is asked twice is there twice. Prices are the fake's own, in whole nano-dollars a token.
"""

import json
import socket
import threading
import traceback
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pipeline.clock import utc_now

KEY = "sk-fake-of-these-tests-0123456789"
# Input, output, cache written, cache read. A model that is not here costs nothing.
PRICES: Mapping[str, tuple[int, int, int, int]] = {
    "claude-haiku-4-5": (1_000, 5_000, 1_250, 100),
    "claude-sonnet-5-5": (2_000, 10_000, 2_500, 100),
    "gpt-6.1-terra": (1_000, 5_000, 1_250, 50),
    "gpt-6-luna": (100, 500, 125, 10),
}
BATCH_PERCENT = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came. custom_id: None where it is not of a batch. body: what the model was asked with."""

    custom_id: str | None
    model: str
    system: str
    prompt: str
    max_tokens: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BillRow:
    """A request that was done, and what it costs."""

    asked: Asked
    input_tokens: int
    output_tokens: int
    cache_write_tokens: int
    cache_read_tokens: int
    nano_usd: int


@dataclass(frozen=True, slots=True)
class Call:
    """A request of HTTP. endpoint: in the fake's word, as `create`."""

    endpoint: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to a call.

    name: `rate_limited`, `spending_cap`, `low_credit`, `overloaded`, `broken` (500), `gateway` (502), `redirected`,
    `dropped` (no answer, nothing done), and those where all is done before: `lost` (no answer), `hung` (no answer, and
    the connection stays), `cut` (half of the answer), `garbled` (an answer that is no JSON).
    """

    name: str
    retry_after: str | None = None


_AFTER_THE_DEED = {"lost", "hung", "cut", "garbled"}
_LONGEST_S = 120.0


class FakeProvider:
    """What is common. answer: the text that a model writes. Fields may be set at any time."""

    def __init__(self, answer: Callable[[Asked], str] = lambda asked: '{"said": "yes"}') -> None:
        self.answer = answer
        self.key = KEY
        self.bill: list[BillRow] = []
        self.calls: list[Call] = []
        self.crashes: list[str] = []
        self.fates: dict[str, str] = {}
        self.words = ""  # which it adds to what it refuses
        self.weather: Callable[[str], Fault | None] = lambda endpoint: None
        self.has_cache = False
        self.looks_until_end = 0
        self.done_before_cancel = 0
        self.list_lag = 0
        self.now: Callable[[], datetime] = utc_now
        self.most_at_once = 0
        self._at_once = 0
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._systems: set[tuple[str, str]] = set()
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        assert self.crashes == [], "".join(self.crashes)

    def fail(self, endpoint: str, name: str, retry_after: str | None = None, times: int = 1) -> None:
        """The next calls of an endpoint go wrong."""
        self._faults[endpoint].extend([Fault(name, retry_after)] * times)

    def wait_for_the_dead(self) -> None:
        """Return when all that killed processes sent is done; nobody else may be asking."""
        with socket.create_connection(self._server.server_address, timeout=_LONGEST_S) as own:
            own.sendall(b"NOTHING / HTTP/1.0\r\n\r\n")
            while own.recv(65_536):  # it is answered: whoever came before is taken
                pass
        with self._server.is_quiet:
            assert self._server.is_quiet.wait_for(lambda: self._server.connections == 0, _LONGEST_S)

    def called(self, endpoint: str) -> list[Call]:
        return [call for call in self.calls if call.endpoint == endpoint]

    def total_nano_usd(self) -> int:
        return sum(row.nano_usd for row in self.bill)

    def paid_twice(self) -> list[str]:
        """What was done more than once: ids of requests of batches, prompts of others."""
        names = [row.asked.custom_id or row.asked.prompt for row in self.bill]
        return sorted({name for name in names if names.count(name) > 1})

    def endpoint_of(self, method: str, path: str) -> str:
        raise NotImplementedError

    def serve(self, endpoint: str, path: str, parameters: Mapping[str, str], call: Call) -> Reply:
        raise NotImplementedError

    def refusal(self, name: str) -> Reply:
        """What it says to a fault, or to a request that is not as its documents ask."""
        raise NotImplementedError

    def is_signed(self, headers: Mapping[str, str]) -> bool:
        raise NotImplementedError

    def answered(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[Reply, str]:
        """The answer, and what is to happen to it."""
        parts = urlsplit(target)
        endpoint = self.endpoint_of(method, parts.path)
        call = Call(endpoint, {name.lower(): value for name, value in headers.items()}, body)
        with self._lock:
            self.calls.append(call)
            queue = self._faults[endpoint]
            fault = queue.popleft() if queue else self.weather(endpoint)
        if not self.is_signed(call.headers):
            return self.refusal("unsigned"), ""
        if fault and fault.name not in _AFTER_THE_DEED:
            reply = self.refusal(fault.name)
            headers = {"retry-after": fault.retry_after} if fault.retry_after else {}
            return Reply(reply.status, reply.body, {**reply.headers, **headers}), fault.name
        with self._lock:
            reply = self.serve(endpoint, parts.path, dict(parse_qsl(parts.query)), call)
        return reply, fault.name if fault else ""

    def charge(self, asked: Asked, output: str) -> BillRow:
        """Write a request on the bill."""
        system, rest, made = tokens(asked.system), tokens(asked.prompt), tokens(output)
        written = read = 0
        if self.has_cache and system:
            is_known = (asked.model, asked.system) in self._systems
            self._systems.add((asked.model, asked.system))
            written, read = (0, system) if is_known else (system, 0)
        fresh = rest + system - written - read
        a_token = PRICES.get(asked.model, (0, 0, 0, 0))
        percent = BATCH_PERCENT if asked.custom_id else 100
        hundredths = percent * sum(
            price * count for price, count in zip(a_token, (fresh, made, written, read), strict=True)
        )
        row = BillRow(asked, fresh, made, written, read, -(-hundredths // 100))
        self.bill.append(row)
        return row

    def entered(self, step: int) -> None:
        with self._lock:
            self._at_once += step
            self.most_at_once = max(self.most_at_once, self._at_once)

    def wait_for_the_end(self) -> None:
        self._closing.wait()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *own: Any) -> None:
        self.connections = 0
        self.is_quiet = threading.Condition()
        super().__init__(*own)

    def process_request(self, *connection: Any) -> None:
        self._count(1)
        super().process_request(*connection)

    def process_request_thread(self, *connection: Any) -> None:
        try:
            super().process_request_thread(*connection)
        finally:
            self._count(-1)

    def _count(self, step: int) -> None:
        with self.is_quiet:
            self.connections += step
            self.is_quiet.notify_all()

    def handle_error(self, *_: object) -> None:
        """Whoever asked is gone; what goes wrong here is in `crashes`."""


def tokens(text: str) -> int:
    """A token for four bytes, and one more; none for nothing."""
    return len(text.encode()) // 4 + 1 if text else 0


def reply(status: int, content: object) -> Reply:
    return Reply(status, json.dumps(content).encode(), {"content-type": "application/json"})


def _handler_of(fake: FakeProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._do()

        def do_POST(self) -> None:
            self._do()

        def _do(self) -> None:
            fake.entered(1)
            try:
                size_bytes = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(size_bytes)
                if len(body) < size_bytes:
                    raise ConnectionError("it came in part")
                answer, fate = fake.answered(self.command, self.path, self.headers, body)
                self._send(answer, fate)
            except OSError:  # whoever asked is gone
                self.close_connection = True
            except Exception:
                fake.crashes.append(traceback.format_exc())
                self.close_connection = True
            finally:
                fake.entered(-1)

        def _send(self, answer: Reply, fate: str) -> None:
            if fate == "hung":
                fake.wait_for_the_end()
            if fate in ("lost", "dropped", "hung"):
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            body = b"<html>" if fate == "garbled" else answer.body
            self.send_response(answer.status)
            for name, value in {**answer.headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if fate == "cut" else body)
            self.close_connection = self.close_connection or fate == "cut"

        def log_message(self, *_: object) -> None:
            pass

    return Handler
