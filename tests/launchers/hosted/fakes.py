"""OpenAI and Together as their references describe them, in this process: jobs that train by a clock, faults, a bill.

What they answer is compared with the classes of their own libraries in `test_answers.py`.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2

WAITS_S, STEPS, STEP_S = 30.0, 12, 5.0
TOKENS_A_STEP = 1_000


class Killed(BaseException):
    """The process that asks ends here."""


class Time:
    """Seconds since 1970, put forward by the test."""

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


def kind_of(request: httpx2.Request) -> str:
    """Which step a request is of."""
    method, path = request.method, request.url.path
    if "/files" in path:
        return "files" if method == "GET" else "upload"
    if path.endswith(("/jobs", "/fine-tunes")):
        return "list" if method == "GET" else "create"
    return "cancel" if method == "POST" else "job"


@dataclass
class Job:
    """A job of a fake: what it was created with, and when what happened to it."""

    id: str
    body: dict[str, Any]
    created_s: float
    cancelled_s: float | None = None
    fails_with: str | None = None

    def step(self, now_s: float) -> int:
        until = now_s if self.cancelled_s is None else self.cancelled_s
        return max(0, min(STEPS, int((until - self.created_s - WAITS_S) / STEP_S)))

    def state(self, now_s: float) -> str:
        if self.step(now_s) == STEPS and self.fails_with is None:
            return "completed"
        if self.cancelled_s is not None:
            return "cancelled"
        if now_s < self.created_s + WAITS_S:
            return "waiting"
        return "running" if self.fails_with is None else "failed"


@dataclass
class Provider:
    """What both have. faults: of the requests of a kind to come, one each. lag_s: until a new job is listed.

    late_s: by which events come later than they happen.
    """

    time: Time
    key: str = "sk-the-key-of-the-tests-0001"
    faults: dict[str, list[str]] = field(default_factory=dict)
    lag_s: float = 0.0
    late_s: float = 0.0
    jobs: list[Job] = field(default_factory=list)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self._answer)

    def listed(self) -> list[Job]:
        return [job for job in self.jobs if self.time() >= job.created_s + self.lag_s]

    def find(self, job_id: str) -> Job | None:
        return next((job for job in self.jobs if job.id == job_id), None)

    def tokens(self, job: Job) -> int:
        return 0 if job.fails_with else job.step(self.time()) * TOKENS_A_STEP

    def told_steps(self, job: Job) -> range:
        return range(1, job.step(self.time() - self.late_s) + 1)

    def has_told_its_end(self, job: Job) -> bool:
        return job.state(self.time() - self.late_s) == "completed"

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        waiting = self.faults.get(kind_of(request), self.faults.get("any"))
        fault = waiting.pop(0) if waiting else "none"
        self.asked.append(f"{request.method} {request.url.path}")
        self.hosts.add(request.url.host)
        match fault:
            case "unreachable":
                raise httpx2.ConnectError("no route", request=request)
            case "killed before":
                raise Killed
            case "timeout before":
                raise httpx2.ReadTimeout("slow", request=request)
            case "500 before":
                return httpx2.Response(500, json={"error": {"message": "ours"}})
            case "429":
                return httpx2.Response(429, json={"error": {"message": "slow down"}})
            case "429 for 60 s":
                return httpx2.Response(429, headers={"Retry-After": "60"}, json={"error": {"message": "slow down"}})
            case "401":
                return httpx2.Response(401, json={"error": {"message": f"Incorrect API key provided: {self.key}"}})
            case "moved":
                return httpx2.Response(307, headers={"Location": "https://elsewhere.example/v1/files"})
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return httpx2.Response(401, json={"error": {"message": "no such key"}})
        answer = self.route(request)
        match fault:
            case "killed after":
                raise Killed
            case "lost":
                raise httpx2.RemoteProtocolError("dropped", request=request)
            case "500 after":
                return httpx2.Response(500, json={"error": {"message": "ours"}})
            case "half an answer":
                return httpx2.Response(200, content=answer.content[: len(answer.content) // 2])
        return answer

    def route(self, request: httpx2.Request) -> httpx2.Response:
        raise NotImplementedError

    def store(self, request: httpx2.Request) -> tuple[str, str, bytes]:
        """Keep the file of a form; return its id, name and bytes."""
        body = request.read()
        name = re.search(rb'filename="([^"]+)"', body)[1].decode()
        content = body.split(b"application/jsonl\r\n\r\n")[1].split(b"\r\n--")[0]
        file_id = f"file-{len(self.files) + 1}"
        self.files[file_id] = (name, content)
        return file_id, name, content

    def create(self, body: dict[str, Any], prefix: str) -> Job | httpx2.Response:
        if body["training_file"] not in self.files:
            return httpx2.Response(400, json={"error": {"message": f"no such file {body['training_file']}"}})
        self.jobs.append(Job(f"{prefix}-{len(self.jobs) + 1}", body, self.time()))
        return self.jobs[-1]


class OpenAi(Provider):
    """https://developers.openai.com/api/reference/resources/fine_tuning, and files."""

    usd_per_million = 5.0  # of gpt-4.1-mini, as pipeline/catalogues/token_prices.toml has it

    def bill_nano_usd(self) -> int:
        return sum(self.tokens(job) for job in self.jobs) * round(self.usd_per_million * 1_000)

    def route(self, request: httpx2.Request) -> httpx2.Response:
        path, asked = request.url.path.removeprefix("/v1"), request.url.params
        if path == "/files" and request.method == "GET":
            return self._page([self._file(each) for each in self.files], asked)
        if path == "/files":
            return httpx2.Response(200, json=self._file(self.store(request)[0]))
        if path == "/fine_tuning/jobs" and request.method == "GET":
            wanted = asked.get("metadata[attempt_id]")
            found = [job for job in self.listed() if job.body["metadata"].get("attempt_id") == wanted]
            return self._page([self.job(each) for each in reversed(found)], asked)
        if path == "/fine_tuning/jobs":
            made = self.create(json.loads(request.read()), "ftjob")
            return made if isinstance(made, httpx2.Response) else httpx2.Response(200, json=self.job(made))
        job_id, _, part = path.removeprefix("/fine_tuning/jobs/").partition("/")
        job = self.find(job_id)
        if job is None:
            return httpx2.Response(404, json={"error": {"message": "no such job"}})
        if part == "events":
            return self._page(self.events(job)[::-1], asked)
        if part == "checkpoints":
            return self._page(self.checkpoints(job), asked)
        if part == "cancel":
            if job.state(self.time()) not in ("waiting", "running"):
                return httpx2.Response(400, json={"error": {"message": "it has ended"}})
            job.cancelled_s = self.time()
        return httpx2.Response(200, json=self.job(job))

    def _page(self, items: list[dict[str, Any]], asked: httpx2.QueryParams) -> httpx2.Response:
        limit = min(int(asked.get("limit", 20)), 10)  # so that there are pages
        begin = next((n + 1 for n, each in enumerate(items) if each["id"] == asked.get("after")), 0)
        has_more = begin + limit < len(items)
        return httpx2.Response(200, json={"object": "list", "data": items[begin : begin + limit], "has_more": has_more})

    def _file(self, file_id: str) -> dict[str, Any]:
        name, content = self.files[file_id]
        known = {"object": "file", "purpose": "fine-tune", "status": "processed", "created_at": int(self.time())}
        return {"id": file_id, "bytes": len(content), "filename": name, **known}

    def model_name(self, job: Job) -> str:
        return f"ft:{job.body['model']}:acme:talk:{job.id}"

    def job(self, job: Job) -> dict[str, Any]:
        state = job.state(self.time())
        names = {"waiting": "validating_files", "completed": "succeeded"}
        has_ended = state not in ("waiting", "running")
        error = {"code": "invalid_training_file", "message": job.fails_with, "param": "training_file"}
        return {
            "id": job.id,
            "object": "fine_tuning.job",
            "created_at": int(job.created_s),
            "finished_at": int(self.time()) if has_ended else None,
            "model": job.body["model"],
            "fine_tuned_model": self.model_name(job) if state == "completed" else None,
            "organization_id": "org-1",
            "status": names.get(state, state),
            "trained_tokens": self.tokens(job) if has_ended else None,
            "training_file": job.body["training_file"],
            "validation_file": job.body.get("validation_file"),
            "result_files": [],
            "seed": job.body["seed"],
            "hyperparameters": {"n_epochs": 3},
            "error": error if state == "failed" else None,
            "metadata": job.body["metadata"],
        }

    def events(self, job: Job) -> list[dict[str, Any]]:
        """Oldest first."""
        told = [self._event(job, 0, "message", f"Created fine-tuning job: {job.id}", {})]
        for step in self.told_steps(job):
            data = {"step": step, "total_steps": STEPS, "train_loss": 3 / step, "train_mean_token_accuracy": 0.5}
            if step % 4 == 0:
                data |= {"valid_loss": 4 / step, "full_valid_loss": 5 / step}
            told.append(self._event(job, step, "metrics", f"Step {step}/{STEPS}: training loss={3 / step:.2f}", data))
        if self.has_told_its_end(job):
            told.append(self._event(job, STEPS + 1, "message", "The job has successfully completed", {}))
        return told

    def checkpoints(self, job: Job) -> list[dict[str, Any]]:
        """Newest first."""
        if not self.has_told_its_end(job):
            return []
        return [
            {
                "id": f"{job.id}-checkpoint-{step}",
                "object": "fine_tuning.job.checkpoint",
                "created_at": int(job.created_s),
                "fine_tuned_model_checkpoint": f"{self.model_name(job)}:ckpt-step-{step}",
                "fine_tuning_job_id": job.id,
                "metrics": {"step": step, "full_valid_loss": 5 / step},
                "step_number": step,
            }
            for step in (8, 4)
        ]

    def _event(self, job: Job, number: int, kind: str, message: str, data: dict[str, Any]) -> dict[str, Any]:
        at = int(job.created_s + WAITS_S + number * STEP_S)
        known = {"object": "fine_tuning.job.event", "level": "info", "type": kind, "created_at": at}
        return {"id": f"{job.id}-event-{number}", "message": message, "data": data, **known}


class Together(Provider):
    """https://docs.together.ai/reference: fine-tunes and files."""

    usd_per_million = 0.48

    def bill_nano_usd(self) -> int:
        return sum(self._price(job) or 0 for job in self.jobs)

    def route(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/v1")
        if path == "/files":
            return httpx2.Response(200, json={"data": [self._file(each) for each in self.files]})
        if path == "/files/upload":
            return httpx2.Response(200, json=self._file(self.store(request)[0]))
        if path == "/fine-tunes" and request.method == "GET":
            return httpx2.Response(200, json={"data": [self.job(each) for each in self.listed()]})
        if path == "/fine-tunes":
            made = self.create(json.loads(request.read()), "ft")
            return made if isinstance(made, httpx2.Response) else httpx2.Response(200, json=self.job(made))
        job_id, _, part = path.removeprefix("/fine-tunes/").partition("/")
        job = self.find(job_id)
        if job is None:
            return httpx2.Response(404, json={"error": {"message": "no such job"}})
        answers: dict[str, Callable[[Job], dict[str, Any]]] = {
            "events": lambda job: {"data": self.events(job)},
            "metrics": lambda job: {"metrics": self.metrics(job)},
            "": lambda job: self.job(job) | {"events": self.events(job)},
        }
        if part == "cancel":
            if job.state(self.time()) not in ("waiting", "running"):
                return httpx2.Response(400, json={"message": "it has ended"})
            job.cancelled_s = self.time()
        return httpx2.Response(200, json=answers.get(part, self.job)(job))

    def _file(self, file_id: str) -> dict[str, Any]:
        name, content = self.files[file_id]
        known = {"object": "file", "purpose": "fine-tune", "FileType": "jsonl", "created_at": int(self.time())}
        return {"id": file_id, "bytes": len(content), "filename": name, "processing_status": "COMPLETED", **known}

    def _price(self, job: Job) -> int | None:
        """The whole price once it has begun, as its tokens are counted then; of one that was cancelled, up to there."""
        if job.state(self.time()) in ("waiting", "failed"):
            return None
        tokens = STEPS * TOKENS_A_STEP if job.cancelled_s is None else self.tokens(job)
        return tokens * round(self.usd_per_million * 1_000)

    def model_name(self, job: Job) -> str:
        return f"acme/{job.body['model'].rpartition('/')[2]}-{job.body['suffix']}-{job.id}"

    def job(self, job: Job) -> dict[str, Any]:
        state, price = job.state(self.time()), self._price(job)
        names = {"waiting": "pending", "failed": "error"}
        return {
            "id": job.id,
            "status": names.get(state, state),
            "user_id": "user-1",
            "created_at": _iso(job.created_s),
            "updated_at": _iso(self.time()),
            "model": job.body["model"],
            "model_output_name": self.model_name(job),
            "suffix": job.body["suffix"],
            "training_file": job.body["training_file"],
            "token_count": None if price is None else round(price / self.usd_per_million / 1_000),
            "total_price": price,
        }

    def events(self, job: Job) -> list[dict[str, Any]]:
        """Oldest first."""
        told = [self._event(job, 0, "job_pending", "Fine-tune request created")]
        if job.step(self.time()):
            told.append(self._event(job, 1, "training_start", "Training started", total_steps=STEPS))
        if job.state(self.time()) == "failed":
            told.append(self._event(job, 1, "job_error", str(job.fails_with)))
        if self.has_told_its_end(job):
            path = f"s3://together/{job.id}/step-{STEPS}"
            told.append(self._event(job, STEPS, "checkpoint_save", "Saved", checkpoint_path=path))
            told.append(self._event(job, STEPS, "job_complete", "Job finished"))
        return told

    def metrics(self, job: Job) -> list[dict[str, float]]:
        """Rows of training and of evaluation."""
        rows = []
        for step in self.told_steps(job):
            known = {"timestamp": (job.created_s + step) * 1e9, "train/global_step": step, "train/epoch": step / 4}
            rows.append(known | {"train/loss": 3 / step, "train/learning_rate": 1e-4})
            if step % 4 == 0:
                rows.append(known | {"eval/loss": 5 / step})
        return rows

    def _event(self, job: Job, step: int, kind: str, message: str, **known: Any) -> dict[str, Any]:
        at = _iso(job.created_s + WAITS_S + step * STEP_S)
        return {"object": "fine-tune-event", "created_at": at, "type": kind, "message": message, "step": step, **known}


def _iso(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat().replace("+00:00", "Z")
