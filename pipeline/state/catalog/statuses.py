"""The states and kinds of what the catalog holds, once.

Apart from the records, so that a command's help and `pipeline.client` read them at no cost.
"""

from typing import Literal, get_args

Status = Literal["uploading", "validating", "ready", "error", "failed"]
STATUSES: tuple[Status, ...] = get_args(Status)
JobStatus = Literal["configured", "stale", "cancelled", "running", "succeeded", "failed"]
JOB_STATUSES: tuple[JobStatus, ...] = get_args(JobStatus)
ReportedStatus = Literal["running", "succeeded", "failed"]
"""Those that somebody who trains may report."""
REPORTED_STATUSES: tuple[ReportedStatus, ...] = get_args(ReportedStatus)
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
]
