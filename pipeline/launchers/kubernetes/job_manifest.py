"""What a cluster is asked to run for an attempt: a Job of one pod, and the Secret with the token of that attempt.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1 has the fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from pipeline.launchers.launcher import Order
from pipeline.launchers.legal_names import legal_name
from pipeline.state.catalog.attempt_records import Attempt

GRACE_S = 120
"""For how long a pod that is to end may save and send; the runner kills its trainer after 90 s."""
_KEPT_S = 7 * 86_400  # a Job that has ended, so that people can look at it
_LABELS = {"app.kubernetes.io/managed-by": "lora-pipeline"}
# Fetches the runner and becomes it; a service that is away, or a network that is not there yet, has five minutes.
BEGIN = """
import os, sys, time, urllib.error, urllib.request
asked = urllib.request.Request(
    os.environ["LORA_RUNNER_URL"], headers={"Authorization": "Bearer " + os.environ["LORA_ATTEMPT_TOKEN"]}
)
for left in range(30, 0, -1):
    try:
        text = urllib.request.urlopen(asked, timeout=60).read()
        break
    except OSError as error:
        if left == 1 or getattr(error, "code", 500) < 500:
            sys.exit(f"the program cannot be fetched: {error}")
        time.sleep(10)
open("run.py", "wb").write(text)
place = ["--service", os.environ["LORA_SERVICE_URL"], "--attempt", os.environ["LORA_ATTEMPT"], "--folder", "attempt"]
os.execv(sys.executable, [sys.executable, "run.py", *place])
"""


@dataclass(frozen=True, slots=True)
class Pods:
    """As what pods run."""

    image: str
    service_url: str
    gpu_resource: str
    """What a GPU is called there."""
    secret: str
    """Whose keys are variables of the trainer."""
    deadline_h: float
    node_selector: Mapping[str, str] = field(default_factory=dict)
    """Labels that a node has to have."""


def secret_manifest(attempt: Attempt, token: str) -> dict[str, Any]:
    """The token of an attempt, which opens what the service has for this attempt alone."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": legal_name(attempt.id), "labels": _LABELS},
        "stringData": {"token": token},
    }


def owned_by(job: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of an object that goes with its Job."""
    known = {"apiVersion": "batch/v1", "kind": "Job", "name": job["metadata"]["name"], "uid": job["metadata"]["uid"]}
    return {"metadata": {"ownerReferences": [known]}}


def job_manifest(order: Order, pods: Pods) -> dict[str, Any]:
    """A Job that runs once, and is never tried again by the cluster."""
    name, attempt = legal_name(order.attempt.id), order.attempt
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": _LABELS, "annotations": {"lora-pipeline/attempt": attempt.id}},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": round(pods.deadline_h * 3600),
            "ttlSecondsAfterFinished": _KEPT_S,
            "template": {"metadata": {"labels": _LABELS}, "spec": _pod(order, pods)},
        },
    }


def _pod(order: Order, pods: Pods) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": GRACE_S,
        "automountServiceAccountToken": False,
        "tolerations": [{"key": pods.gpu_resource, "operator": "Exists", "effect": "NoSchedule"}],
        "volumes": [{"name": "work", "emptyDir": {}}, {"name": "shm", "emptyDir": {"medium": "Memory"}}],
        "containers": [_container(order, pods)],
    }
    return spec | ({"nodeSelector": dict(pods.node_selector)} if pods.node_selector else {})


def _container(order: Order, pods: Pods) -> dict[str, Any]:
    attempt, name = order.attempt, legal_name(order.attempt.id)
    api = f"{pods.service_url.rstrip('/')}/api/jobs/{quote(attempt.job_id)}/attempts/{quote(attempt.id)}"
    known = {"LORA_ATTEMPT": attempt.id, "LORA_SERVICE_URL": pods.service_url, "LORA_RUNNER_URL": f"{api}/run.py"}
    token = {"name": "LORA_ATTEMPT_TOKEN", "valueFrom": {"secretKeyRef": {"name": name, "key": "token"}}}
    return {
        "name": "trainer",
        "image": pods.image,
        "command": ["python3", "-c", BEGIN],
        "workingDir": "/work",
        "env": [*({"name": key, "value": value} for key, value in known.items()), token],
        "envFrom": [{"secretRef": {"name": pods.secret}}] if pods.secret else [],
        "resources": {"limits": {pods.gpu_resource: str(order.job.hardware.gpu_count)}},
        "volumeMounts": [{"name": "work", "mountPath": "/work"}, {"name": "shm", "mountPath": "/dev/shm"}],  # noqa: S108  # in the pod
    }
