"""The service in this process, with what was made for ann, asked by several people."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from pipeline.service.app import create_app
from tests.made import Made, copied
from tests.service.serving import Clock, token


@dataclass
class Asking:
    """made: what is there. ask: what the service answers to somebody."""

    made: Made
    clock: Clock
    client: TestClient

    def ask(self, method: str, path: str, user: str = "ann", *, is_admin: bool = False, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {token(user, admin=is_admin)}"}
        return self.client.request(method, path, headers=headers, **options)

    def data(self, method: str, path: str, user: str = "ann", **options: Any) -> Any:
        """What a successful answer holds."""
        answer = self.ask(method, path, user, **options)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def refusal(self, method: str, path: str, user: str = "ann", **options: Any) -> tuple[int, str]:
        """Status and sentence of one that is none."""
        answer = self.ask(method, path, user, **options)
        return answer.status_code, answer.json()["error"]


@contextmanager
def asking(folder: Path, **chosen: object) -> Iterator[Asking]:
    """Start it on a copy in a folder that is not there yet."""
    made, clock = copied(folder, **chosen), Clock()
    with TestClient(create_app(made.settings, now=clock)) as client:
        yield Asking(made, clock, client)
