"""The operator's end of `LORA_OPERATOR_WEBHOOK_URL`: writes down what is told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Operator:
    """url: where to tell; told: the bodies, in order."""

    url: str
    told: list[str] = field(default_factory=list)


@contextmanager
def listening_operator() -> Iterator[Operator]:
    """Listen until the block ends."""
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            told.append(self.rfile.read(int(self.headers["Content-Length"] or 0)).decode())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Operator(f"http://127.0.0.1:{server.server_address[1]}/", told)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
