"""The states and kinds of what the catalog holds, once.

Apart from the records, so that a command's help and `pipeline.client` read them at no cost.
"""

from typing import Literal, get_args

Status = Literal["uploading", "validating", "ready", "error", "failed"]
STATUSES: tuple[Status, ...] = get_args(Status)
JobStatus = Literal["configured", "stale", "cancelled", "queued", "running", "succeeded", "failed", "lost"]
JOB_STATUSES: tuple[JobStatus, ...] = get_args(JobStatus)
UNDER_WAY: tuple[JobStatus, ...] = ("queued", "running", "lost")
"""Of jobs whose training may go on: one that is lost may come back."""
ReportedStatus = Literal["running", "succeeded", "failed"]
"""Those that somebody who trains may report."""
REPORTED_STATUSES: tuple[ReportedStatus, ...] = get_args(ReportedStatus)
AttemptState = Literal["queued", "preparing", "running", "completed", "failed", "cancelled", "lost"]
ATTEMPT_STATES: tuple[AttemptState, ...] = get_args(AttemptState)
LIVE_STATES: tuple[AttemptState, ...] = ("queued", "preparing", "running")
ENDED_STATES: tuple[AttemptState, ...] = ("completed", "failed", "cancelled")
LauncherName = Literal["local", "own-machine", "hosted", "sagemaker", "kubernetes", "reported"]
"""Who runs a training: this machine, one of yours elsewhere, its trainer's provider, Amazon SageMaker, a Kubernetes
cluster, or somebody who only tells of it (`jobs report`)."""
FailureClass = Literal[
    "out-of-memory", "not-a-number", "disk-full", "gated-model", "lost-gpu", "download", "interrupted", "other"
]
Moment = Literal["before", "after"]
ModelKind = Literal["adapter", "model"]
Severity = Literal["low", "medium", "high", "critical"]
JobOrigin = Literal["plan", "person"]
CostKind = Literal["estimate", "actual"]
ScaffoldKind = Literal["persona", "emotional_arc", "training_topic", "prompt_template"]
SCAFFOLD_KINDS: tuple[ScaffoldKind, ...] = get_args(ScaffoldKind)
BatchStatus = Literal["planned", "running", "paused", "completed", "cancelled"]
BATCH_STATUSES: tuple[BatchStatus, ...] = get_args(BatchStatus)
OPEN_BATCHES: tuple[BatchStatus, ...] = ("planned", "running", "paused")
"""Those that can be cancelled."""
ItemState = Literal["planned", "written", "annotated", "judged", "accepted", "rejected", "failed", "needs_review"]
ITEM_STATES: tuple[ItemState, ...] = get_args(ItemState)
EndedItem = Literal["accepted", "rejected", "failed", "needs_review"]
ENDED_ITEMS: tuple[EndedItem, ...] = get_args(EndedItem)
"""They sum to a batch's items, once it has ended."""
SubmissionState = Literal["prepared", "sending", "doubtful", "asking", "sent", "ended", "ingested", "refused", "aside"]
"""prepared: its body is written. sending: it may be at the provider. doubtful: a person has to say. asking: its
requests are asked one by one. ended: its results are in the lake. aside: what came is not an answer to it."""
Purpose = Literal["generate", "annotate", "judge"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
Outcome = Literal["succeeded", "truncated", "refused", "errored", "expired", "canceled", "unknown"]
"""truncated: it ended at `max_tokens`. unknown: it was sent, and its answer never came."""
FailureType = Literal["truncation", "parse_error", "validation_error", "refusal", "api_error", "unknown"]
ConversationStatus = Literal["pending", "accepted", "rejected", "failed", "needs_review"]
CONVERSATION_STATUSES: tuple[ConversationStatus, ...] = get_args(ConversationStatus)
EnrichmentStatus = Literal["not_started", "enrichment_in_progress", "completed"]
QualityTier = Literal["seed", "production", "experimental"]
QUALITY_TIERS: tuple[QualityTier, ...] = get_args(QualityTier)
ReviewAction = Literal["approve", "reject", "edit"]
REVIEW_ACTIONS: tuple[ReviewAction, ...] = get_args(ReviewAction)
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
    "generation_started",
    "generation_paused",
    "generation_completed",
    "generation_cancelled",
    "training_file_ready",
]
EventKind = Literal[
    "announced",
    "registered",
    "expired",
    "requested",
    "run_failed",
    "given_up",
    "judged",
    "sent_back",
    "plan_requested",
    "plan_failed",
    "plan_given_up",
    "planned",
    "superseded",
    "returned",
    "deleted",
    "restored",
]
"""announced: an upload through the service began. given_up: it was one try too many. sent_back: it waits for another
verdict. returned: it is current at its path again."""
EVENT_KINDS: tuple[EventKind, ...] = get_args(EventKind)
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
    "generation_started": "low",
    "generation_paused": "high",
    "generation_completed": "high",
    "generation_cancelled": "medium",
    "training_file_ready": "medium",
}
