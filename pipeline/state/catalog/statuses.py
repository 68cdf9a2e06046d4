"""The states and kinds of what the catalog holds, once.

Apart from the records, so that a command's help and `pipeline.client` read them at no cost.
"""

from typing import Literal, get_args

Status = Literal["uploading", "validating", "ready", "error", "failed"]
STATUSES: tuple[Status, ...] = get_args(Status)
JobStatus = Literal["configured", "stale", "cancelled", "queued", "running", "succeeded", "failed", "lost"]
JOB_STATUSES: tuple[JobStatus, ...] = get_args(JobStatus)
ReportedStatus = Literal["running", "succeeded", "failed"]
"""Those that somebody who trains may report."""
REPORTED_STATUSES: tuple[ReportedStatus, ...] = get_args(ReportedStatus)
AttemptState = Literal["queued", "preparing", "running", "completed", "failed", "cancelled", "lost"]
ATTEMPT_STATES: tuple[AttemptState, ...] = get_args(AttemptState)
LIVE_STATES: tuple[AttemptState, ...] = ("queued", "preparing", "running")
ENDED_STATES: tuple[AttemptState, ...] = ("completed", "failed", "cancelled")
LauncherName = Literal["local", "own-machine", "reported"]
"""Who runs a training: this machine, one of yours elsewhere, or somebody who only tells of it (`jobs report`)."""
FailureClass = Literal[
    "out-of-memory", "not-a-number", "disk-full", "gated-model", "lost-gpu", "download", "interrupted", "other"
]
Moment = Literal["before", "after"]
ModelKind = Literal["adapter", "model"]
Severity = Literal["low", "medium", "high", "critical"]
JobOrigin = Literal["plan", "person"]
CostKind = Literal["estimate", "actual"]
NotificationKind = Literal[
    "dataset_ready",
    "dataset_error",
    "upload_expired",
    "upload_ignored",
    "run_failed",
    "training_jobs_ready",
    "training_jobs_stale",
    "training_queued",
    "training_started",
    "training_completed",
    "training_failed",
    "training_cancelled",
    "training_lost",
    "model_ready",
    "budget_reached",
]
SEVERITIES: dict[NotificationKind, Severity] = {
    "dataset_ready": "medium",
    "dataset_error": "high",
    "upload_expired": "medium",
    "upload_ignored": "medium",
    "run_failed": "high",
    "training_jobs_ready": "medium",
    "training_jobs_stale": "medium",
    "training_queued": "low",
    "training_started": "medium",
    "training_completed": "high",
    "training_failed": "high",
    "training_cancelled": "medium",
    "training_lost": "high",
    "model_ready": "high",
    "budget_reached": "critical",
}
