"""The service is killed in the middle of uploads: what was confirmed is there, what was not goes on or expires."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx2

from pipeline.clock import utc_now
from pipeline.flow.expiry import Expired
from pipeline.service.app import open_service
from pipeline.service.background import tidy
from pipeline.service.measures.request_times import RequestTimes
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.store import make_store
from tests.service.serving import token

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("KILLS", "3"))
SENDERS = 4
SIZE_BYTES = 2_000_000


class Victim:
    """The process whose forks serve and are killed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.served_by: int | None = None

    def serve(self, port: int = 0) -> str:
        """Start a service; returns its address. port: 0 for any."""
        self._tell(f"{port}\n")
        pid, port = map(int, self._hear().split())
        self.served_by = pid
        return f"http://127.0.0.1:{port}"

    def kill(self) -> None:
        if self.served_by:
            os.kill(self.served_by, signal.SIGKILL)
            self.served_by = None
            assert int(self._hear()) == -signal.SIGKILL

    def _tell(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def _hear(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()


@contextmanager
def victim(folder: Path) -> Iterator[Victim]:
    command = [sys.executable, "-m", "tests.service.victim", str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        found = Victim(process)
        try:
            yield found
        finally:  # else a test that fails would wait for it for ever
            found.kill()


def client(url: str) -> httpx2.Client:
    return httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {token('ana')}"}, timeout=60)


def keep_uploading(url: str, seed: int, begun: dict[str, bytes], confirmed: set[str]) -> None:
    """Upload one file after another until the service dies."""
    numbers = random.Random(seed)
    try:
        with client(url) as ana:
            while True:
                content = numbers.randbytes(SIZE_BYTES)
                new = {"name": "x", "file_name": "x.jsonl", "file_size": SIZE_BYTES}
                started = ana.post("/api/datasets", json=new).json()["data"]
                begun[started["dataset"]["id"]] = content
                ana.put(started["upload"]["parts"][0]["url"], content=content)
                if ana.post(f"/api/datasets/{started['dataset']['id']}/confirm").status_code == 200:
                    confirmed.add(started["dataset"]["id"])
    except httpx2.HTTPError:
        return


def finish(ana: httpx2.Client, dataset_id: str, content: bytes) -> int:
    """Go on with an upload where the store says that it is."""
    [part] = ana.post(f"/api/datasets/{dataset_id}/upload").json()["data"]["parts"]
    there = part["received_bytes"]
    ana.put(part["url"], content=content[there:], headers={"Upload-Offset": str(there)})
    return ana.post(f"/api/datasets/{dataset_id}/confirm").status_code


def test_what_was_confirmed_is_never_lost_and_the_rest_goes_on(tmp_path):
    begun: dict[str, bytes] = {}
    confirmed: set[str] = set()
    with victim(tmp_path) as service:
        for kill in range(KILLS):
            url = service.serve()
            senders = [
                threading.Thread(target=keep_uploading, args=(url, SENDERS * kill + n, begun, confirmed))
                for n in range(SENDERS)
            ]
            for sender in senders:
                sender.start()
            target = len(confirmed) + 3
            while len(confirmed) < target and all(sender.is_alive() for sender in senders):
                threading.Event().wait(random.Random(kill).uniform(0.005, 0.05))
            service.kill()
            for sender in senders:
                sender.join()

    settings = load_settings(data_dir=tmp_path)
    store = make_store(settings)
    with Catalog.open(settings.catalog_url) as catalog:
        for dataset_id in confirmed:
            dataset = catalog.get(dataset_id, "ana")
            with store.open(dataset.storage_path) as reader:
                assert reader.read() == begun[dataset_id]
            assert dataset.content_version == f"sha256:{hashlib.sha256(begun[dataset_id]).hexdigest()}"
        # Where the answer to an announcement got lost nobody knows of the row: it expires.
        waiting = [e.id for e in catalog.list_datasets("ana", "uploading", limit=100).items if e.id in begun]
    with victim(tmp_path) as service, client(service.serve()) as ana:
        assert [finish(ana, dataset_id, begun[dataset_id]) for dataset_id in waiting] == [200] * len(waiting)


def test_what_nobody_finishes_expires_and_its_owner_is_told(local):
    with local.client("ana") as ana:
        started = local.announce(ana, b"x" * 100, name="Forgotten")
        part = local.settings.data_dir / "uploads/.incoming" / f"{started['dataset']['id']}.part"
        part.parent.mkdir(parents=True)
        part.write_bytes(b"x" * 50)
        later = open_service(local.settings, lambda: utc_now() + timedelta(hours=25), {}, RequestTimes())

        expired = tidy(later)

        later.catalog.close()
        dataset_id = started["dataset"]["id"]
        assert expired == Expired(confirmed=(), given_up=(dataset_id,))
        assert not part.exists()
        [told] = ana.get("/api/notifications").json()["data"]["items"]
        assert (told["kind"], told["title"]) == ("upload_expired", "Upload of Forgotten expired")
        assert ana.post(f"/api/datasets/{dataset_id}/confirm").status_code == 409
        assert ana.put(started["upload"]["parts"][0]["url"], content=b"x" * 100).status_code == 409


def test_a_service_that_died_between_the_last_byte_and_its_name_goes_on(local):
    """All bytes are there, so nobody sends one that would put them in place."""
    content = b"x" * 100
    with local.client("ana") as ana:
        dataset_id = local.announce(ana, content)["dataset"]["id"]
        part = local.settings.data_dir / "uploads/.incoming" / f"{dataset_id}.part"
        part.parent.mkdir(parents=True)
        part.write_bytes(content)

        assert finish(ana, dataset_id, content) == 200

    assert not part.exists()
