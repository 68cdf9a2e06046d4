"""The journal of a training at a provider: what the provider told, each once, as lines of `launchers/journal.py`.

Its lines have the ids of what they tell, so that it alone says what is known. Where it was lost, it begins anew where
the catalog has read it up to: whatever is told again then is known to the catalog already.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.launchers.hosted.provider import Entry
from pipeline.launchers.runner import LOG_BYTES, Journal


class HostedJournal:
    """The journal in an attempt's folder, as it was when this was made. read_to: bytes that the catalog has of it."""

    def __init__(self, path: Path, read_to: int) -> None:
        self._journal = Journal(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if (path.stat().st_size if path.exists() else 0) < read_to:
            path.touch(mode=0o600)
            os.truncate(path, read_to)

        self._told = list(_lines(path))

    @property
    def ids(self) -> frozenset[str]:
        """Of everything that was told."""
        return frozenset(str(line["id"]) for line in self._told if "id" in line)

    @property
    def has_begun(self) -> bool:
        """Whether it tells of the beginning."""
        return any(line.get("kind") == "begun" for line in self._told)

    @property
    def has_ended(self) -> bool:
        """Whether it tells of the end."""
        return any(line.get("kind") == "ended" for line in self._told)

    def progress(self) -> float:
        """How much of its steps it has made, from 0 to 1, as far as it told."""
        steps = [(line["step"], line["total_steps"]) for line in self._told if line.get("total_steps")]
        return max((min(1.0, step / total) for step, total in steps), default=0.0)

    def last(self, name: str) -> float | None:
        """The last value of a figure."""
        found = [line["values"][name] for line in self._told if name in line.get("values", ())]
        return found[-1] if found else None

    def checkpoints(self) -> dict[str, str]:
        """Where each checkpoint is, by its step."""
        return {str(line["step"]): line["place"] for line in self._told if line.get("kind") == "checkpoint"}

    def tell(self, kind: str, **values: object) -> None:
        """Append a line."""
        self._journal.tell(kind, **values)

    def tell_all(self, entries: Sequence[Entry]) -> None:
        """Append what is new, and the end of the log where that is longer now."""
        for entry in entries:
            at = {} if entry.at is None else {"at": entry.at}
            self.tell(entry.kind, id=entry.id, **at, **entry.values)
        self._told = list(_lines(self._journal.path))
        if any(entry.kind == "event" for entry in entries):
            said = "\n".join(str(line["message"]) for line in self._told if line.get("kind") == "event")
            at = {} if entries[-1].at is None else {"at": entries[-1].at}
            self.tell("log", **at, tail=said[-LOG_BYTES:] + "\n")


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n"):
        try:
            found = json.loads(line) if line.strip(b"\0 ") else None
        except ValueError:  # cut off, as a loss of power leaves it
            continue
        if isinstance(found, dict):
            yield found
