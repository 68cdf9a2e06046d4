"""Which of store, catalog, lake and queue do not answer, since when; told once when it begins and once when it is over.

Several processes look: what one has told is in a file beside the data, so that the next does not tell it again. Whoever
waits for the parts asks `Watch.reason`.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pipeline.flow.health import Part
from pipeline.flow.operators import Operators
from pipeline.state.locked_json import changed_json
from pipeline.wording import moment

_USUALLY = "Runs wait for it; no dataset loses an attempt."
_MEANWHILE = {"queue": "New uploads wait in the store, which is listed when the queue is back."}
LOOK_EVERY_S = 3.0
_SECOND_LOOK_S = 0.5
_HANGS_S = 5.0  # below the limit of a question, see `flow/health.py`


@dataclass(frozen=True, slots=True)
class Outage:
    """A part that does not answer."""

    part: str
    problem: str
    since: datetime

    def said(self) -> str:
        """A sentence for people."""
        return f"the {self.part} does not answer since {moment(self.since, seconds=True)}: {self.problem}"


@dataclass(slots=True)
class Watch:
    """Looks at most every few seconds, and keeps what it saw."""

    ask: Callable[[], Sequence[Part]]
    """The three parts as they are now."""
    file: Path
    """Where what was told is kept."""
    operators: Operators
    now: Callable[[], datetime]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _outages: tuple[Outage, ...] = ()
    _looked_s: float = field(default=-1e9)

    def reason(self) -> str:
        """Why to wait, in one sentence; empty where all parts answer."""
        return "; ".join(outage.said() for outage in self.outages())

    def outages(self) -> tuple[Outage, ...]:
        """What does not answer."""
        if self.clock() - self._looked_s >= LOOK_EVERY_S:
            self._outages = self._look()
            self._looked_s = self.clock()
        return self._outages

    def _look(self) -> tuple[Outage, ...]:
        """Ask, a second time where something is wrong: one answer that got lost is no outage.

        What let us wait for seconds is asked once: by the end of a second wait a short outage would be over, untold.
        """
        began_s = self.clock()
        parts = self.ask()
        if any(part.problem for part in parts) and self.clock() - began_s < _HANGS_S:
            self.sleep(_SECOND_LOOK_S)
            parts = self.ask()
        return self._remember({part.name: part.problem for part in parts if part.problem})

    def _remember(self, problems: dict[str, str]) -> tuple[Outage, ...]:
        now = self.now()
        if not problems and not self._outages and not self.file.exists():
            return ()
        with changed_json(self.file) as known:
            over = {part: known.pop(part) for part in list(known) if part not in problems}
            begun = [part for part in problems if part not in known]
            known.update({part: {"since": now.isoformat(), "problem": problems[part]} for part in begun})
            outages = tuple(_outage(part, known[part], problems[part], now) for part in problems)
        for outage in outages:
            if outage.part in begun:
                self._tell_begin(outage)
        for part, kept in over.items():
            self._tell_end(_outage(part, kept, "", now), now)
        return outages

    def _tell_begin(self, outage: Outage) -> None:
        occasion = f"outage-{outage.part}-{outage.since.isoformat()}"
        message = f"{outage.problem}. {_MEANWHILE.get(outage.part, _USUALLY)}"
        self.operators.tell([occasion], "outage", f"The {outage.part} does not answer", message, outage.since)

    def _tell_end(self, outage: Outage, now: datetime) -> None:
        occasion = f"outage-{outage.part}-{outage.since.isoformat()}-over"
        lasted_s = (now - outage.since).total_seconds()
        message = f"It was away for {lasted_s:,.0f} s. What waited is done now."
        self.operators.tell([occasion], "outage_over", f"The {outage.part} answers again", message, now)


def _outage(part: str, kept: object, problem: str, now: datetime) -> Outage:
    """From the file, whatever it holds: it is only a memory."""
    try:
        since = datetime.fromisoformat(str(kept["since"]))  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        since = now
    return Outage(part, problem, since)
