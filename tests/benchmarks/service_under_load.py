"""Senders and readers of a running service, as cheap as they can be: the machine's processors are for the service.

python -m tests.benchmarks.service_under_load FOLDER SENDERS READERS FILE_BYTES DATASETS

Starts the service on FOLDER, with DATASETS small ones in the catalog. Senders upload one file each, all at once;
readers ask for the newest datasets once a second each, for as long as anybody sends. Prints what was seen, as JSON.
"""

import asyncio
import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt

from tests.benchmarks.processes import ROOT, environment
from tests.benchmarks.service_catalog import fill

SECRET = "benchmark" * 4
USER = "ana"
_READ_EVERY_S = 1.0
_START_TIMEOUT_S = 60.0


@dataclass
class Seen:
    """What senders and readers saw."""

    list_ms: list[float] = field(default_factory=list)
    upload_s: list[float] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)


class Http:
    """One connection that is kept open; as much of HTTP as the service speaks."""

    def __init__(self, port: int) -> None:
        self._port = port
        token = jwt.encode(
            {"sub": USER, "aud": "lora-pipeline", "exp": datetime.now(UTC) + timedelta(hours=1)}, SECRET, "HS256"
        )
        self._head = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def ask(self, method: str, path: str, body: bytes = b"", file: Path | None = None) -> dict:
        """Send a request, with a body or with a file that the kernel copies; return `data` of the answer."""
        size_bytes = file.stat().st_size if file else len(body)
        head = f"{method} {path} HTTP/1.1\r\n{self._head}Content-Type: application/json\r\n"
        self._writer.write(f"{head}Content-Length: {size_bytes}\r\n\r\n".encode() + body)
        await self._writer.drain()
        if file:
            with file.open("rb") as source:
                await asyncio.get_running_loop().sendfile(self._writer.transport, source)
        status = int((await self._reader.readline()).split()[1])
        length = 0
        while (line := await self._reader.readline()) != b"\r\n":
            name, _, value = line.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
        answer = json.loads(await self._reader.readexactly(length))
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {path.split('?')[0]}: {status} {answer}")
        return answer["data"]

    def close(self) -> None:
        self._writer.close()


async def send(port: int, file: Path, seen: Seen) -> None:
    """One upload, from the announcement to the confirmation."""
    http = Http(port)
    await http.open()
    began_s = time.perf_counter()
    new = {"name": "load", "file_name": file.name, "file_size": file.stat().st_size}
    started = await http.ask("POST", "/api/datasets", json.dumps(new).encode())
    await http.ask("PUT", started["upload"]["parts"][0]["url"], file=file)
    confirmed = await http.ask("POST", f"/api/datasets/{started['dataset']['id']}/confirm")
    seen.upload_s.append(time.perf_counter() - began_s)
    seen.confirmed.append(confirmed["id"])
    http.close()


async def read(port: int, seen: Seen, is_over: Callable[[], bool]) -> None:
    """Ask for the list about once a second."""
    http = Http(port)
    await http.open()
    await asyncio.sleep(random.random() * _READ_EVERY_S)
    while not is_over():
        began_s = time.perf_counter()
        await http.ask("GET", "/api/datasets?limit=20")
        seen.list_ms.append((time.perf_counter() - began_s) * 1_000)
        await asyncio.sleep(max(0.0, _READ_EVERY_S - (time.perf_counter() - began_s)))
    http.close()


async def load(port: int, file: Path, senders: int, readers: int) -> Seen:
    """Everybody at once."""
    seen = Seen()
    sending = [asyncio.create_task(send(port, file, seen)) for _ in range(senders)]
    reading: list[Awaitable[None]] = [
        read(port, seen, lambda: all(task.done() for task in sending)) for _ in range(readers)
    ]
    await asyncio.gather(*sending, *reading)
    return seen


def lost(folder: Path, seen: Seen, file: Path) -> int:
    """How many confirmed uploads are not in the store, or with other bytes."""
    expected = hashlib.sha256(file.read_bytes()).digest()
    places = [folder / "uploads" / USER / dataset_id / file.name for dataset_id in seen.confirmed]
    return sum(not (p.is_file() and hashlib.sha256(p.read_bytes()).digest() == expected) for p in places)


def start(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """The service on a free port, once it answers."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    own = {"LORA_DATA_DIR": str(folder), "LORA_JWT_SECRET": SECRET, "LORA_REQUESTS_PER_MINUTE": "1000000"}
    command = [sys.executable, "-m", "pipeline.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment() | own, stderr=subprocess.DEVNULL)
    deadline_s = time.monotonic() + _START_TIMEOUT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process, port
        except OSError:
            if time.monotonic() > deadline_s or process.poll() is not None:
                raise RuntimeError("the service did not start") from None
            time.sleep(0.05)


def stop(process: "subprocess.Popen[bytes]") -> int:
    """End the service; return the most memory it had, in bytes."""
    process.send_signal(signal.SIGTERM)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def share(values: list[float], of: float) -> float:
    """The value that so many of them do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * of))]


def main() -> None:
    """Measure once."""
    folder = Path(sys.argv[1])
    senders, readers, file_bytes, datasets = map(int, sys.argv[2:])
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "load.jsonl"
    file.write_bytes(random.Random(1).randbytes(file_bytes))
    fill(folder, datasets, USER)
    process, port = start(folder)
    try:
        seen = asyncio.run(load(port, file, senders, readers))
    finally:
        peak_bytes = stop(process)
    printed = {
        "confirmed": len(seen.confirmed),
        "lost": lost(folder, seen, file),
        "lists": len(seen.list_ms),
        "list_p50_ms": share(seen.list_ms, 0.5),
        "list_p95_ms": share(seen.list_ms, 0.95),
        "upload_p95_s": share(seen.upload_s, 0.95),
        "service_peak_bytes": peak_bytes,
    }
    print(json.dumps(printed))


if __name__ == "__main__":
    main()
