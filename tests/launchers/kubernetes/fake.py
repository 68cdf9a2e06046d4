"""An API server of Kubernetes in this process: Secrets, and Jobs whose pods train by a clock and tell of themselves.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1 and pod-v1 have what it answers.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx2

from pipeline.launchers.journal import read_journal
from tests.launchers.hosted.fakes import Time

WAITS_S, STEPS, STEP_S, GRACE_S = 60.0, 12, 10.0, 20.0


@dataclass
class Job:
    """A Job and its pod. killed: whether the machine's memory was too small after half of the steps."""

    body: dict[str, Any]
    created_s: float
    killed: bool = False
    deleted_s: float | None = None

    @property
    def attempt_id(self) -> str:
        return self.body["metadata"]["annotations"]["lora-pipeline/attempt"]

    def step(self, now_s: float) -> int:
        until = now_s if self.deleted_s is None else min(now_s, self.deleted_s)
        most = STEPS // 2 if self.killed else STEPS
        return max(0, min(most, int((until - self.created_s - WAITS_S) / STEP_S)))

    def has_begun(self, now_s: float) -> bool:
        return min(now_s, self.deleted_s or now_s) >= self.created_s + WAITS_S

    def has_ended(self, now_s: float) -> bool:
        return self.step(now_s) == (STEPS // 2 if self.killed else STEPS)

    def is_gone(self, now_s: float) -> bool:
        return self.deleted_s is not None and now_s >= self.deleted_s + GRACE_S

    def pod_seconds(self, now_s: float) -> float:
        end = self.created_s + WAITS_S + STEPS * STEP_S
        until = min(now_s, self.deleted_s or now_s, end)
        return max(0.0, until - self.created_s - WAITS_S)

    def told(self, now_s: float) -> bytes:
        """What its pod sent to the service by now."""
        if not self.has_begun(now_s):
            return b""
        lines: list[dict[str, Any]] = [{"kind": "begun", "at": self.created_s + WAITS_S}]
        for step in range(1, self.step(now_s) + 1):
            at = self.created_s + WAITS_S + step * STEP_S
            values = {"loss": 3 / step}
            lines.append(
                {"kind": "metrics", "at": at, "step": step, "total_steps": STEPS, "values": values, "broken": []}
            )
        if self.has_ended(now_s) and not self.killed:
            lines.append({"kind": "ended", "at": self.created_s + WAITS_S + STEPS * STEP_S, "exit_code": 0})
        elif self.deleted_s is not None and not self.has_ended(now_s):
            lines.append({"kind": "ended", "at": self.deleted_s, "exit_code": 130, "is_cancelled": True})
        return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@dataclass
class ApiServer:
    """faults: of the requests of a kind to come, one each."""

    time: Time
    token: str = "a-token-of-a-service-account"
    jobs: dict[str, Job] = field(default_factory=dict)
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: list[Job] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=dict)
    kills: bool = False

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self._answer)

    def tell(self, catalog: Any, now: Any) -> None:
        """Let the pods' reports arrive at the service."""
        for job in self.made:
            attempt = catalog.get_attempt(job.attempt_id)
            new = job.told(self.time())[attempt.journal_offset :]
            if new and attempt.closed_at is None:
                told = read_journal(new, attempt.journal_offset, attempt.log_tail, attempt.failure_class)
                catalog.take_journal(attempt.id, attempt.journal_offset, told, now)

    def living(self) -> list[Job]:
        """Jobs whose pods may still train."""
        return [job for job in self.jobs.values() if not job.has_ended(self.time()) and job.deleted_s is None]

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.jobs = {name: job for name, job in self.jobs.items() if not job.is_gone(self.time())}
        kind = request.url.path.split("/namespaces/team/")[1].split("/")[0]
        waiting = self.faults.get(f"{request.method} {kind}")
        fault = waiting.pop(0) if waiting else "none"
        if fault == "timeout before":
            raise httpx2.ConnectTimeout("slow", request=request)
        if fault in ("403", "429", "500 before"):
            return _status(int(fault[:3]), "not now")
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return _status(401, "Unauthorized")
        answer = self._route(request, kind, request.url.path.rpartition(f"/{kind}")[2].strip("/"))
        if fault == "lost":
            raise httpx2.RemoteProtocolError("dropped", request=request)
        return _status(500, "ours") if fault == "500 after" else answer

    def _route(self, request: httpx2.Request, kind: str, name: str) -> httpx2.Response:
        body = json.loads(request.read() or b"{}")
        match request.method, kind:
            case "GET", "pods":
                name = request.url.params["labelSelector"].removeprefix("job-name=")
                return httpx2.Response(200, json={"items": [self._pod(self.jobs[name])] if name in self.jobs else []})
            case "GET", "jobs":
                job = self.jobs.get(name)
                return _status(404, "no such job") if job is None else httpx2.Response(200, json=self._job(job))
            case "DELETE", "jobs":
                assert body["propagationPolicy"] == "Foreground"
                if name not in self.jobs:
                    return _status(404, "no such job")
                self.jobs[name].deleted_s = self.jobs[name].deleted_s or self.time()
                return httpx2.Response(200, json={"status": "Success"})
            case "PATCH", "secrets":
                self.secrets[name]["metadata"] |= body["metadata"]
                return httpx2.Response(200, json=self.secrets[name])
        return self._create(kind, body)

    def _create(self, kind: str, body: dict[str, Any]) -> httpx2.Response:
        name = body["metadata"]["name"]
        if name in (self.jobs if kind == "jobs" else self.secrets):
            return _status(409, f"{kind} {name} already exists")
        if kind == "secrets":
            self.secrets[name] = body
            return httpx2.Response(201, json=body)
        if body["spec"]["template"]["spec"]["containers"][0]["image"] == "":
            return _status(422, "spec.template.spec.containers[0].image: Required value")
        self.jobs[name] = Job(body, self.time(), killed=self.kills)
        self.made.append(self.jobs[name])
        return httpx2.Response(201, json=self._job(self.jobs[name]))

    def _job(self, job: Job) -> dict[str, Any]:
        now_s = self.time()
        metadata = job.body["metadata"] | {"uid": f"uid-{len(self.made)}"}
        if job.deleted_s is not None:
            metadata |= {"deletionTimestamp": "2026-03-01T12:00:00Z"}
        conditions = []
        if job.has_ended(now_s):
            kind = "Failed" if job.killed else "Complete"
            conditions.append(
                {"type": kind, "status": "True", "reason": "BackoffLimitExceeded", "message": "Job failed"}
            )
        return job.body | {"metadata": metadata, "status": {"conditions": conditions}}

    def _pod(self, job: Job) -> dict[str, Any]:
        now_s = self.time()
        if not job.has_begun(now_s):
            message = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
            known = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
            return {"status": {"phase": "Pending", "conditions": [known]}}
        if job.killed and job.has_ended(now_s):
            ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
            return {"status": {"phase": "Failed", "containerStatuses": [{"name": "trainer", "state": ended}]}}
        return {"status": {"phase": "Succeeded" if job.has_ended(now_s) else "Running"}}


def _status(code: int, message: str) -> httpx2.Response:
    return httpx2.Response(code, json={"kind": "Status", "status": "Failure", "message": message, "code": code})
