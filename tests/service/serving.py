"""A real service for tests: uvicorn on a loopback port, a real catalog and store, tokens to ask with."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import jwt
import uvicorn
from fastapi import FastAPI
from starlette.routing import BaseRoute

from pipeline.clock import utc_now
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.flow.validation import Validator
from pipeline.service.app import create_app
from pipeline.service.pages.routes import no_such_page, pages
from pipeline.service.server import server_config
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import make_lake
from pipeline.state.store import make_store
from pipeline.tls import trusted

SECRET = "a secret of thirty-two bytes or more, and long enough for HS512 too"
_START_TIMEOUT_S = 30


class Clock:
    """The service's clock; tests may put it forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


def token(user_id: str, **claims: Any) -> str:
    """A token that the service of these tests takes; other claims may make it one that it does not."""
    expires_at = datetime.now(UTC) + timedelta(hours=1)
    return jwt.encode({"sub": user_id, "aud": "lora-pipeline", "exp": expires_at, **claims}, SECRET, "HS256")


@dataclass
class Serving:
    """The running service, as its users see it."""

    url: str
    settings: Settings
    clock: Clock

    def client(self, user_id: str | None, **claims: Any) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {token(user_id, **claims)}"} if user_id else {}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=60, verify=trusted())

    def announce(self, client: httpx2.Client, content: bytes, **fields: Any) -> dict[str, Any]:
        """`data` of a new upload."""
        new = {"name": "Chat", "file_name": "chat.jsonl", "file_size": len(content), **fields}
        answer = client.post("/api/datasets", json=new)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    def upload(self, client: httpx2.Client, content: bytes, **fields: Any) -> str:
        """Upload and confirm; return the dataset's id."""
        started = self.announce(client, content, **fields)
        part = started["upload"]["parts"][0]
        with self.client(None) as sender:  # the address is all the authority: S3 takes no second one
            assert sender.put(part["url"], content=content, headers=part["headers"]).is_success
        dataset_id = started["dataset"]["id"]
        assert client.post(f"/api/datasets/{dataset_id}/confirm").status_code == 200
        return dataset_id

    def validate(self) -> None:
        """Do what the runs do, without Dagster."""
        store, lake = make_store(self.settings), make_lake(self.settings)
        validator = Validator(store, lake, Rules(), self.settings.max_upload_bytes, run_id="run-1")
        with Catalog.open(self.settings.catalog_url) as catalog:
            for dataset in catalog.unrequested(100, utc_now()):
                catalog.record_verdict(validator.validate(dataset).verdict(), utc_now())


_included: list[BaseRoute] = []  # routers as the first application of this process has them


def _application(settings: Settings, clock: Clock) -> FastAPI:
    """An application of its own; what FastAPI makes of 90 routes, a third of a second each time, it has of the first.

    Whatever depends on settings is in the application's state, its middleware and its own routes.
    """
    app = create_app(settings, pages=[pages], no_such_page=no_such_page, now=clock)
    own = [route for route in app.router.routes if not hasattr(route, "original_router")]
    if not _included:
        _included.extend(route for route in app.router.routes if route not in own)
    app.router.routes[:] = [*own, *_included]
    return app


@contextmanager
def serving(settings: Settings) -> Iterator[Serving]:
    """Start the service in a thread; it stops after the block."""
    clock = Clock()
    server = uvicorn.Server(server_config(_application(settings, clock), settings, "127.0.0.1", 0, 2))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline_s = time.monotonic() + _START_TIMEOUT_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline_s:
            raise RuntimeError("the service did not start")
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Serving(f"http://127.0.0.1:{port}", settings, clock)
    finally:
        server.should_exit = True
        thread.join(timeout=20)


Serve = Callable[..., Serving]


def lines(count: int, word: str = "hello") -> bytes:
    """A small dataset that is accepted."""
    turns = [{"role": role, "content": f"{word} there"} for role in ("user", "assistant")]
    return b"".join(json.dumps({"conversation_id": f"c{n}", "turns": turns}).encode() + b"\n" for n in range(count))
