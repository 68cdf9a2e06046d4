"""What surrounds every page of a signed-in person: who they are, the bell, and the way elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from pipeline.service.pages.dataset_card import Tone, When, when
from pipeline.state.catalog.dataset_records import Notification
from pipeline.state.catalog.statuses import SEVERITIES, NotificationKind, Severity

IN_BELL = 6  # newest notifications under the bell
Place = Literal["generation", "conversations", "training-files", "datasets", "jobs", "models", "costs", ""]
_TONES: dict[NotificationKind, Tone] = {
    "dataset_ready": "good",
    "dataset_error": "bad",
    "upload_expired": "warning",
    "upload_ignored": "warning",
    "run_failed": "bad",
    "training_jobs_ready": "good",
    "training_jobs_stale": "warning",
    "training_queued": "info",
    "training_started": "info",
    "training_completed": "good",
    "training_failed": "bad",
    "training_cancelled": "warning",
    "training_lost": "warning",
    "model_ready": "good",
    "budget_reached": "bad",
    "generation_started": "info",
    "generation_paused": "warning",
    "generation_completed": "good",
    "generation_cancelled": "warning",
    "training_file_ready": "good",
}


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A notification in a list."""

    title: str
    message: str
    tone: Tone
    when: When
    severity: Severity
    url: str
    read_url: str
    is_unread: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """The bar."""

    user_id: str
    place: Place
    """What is marked as the current one."""
    unread_count: int
    notices: tuple[NoticeLine, ...]
    """The newest."""
    dagster_url: str
    can_sign_out: bool
    """There is a session."""
    banner: str = ""
    """What does not work at present."""

    @property
    def initial(self) -> str:
        """Stands for a portrait."""
        return next((sign.upper() for sign in self.user_id if sign.isalnum()), "?")


def notice_lines(notifications: Sequence[Notification], now: datetime) -> tuple[NoticeLine, ...]:
    """Notifications as lines, in their order."""
    return tuple(
        NoticeLine(
            title=each.title,
            message=each.message,
            tone=_TONES[each.kind],
            when=when(each.created_at, now),
            severity=SEVERITIES[each.kind],
            url=_url(each),
            read_url=f"/notifications/{each.id}/read",
            is_unread=each.read_at is None,
        )
        for each in notifications
    )


def _url(notification: Notification) -> str:
    """What it is about."""
    if notification.job_id:
        return f"/jobs/{quote(notification.job_id)}"
    if notification.batch_id:
        return f"/generation/{quote(notification.batch_id)}"
    if notification.kind == "training_file_ready":
        return f"/training-files/{quote(notification.dedupe_key)}"
    return f"/datasets/{notification.dataset_id}" if notification.dataset_id else "/datasets#ignored"
