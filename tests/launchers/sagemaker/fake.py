"""SageMaker and S3 as botocore asks them, on a port of this machine: jobs that train by a clock, faults, a bill.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html and the pages beside it. What is
sent is looked at by botocore's own description of the service.
"""

import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.launchers.hosted.fakes import Time

WAITS_S, STEPS, STEP_S, TAKEN_AWAY_S = 60.0, 12, 10.0, 50.0


@dataclass
class Job:
    """A job: what it was created with, and what happened to it."""

    request: dict[str, Any]
    created_s: float
    stopped_s: float | None = None
    fails_with: str | None = None
    is_interrupted: bool = False

    def seconds(self, now_s: float) -> float:
        """For how long it trained; a machine that is taken away after half of the steps costs a while without any."""
        until = min(now_s, self.stopped_s or now_s)
        trained = max(0.0, until - self.created_s - WAITS_S)
        half = STEPS / 2 * STEP_S
        if self.is_interrupted and trained > half:
            trained = max(half, trained - TAKEN_AWAY_S)
        return min(trained, STEPS * STEP_S)

    def step(self, now_s: float) -> int:
        return int(self.seconds(now_s) / STEP_S)

    def status(self, now_s: float) -> tuple[str, str]:
        if self.step(now_s) == STEPS:
            return ("Failed", "Failed") if self.fails_with else ("Completed", "Completed")
        if self.stopped_s is not None:
            return "Stopped", "Stopped"
        if now_s < self.created_s + WAITS_S:
            return "InProgress", "LaunchingMLInstances"
        is_away = self.is_interrupted and self.step(now_s) == STEPS // 2
        return "InProgress", "Interrupted" if is_away else "Training"


@dataclass
class Aws:
    """Both services. faults: of the calls of a kind to come, one each."""

    time: Time
    objects: dict[str, bytes] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    is_interrupted: bool = False
    fails_with: str | None = None

    def billed_s(self, price_name: str | None = None) -> int:
        return sum(int(job.seconds(self.time())) for job in self.jobs.values())

    def call(self, name: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        job = self.jobs.get(body["TrainingJobName"])
        match name:
            case "CreateTrainingJob" if job is not None:
                return 400, {"__type": "ResourceInUse", "Message": "Training job names must be unique"}
            case "CreateTrainingJob" if not body["RoleArn"].endswith("trainer"):
                return 400, {"__type": "ValidationException", "Message": "Could not assume role"}
            case "CreateTrainingJob":
                made = Job(body, self.time(), fails_with=self.fails_with, is_interrupted=self.is_interrupted)
                self.jobs[body["TrainingJobName"]] = made
                return 200, {"TrainingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/one"}
        if job is None:
            return 400, {"__type": "ValidationException", "Message": "Requested resource not found."}
        status, stage = job.status(self.time())
        if name == "StopTrainingJob":
            if status != "InProgress":
                return 400, {"__type": "ValidationException", "Message": f"The request was rejected: {status}"}
            job.stopped_s = self.time()
            return 200, {}
        known = {"TrainingJobName": body["TrainingJobName"], "TrainingJobStatus": status, "SecondaryStatus": stage}
        if status != "InProgress":
            known |= {"BillableTimeInSeconds": int(job.seconds(self.time()))}
        return 200, known | ({"FailureReason": job.fails_with} if status == "Failed" else {})

    def write(self) -> None:
        """What containers wrote up to now, as SageMaker syncs it."""
        for job in self.jobs.values():
            synced = job.request["CheckpointConfig"]["S3Uri"].removeprefix("s3://")
            self.objects[f"{synced}/journal.jsonl"] = self.journal(job)
            if job.status(self.time())[0] == "Completed":
                place = job.request["OutputDataConfig"]["S3OutputPath"].removeprefix("s3://")
                left = {"model/adapter_model.safetensors": b"weights", "metrics.json": b'{"eval_loss": 0.5}'}
                packed = _packed(left | {"x.bin": b"x"})
                self.objects[f"{place}/{job.request['TrainingJobName']}/output/model.tar.gz"] = packed

    def journal(self, job: Job) -> bytes:
        step, lines = job.step(self.time()), []
        if self.time() >= job.created_s + WAITS_S:
            lines.append({"kind": "begun", "at": job.created_s + WAITS_S})
        for each in range(1, step + 1):
            values = {"loss": 3 / each}
            lines.append({"kind": "metrics", "step": each, "total_steps": STEPS, "values": values, "broken": []})
            if job.is_interrupted and each == STEPS // 2:
                lines.append({"kind": "ended", "exit_code": 130, "is_cancelled": True})
        if job.stopped_s is not None and step < STEPS:
            lines.append({"kind": "ended", "exit_code": 130, "is_cancelled": True})
        if step == STEPS:
            lines.append({"kind": "ended", "exit_code": 1 if job.fails_with else 0})
        return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


class _Handler(BaseHTTPRequestHandler):
    aws: Aws
    protocol_version = "HTTP/1.1"  # else each body waits a second for leave to come

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = self.headers.get("X-Amz-Target", "")
        kind = target.partition(".")[2] or self.command
        self.aws.calls.append(kind)
        waiting = self.aws.faults.get(kind)
        fault = waiting.pop(0) if waiting else "none"
        if fault == "503 before":
            return self._send(503, b"{}")
        if target:
            status, told = self.aws.call(kind, json.loads(body))
            content = json.dumps(told).encode()
        else:
            status, content = self._object(body)
        if fault == "lost":
            self.close_connection = True
            return None
        return self._send(503 if fault == "503 after" else status, b"{}" if fault == "503 after" else content)

    do_GET = do_PUT = do_POST = do_HEAD = _answer  # noqa: N815  # http.server's names

    def _object(self, body: bytes) -> tuple[int, bytes]:
        key = unquote(urlsplit(self.path).path).lstrip("/")
        if self.command == "PUT":
            self.aws.objects[key] = _without_chunks(body) if "aws-chunked" in str(self.headers) else body
            return 200, b""
        self.aws.write()
        found = self.aws.objects.get(key)
        if found is None:
            return 404, b"<Error><Code>NoSuchKey</Code><Message>no</Message></Error>"
        if not (asked := self.headers.get("Range")):
            return 200, found
        first, _, last = asked.removeprefix("bytes=").partition("-")
        if int(first) >= len(found):
            return 416, b"<Error><Code>InvalidRange</Code><Message>no</Message></Error>"
        return 206, found[int(first) : int(last) + 1]

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def _without_chunks(body: bytes) -> bytes:
    """What a body in signed pieces holds."""
    found, rest = b"", body
    while rest:
        head, _, rest = rest.partition(b"\r\n")
        size = int(head.partition(b";")[0], 16)
        if not size:
            break
        found, rest = found + rest[:size], rest[size + 2 :]
    return found


def _packed(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


@contextmanager
def served(aws: Aws) -> Iterator[str]:
    """The address of both services."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"aws": aws}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
