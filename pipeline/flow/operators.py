"""Tells the operators of an installation what needs them: an outage, a run that crashed, what was given up.

Each occasion once: with one line in the log, with a POST to `LORA_OPERATOR_WEBHOOK_URL` where it is set, and with a
mail to `LORA_OPERATOR_EMAIL` (`operator_mail.py`). What was told, and what is still to be sent, is in a file beside the
data, not in the catalog: the catalog may be what is away. Telling never waits for the receiving end; the sensor of
failed runs sends, at each tick.

    {"kind": "outage", "title": "…", "message": "…", "text": "<title>: <message>", "url": "…", "at": "2026-…"}
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pipeline.flow.operator_mail import Mail
from pipeline.settings import Settings
from pipeline.state.locked_json import changed_json
from pipeline.tls import trusted

_LOG = logging.getLogger(__name__)
Kind = Literal["outage", "outage_over", "run_crashed", "dataset_given_up", "plan_given_up"]
Way = Literal["webhook", "mail"]
_MOST_AT_ONCE = 5
_MOST_WAITING = 200
_TIMEOUT_S = 5.0
_FIRST_PAUSE_S = 10.0
_LONGEST_PAUSE_S = 3_600.0
_GIVEN_UP_AFTER = timedelta(days=3)
_REMEMBERED_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Operators:
    """The operators, told by the log, by webhook where it is not empty, by mail where there is any."""

    file: Path
    webhook_url: str = ""
    page_url: str = ""
    """Where people look first."""
    mail: Mail | None = None

    @classmethod
    def of_settings(cls, settings: Settings) -> "Operators":
        """Those of an installation."""
        mail = Mail.of_settings(settings)
        return cls(settings.data_dir / "operators.json", settings.operator_webhook_url, settings.dagster_url, mail)

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
            if self._ways():
                text, at = f"{title}: {message}", now.isoformat()
                body = {"kind": kind, "title": title, "message": message, "text": text, "url": self.page_url, "at": at}
                letters = [{"way": way, "body": body, "attempt": 0, "due_at": at} for way in self._ways()]
                state["outbox"] = [*_outbox(state), *letters][-_MOST_WAITING:]
        _LOG.warning("%s: %s", title, message)
        return True

    def send_due(self, now: datetime) -> int:
        """Send what is due, oldest first; returns how much arrived. What does not is tried again, ever later."""
        ways = self._ways()
        if not ways:
            return 0
        with changed_json(self.file) as state:
            due = [each for each in _outbox(state) if str(each["due_at"]) <= now.isoformat()][:_MOST_AT_ONCE]
            for letter in due:
                letter["due_at"] = (now + _pause(int(letter["attempt"]))).isoformat()
                letter["attempt"] = int(letter["attempt"]) + 1
        sent = []
        for way in ways:
            for letter in [each for each in due if _way(each) == way]:
                if not self._send(way, letter["body"]):
                    break  # the others would only wait for the same time limit
                sent.append((way, letter["body"]))
        oldest = (now - _GIVEN_UP_AFTER).isoformat()
        with changed_json(self.file) as state:
            waiting = [each for each in _outbox(state) if (_way(each), each["body"]) not in sent]
            left = [each for each in waiting if str(each["body"]["at"]) > oldest]
            if left or "outbox" in state:
                state["outbox"] = left
        return len(sent)

    def _ways(self) -> list[Way]:
        ways: dict[Way, object] = {"webhook": self.webhook_url, "mail": self.mail}
        return [way for way, is_set in ways.items() if is_set]

    def _send(self, way: Way, body: dict[str, Any]) -> bool:
        if way == "webhook":
            return self._post(body)
        return self.mail is not None and self.mail.send(body["title"], body["message"], body["url"])

    def _post(self, body: dict[str, Any]) -> bool:
        import httpx2  # only who sends needs it

        try:
            answer = httpx2.post(
                self.webhook_url, json=body, timeout=_TIMEOUT_S, follow_redirects=False, verify=trusted()
            )
        except httpx2.HTTPError as error:
            _LOG.warning("operators could not be told by webhook: %s", type(error).__name__)
            return False
        if not answer.is_success:
            _LOG.warning("operators could not be told by webhook: it answered %d", answer.status_code)
        return bool(answer.is_success)


def _way(letter: dict[str, Any]) -> str:
    return str(letter.get("way", "webhook"))  # as those have none that were written before there was mail


def _pause(attempt: int) -> timedelta:
    return timedelta(seconds=min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(attempt, 20)))


def _told(state: dict[str, Any]) -> dict[str, str]:
    told = state.get("told")
    return told if isinstance(told, dict) else {}


def _outbox(state: dict[str, Any]) -> list[dict[str, Any]]:
    outbox = state.get("outbox")
    return [each for each in outbox if isinstance(each, dict)] if isinstance(outbox, list) else []
