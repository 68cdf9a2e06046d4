"""Trainings as Jobs of a cluster: a Job's name is the attempt's, so that there is one. Its pod tells of itself.

The pod runs what a machine of one's own runs: it fetches the job's files from the service, and sends journal and model.
What the cluster says counts where the pod told nothing.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import ServiceError, SettingsError
from pipeline.launchers.kubernetes.cluster import Cluster
from pipeline.launchers.kubernetes.job_manifest import Pods, job_manifest, owned_by, secret_manifest
from pipeline.launchers.launcher import Bill, Observation, Order, Piece
from pipeline.launchers.legal_names import legal_name
from pipeline.state.catalog.attempt_records import Attempt
from pipeline.trainers.job import TrainingJob

NAME = "kubernetes"
_TOO_LONG = "it ran for longer than LORA_TRAINING_DEADLINE_H allows"
_MOST_REASON = 1_000
_REMOVED = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Foreground"}
"""The Job stays until its pod, which may still save and send, is gone."""


class KubernetesLauncher:
    """Has attempts trained by a cluster.

    pods: None where it is not set up; missing then says what is to be set. token_of: what opens an attempt at the
    service.
    """

    name = NAME

    def __init__(
        self,
        cluster: Callable[[], Cluster],
        namespace: Callable[[], str],
        pods: Pods | None,
        missing: str,
        token_of: Callable[[Attempt], str],
    ) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._pods = pods
        self._missing = missing
        self._token_of = token_of

    def submit(self, order: Order) -> str:
        """See `Launcher.submit`: the token first, without which no pod begins; the cluster takes one Job of a name."""
        if self._pods is None:
            raise SettingsError(f"expected a cluster that is set up, found none: {self._missing}")
        cluster, name = self._cluster(), legal_name(order.attempt.id)
        cluster.create(self._place("secrets"), secret_manifest(order.attempt, self._token_of(order.attempt)))
        job = cluster.create(self._place("jobs"), job_manifest(order, self._pods)) or self._job(order.attempt)
        if job is not None:
            cluster.patch(self._place("secrets", name), owned_by(job))
        return name

    def find(self, attempt: Attempt) -> str | None:
        """See `Launcher.find`."""
        return legal_name(attempt.id) if self._job(attempt) else None

    def forbid(self, attempt: Attempt) -> bool:
        """See `Launcher.forbid`: a Job that is gone does not come back."""
        return True

    def poll(self, attempt: Attempt) -> Observation:
        """See `Launcher.poll`."""
        job = self._job(attempt)
        if job is None:
            return Observation("absent", f"the cluster has no Job {legal_name(attempt.id)}")
        conditions = _true_conditions(job)
        if "deletionTimestamp" in job["metadata"]:
            return Observation("unknown", "it is being removed")
        if "Complete" in conditions:
            return Observation("completed")
        pod = self._pod(attempt)
        if "Failed" in conditions:
            return _failed(conditions["Failed"], pod)
        if pod.get("phase") == "Running":
            return Observation("running")
        return Observation("waiting", _why_it_waits(pod))

    def cancel(self, attempt: Attempt) -> None:
        """See `Launcher.cancel`: the pod is told to end, and has two minutes to save and send."""
        job = self._job(attempt)
        if job is not None and "deletionTimestamp" not in job["metadata"]:
            self._asked().delete(self._place("jobs", legal_name(attempt.id)), _REMOVED)

    def journal(self, attempt: Attempt, offset: int) -> Piece:
        """See `Launcher.journal`: the pod sends it."""
        return Piece(offset)

    def is_training(self, attempt: Attempt) -> bool:
        """See `Launcher.is_training`: a pod that told of its end is not ended from here."""
        has_told = attempt.started_at is not None and attempt.state != "cancelled"
        if has_told or (attempt.external_id is None and self._pods is None):
            return False
        job = self._job(attempt)
        return job is not None and not _true_conditions(job).keys() & {"Complete", "Failed"}

    def model_files(self, attempt: Attempt) -> dict[str, Path]:
        """See `Launcher.model_files`: the pod sends them."""
        return {}

    def bill(self, attempt: Attempt, job: TrainingJob) -> Bill | None:
        """See `Launcher.bill`: a cluster sends none."""

    def _asked(self) -> Cluster:
        if self._pods is None:
            raise ServiceError(f"the cluster cannot be asked: {self._missing}")
        try:
            return self._cluster()
        except SettingsError as error:
            raise ServiceError(str(error)) from error

    def _place(self, kind: str, name: str = "") -> str:
        group = "/apis/batch/v1" if kind == "jobs" else "/api/v1"
        return f"{group}/namespaces/{self._namespace()}/{kind}" + (f"/{name}" if name else "")

    def _job(self, attempt: Attempt) -> Mapping[str, Any] | None:
        return self._asked().find(self._place("jobs", legal_name(attempt.id)))

    def _pod(self, attempt: Attempt) -> Mapping[str, Any]:
        """How the pod of a Job is; empty where there is none yet."""
        chosen = f"job-name={legal_name(attempt.id)}"
        found = self._asked().find(self._place("pods"), labelSelector=chosen)
        pods = found.get("items") or [] if found else []
        return pods[-1].get("status") or {} if pods else {}


def _true_conditions(job: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    listed = (job.get("status") or {}).get("conditions") or []
    return {each["type"]: each for each in listed if each.get("status") == "True"}


def _failed(condition: Mapping[str, Any], pod: Mapping[str, Any]) -> Observation:
    if condition.get("reason") == "DeadlineExceeded":
        return Observation("failed", _TOO_LONG)
    ends = [(each.get("state") or {}).get("terminated") or {} for each in pod.get("containerStatuses") or []]
    ended: Mapping[str, Any] = ends[0] if ends else {}
    said = [pod.get("reason"), pod.get("message"), ended.get("reason"), condition.get("message")]
    why = ": ".join(dict.fromkeys(str(each) for each in said if each))
    return Observation("failed", why[:_MOST_REASON], exit_code=ended.get("exitCode"))


def _why_it_waits(pod: Mapping[str, Any]) -> str:
    """As the cluster says: no node has room, an image cannot be fetched."""
    waiting = [(each.get("state") or {}).get("waiting") or {} for each in pod.get("containerStatuses") or []]
    lacking = [each for each in pod.get("conditions") or [] if each.get("status") == "False" and each.get("message")]
    told = [each for each in (*waiting, *lacking) if each.get("reason")]
    said = [": ".join(str(each[key]) for key in ("reason", "message") if each.get(key)) for each in told]
    return said[0][:_MOST_REASON] if said else "the cluster starts its pod"
