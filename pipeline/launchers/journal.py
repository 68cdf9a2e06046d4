"""Reads what trainings tell: journal lines, as `runner.py` and the emitted scripts append them, into what is kept.

    {"kind": "begun", "at": 1767225600.0}
    {"kind": "metrics", "at": …, "step": 10, "total_steps": 60, "epoch": 0.5, "values": {"loss": 1.9}, "broken": []}
    {"kind": "log", "at": …, "tail": "…"}      {"kind": "heartbeat", "at": …}      {"kind": "checkpoint", "step": 20}
    {"kind": "checkpoint", "step": 20, "place": "…"}     one that stays where it is, as at a provider
    {"kind": "finished", "at": …}              the script wrote all that it leaves
    {"kind": "ended", "at": …, "exit_code": 0, "is_cancelled": false}

A line that cannot be read, as the machine may leave it when it loses power, is passed over.
"""

import json
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pipeline.launchers.training_failures import failure_of
from pipeline.state.catalog.attempt_records import Told
from pipeline.state.catalog.job_records import Artifact, MetricsPoint
from pipeline.state.catalog.statuses import AttemptState, FailureClass

MOST_LOG_BYTES = 16_000
_MOST_NAME = 100
_MOST_NAMES = 200  # of a piece: a trainer has a dozen
_MOST_REASON = 1_000
_MOST_PLACES = 100  # of checkpoints in a piece
_MOST_PLACE = 500


def read_journal(
    lines: bytes, offset: int, log_tail: str | None = None, failure_class: FailureClass | None = None
) -> Told:
    """What lines of a journal tell; offset: of their first byte. log_tail, failure_class: as known before."""
    reading = _Reading(log_tail, failure_class)
    for entry in _entries(lines):
        reading.take(entry)
    return reading.told(offset + len(lines))


def _entries(lines: bytes) -> Iterator[Mapping[str, Any]]:
    for line in lines.split(b"\n"):
        try:
            entry = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict):
            yield entry


class _Reading:
    """Gathers what entries tell."""

    def __init__(self, log_tail: str | None, failure_class: FailureClass | None) -> None:
        self.points: list[MetricsPoint] = []
        self.names: set[str] = set()
        self.artifacts: list[Artifact] = []
        self.begun_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.at: datetime | None = None
        self.step: int | None = None
        self.total_steps: int | None = None
        self.epoch: float | None = None
        self.new_tail: str | None = None
        self.log_tail = log_tail or ""
        self.has_begun = False
        self.failure_class = failure_class
        self.state: AttemptState | None = None
        self.reason: str | None = None
        self.remedy: str | None = None

    def take(self, entry: Mapping[str, Any]) -> None:
        self.at = _moment(entry.get("at")) or self.at
        match entry.get("kind"):
            case "begun":
                self.has_begun, self.begun_at = True, self.at
            case "metrics":
                self._take_metrics(entry)
            case "checkpoint" if isinstance(entry.get("place"), str) and len(self.artifacts) < _MOST_PLACES:
                self.artifacts.append(Artifact("checkpoint", entry["place"][:_MOST_PLACE]))
            case "log" if isinstance(entry.get("tail"), str):
                self.new_tail = self.log_tail = entry["tail"][-MOST_LOG_BYTES:]
            case "ended":
                self._take_end(entry)

    def _take_metrics(self, entry: Mapping[str, Any]) -> None:
        step = _whole(entry.get("step"))
        if step is None:
            return
        epoch = _finite(entry.get("epoch"))
        values = entry.get("values")
        for name, value in (values if isinstance(values, dict) else {}).items():
            if (number := _finite(value)) is None:
                self.failure_class = "not-a-number"
            elif name in self.names or len(self.names) < _MOST_NAMES:
                self.names.add(name)
                self.points.append(MetricsPoint(name[:_MOST_NAME], step, number, epoch, self.at))
        if entry.get("broken"):
            self.failure_class = "not-a-number"
        if self.step is None or step >= self.step:
            self.step, self.epoch = step, epoch if epoch is not None else self.epoch
        self.total_steps = _whole(entry.get("total_steps")) or self.total_steps
        self.has_begun = True

    def _take_end(self, entry: Mapping[str, Any]) -> None:
        code, self.ended_at = _whole(entry.get("exit_code"), least=-255), self.at
        if code == 0:
            self.state, self.reason, self.failure_class = "completed", None, None
        elif entry.get("is_cancelled"):
            self.state, self.reason, self.failure_class = "cancelled", "it was asked to end", None
        else:
            failure = failure_of(self.log_tail, code, self.failure_class)
            said, self.remedy = entry.get("reason"), failure.remedy
            self.state, self.failure_class = "failed", failure.name
            self.reason = str(said)[:_MOST_REASON] if said else f"{failure.sentence} (exit code {code})"

    def told(self, offset: int) -> Told:
        return Told(
            offset=offset,
            points=tuple(self.points),
            artifacts=tuple(self.artifacts),
            at=self.at,
            step=self.step,
            total_steps=self.total_steps,
            epoch=self.epoch,
            log_tail=self.new_tail,
            has_begun=self.has_begun,
            begun_at=self.begun_at,
            ended_at=self.ended_at,
            state=self.state,
            reason=self.reason,
            remedy=self.remedy,
            failure_class=self.failure_class,
        )


def _moment(value: object) -> datetime | None:
    number = _finite(value)
    if number is None or not 0 < number < 4e9:
        return None
    return datetime.fromtimestamp(number, UTC)


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # an integer that no float holds
        return None


def _whole(value: object, least: int = 0) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if least <= value < 2**53 else None
