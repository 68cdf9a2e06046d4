"""Sends notifications to `LORA_WEBHOOK_URL`, at least once each, signed, with an id to tell repetitions by.

    X-Lora-Delivery: 5f0c…                    what tells the notification from others, the same at each attempt
    X-Lora-Signature: t=1767225600,v1=<hex>   HMAC-SHA256 of `<t>.<body>` with LORA_WEBHOOK_SECRET

Any answer but 2xx, and silence, lead to another attempt: after 10 s, then twice as long each time up to an hour, for
three days. What is left to send is in the catalog (`catalog/deliveries.py`).
"""

import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx2

from pipeline.contract.http_answers import Value
from pipeline.contract.values import NotificationItem
from pipeline.service.notification_service import item
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import Notification
from pipeline.tls import trusted

_LOG = logging.getLogger(__name__)
BATCH = 50
FIRST_PAUSE_S = 10.0
LONGEST_PAUSE_S = 3_600.0
GIVEN_UP_AFTER = timedelta(days=3)
_TIMEOUT_S = 10.0


class Delivery(Value):
    """What is sent."""

    user_id: str
    notification: NotificationItem


class Webhook:
    """The receiving end."""

    def __init__(self, url: str, secret: str, now: Callable[[], datetime]) -> None:
        self._url = url
        self._secret = secret
        self._now = now
        # A redirection would carry what is sent to a place that nobody set.
        self._client = httpx2.Client(timeout=_TIMEOUT_S, follow_redirects=False, verify=trusted())

    def send_due(self, catalog: Catalog) -> int:
        """Send what is due, oldest first; return how many arrived.

        Raises:
            CatalogError: the catalog cannot be reached.
        """
        now = self._now()
        arrived = 0
        for notification in catalog.undelivered(now - GIVEN_UP_AFTER, now, BATCH):
            if not catalog.claim_delivery(notification, now + pause(notification.webhook_attempt)):
                continue
            if self._send(notification):
                catalog.note_delivery(notification.id, self._now())
                arrived += 1
        return arrived

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _send(self, notification: Notification) -> bool:
        payload = Delivery(user_id=notification.user_id, notification=item(notification)).model_dump_json().encode()
        headers = {
            "Content-Type": "application/json",
            "X-Lora-Delivery": delivery_of(notification),
            "X-Lora-Signature": signature(self._secret, payload, int(self._now().timestamp())),
        }
        try:
            # Closed unread: the status says it all, and the body may have no end.
            with self._client.stream("POST", self._url, content=payload, headers=headers) as answer:
                pass
        except httpx2.HTTPError as error:
            _LOG.warning("notification %d did not reach the webhook: %s", notification.id, type(error).__name__)
            return False
        if not answer.is_success:
            _LOG.warning("notification %d: the webhook answered %d", notification.id, answer.status_code)
        return answer.is_success


def delivery_of(notification: Notification) -> str:
    """The same for the same occasion, also where a catalog that was lost or restored tells of it again.

    Its ids begin anew: by them, whoever leaves out repetitions would leave out news.
    """
    occasion: list[str | None]
    if notification.dataset_id is None:  # told each time
        occasion = [str(notification.id), notification.created_at.isoformat(), notification.user_id]
    else:
        occasion = [notification.dataset_id, notification.kind, notification.dedupe_key]
    return hashlib.sha256(json.dumps(occasion).encode()).hexdigest()[:32]


def pause(attempt: int) -> timedelta:
    """How long to wait after so many attempts."""
    return timedelta(seconds=min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(attempt, 20)))


def signature(secret: str, payload: bytes, timestamp_s: int) -> str:
    """The header's value; whoever receives it makes the same and compares."""
    digest = hmac.new(secret.encode(), f"{timestamp_s}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={timestamp_s},v1={digest}"
