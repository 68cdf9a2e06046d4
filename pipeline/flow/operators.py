"""Tells the operators of an installation what needs them: an outage, a run that crashed, what was given up.

Each occasion once: with one line in the log, and with a POST to `LORA_OPERATOR_WEBHOOK_URL` where it is set. What was
told, and what is still to be sent, is in a file beside the data, not in the catalog: the catalog may be what is away.
Telling never waits for the receiving end; the sensor of failed runs sends, at each tick.

    {"kind": "outage", "title": "…", "message": "…", "text": "<title>: <message>", "url": "…", "at": "2026-…"}
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pipeline.settings import Settings
from pipeline.state.locked_json import changed_json

_LOG = logging.getLogger(__name__)
Kind = Literal["outage", "outage_over", "run_crashed", "dataset_given_up", "plan_given_up"]
_MOST_AT_ONCE = 5
_MOST_WAITING = 200
_TIMEOUT_S = 5.0
_FIRST_PAUSE_S = 10.0
_LONGEST_PAUSE_S = 3_600.0
_GIVEN_UP_AFTER = timedelta(days=3)
_REMEMBERED_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Operators:
    """The operators. webhook_url: empty where only the log tells them. page_url: where people look first."""

    file: Path
    webhook_url: str = ""
    page_url: str = ""

    @classmethod
    def of_settings(cls, settings: Settings) -> "Operators":
        """Those of an installation."""
        return cls(settings.data_dir / "operators.json", settings.operator_webhook_url, settings.dagster_url)

    def untold(self, occasions: Sequence[str]) -> list[str]:
        """Those of the occasions that nobody was told of yet."""
        with changed_json(self.file) as state:
            told = _told(state)
        return [each for each in occasions if each not in told]

    def tell(self, occasions: Sequence[str], kind: Kind, title: str, message: str, now: datetime) -> bool:
        """Tell once of occasions that are told together; False where all of them were told before."""
        with changed_json(self.file) as state:
            told = _told(state)
            if all(each in told for each in occasions):
                return False
            told.update(dict.fromkeys(occasions, now.isoformat()))
            oldest = (now - _REMEMBERED_FOR).isoformat()
            state["told"] = {each: at for each, at in told.items() if str(at) > oldest}
            if self.webhook_url:
                text = f"{title}: {message}"
                body = {"kind": kind, "title": title, "message": message, "text": text, "url": self.page_url}
                letter = {"body": body | {"at": now.isoformat()}, "attempt": 0, "due_at": now.isoformat()}
                state["outbox"] = [*_outbox(state), letter][-_MOST_WAITING:]
        _LOG.warning("%s: %s", title, message)
        return True

    def send_due(self, now: datetime) -> int:
        """Send what is due, oldest first; returns how much arrived. What does not is tried again, ever later."""
        if not self.webhook_url:
            return 0
        with changed_json(self.file) as state:
            due = [each for each in _outbox(state) if str(each["due_at"]) <= now.isoformat()][:_MOST_AT_ONCE]
            for letter in due:
                letter["due_at"] = (now + _pause(int(letter["attempt"]))).isoformat()
                letter["attempt"] = int(letter["attempt"]) + 1
        sent = []
        for letter in due:
            if not self._send(letter["body"]):
                break  # the others would only wait for the same time limit
            sent.append(letter["body"])
        oldest = (now - _GIVEN_UP_AFTER).isoformat()
        with changed_json(self.file) as state:
            left = [each for each in _outbox(state) if each["body"] not in sent and str(each["body"]["at"]) > oldest]
            if left or "outbox" in state:
                state["outbox"] = left
        return len(sent)

    def _send(self, body: dict[str, Any]) -> bool:
        import httpx2  # only who sends needs it

        try:
            answer = httpx2.post(self.webhook_url, json=body, timeout=_TIMEOUT_S, follow_redirects=False)
        except httpx2.HTTPError as error:
            _LOG.warning("operators could not be told by webhook: %s", type(error).__name__)
            return False
        if not answer.is_success:
            _LOG.warning("operators could not be told by webhook: it answered %d", answer.status_code)
        return bool(answer.is_success)


def _pause(attempt: int) -> timedelta:
    return timedelta(seconds=min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(attempt, 20)))


def _told(state: dict[str, Any]) -> dict[str, str]:
    told = state.get("told")
    return told if isinstance(told, dict) else {}


def _outbox(state: dict[str, Any]) -> list[dict[str, Any]]:
    outbox = state.get("outbox")
    return [each for each in outbox if isinstance(each, dict)] if isinstance(outbox, list) else []
