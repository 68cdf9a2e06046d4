"""The states of datasets and jobs, once; apart from the records, so that a command's help reads them at no cost."""

from typing import Literal, get_args

Status = Literal["uploading", "validating", "ready", "error", "failed"]
STATUSES: tuple[Status, ...] = get_args(Status)
JobStatus = Literal["configured", "stale", "cancelled", "running", "succeeded", "failed"]
JOB_STATUSES: tuple[JobStatus, ...] = get_args(JobStatus)
ReportedStatus = Literal["running", "succeeded", "failed"]
"""Those that somebody who trains may report."""
REPORTED_STATUSES: tuple[ReportedStatus, ...] = get_args(ReportedStatus)
