"""Which uploads are new: one tick's walk through the store, compared with what the catalog knows.

No watermark over timestamps: they repeat within a second, go backwards when a file is moved in, and say nothing about
a deletion. The catalog is the registry, and the walk goes round and round; the cursor only says where it goes on.
"""

import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.store.protocol import StoredObject
from pipeline.uploads.identity import UploadKey, owner_and_name

PAGE = 1_000  # keys in one question to the catalog


@dataclass(frozen=True, slots=True)
class Scan:
    """What one tick found."""

    new: tuple[StoredObject, ...]  # dropped files, new or changed, oldest first
    waiting: int  # new or changed, but perhaps still being written: for a later tick
    ignored: int  # no dropped uploads: those of the service, and keys of another shape
    seen: int
    resume_after: str  # key after which the next tick goes on; empty when the round is complete


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a sensor keeps between two ticks. Losing it costs one round, never an upload."""

    resume_after: str = ""

    def to_json(self) -> str:
        """Return the text that `from_json` reads."""
        return json.dumps({"resume_after": self.resume_after})

    @classmethod
    def from_json(cls, text: str | None) -> "Cursor":
        """Read a cursor; anything that is none starts a new round."""
        try:
            position = json.loads(text or "")["resume_after"]
            position.encode()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return cls()
        return cls(position)


def scan(
    listing: Iterable[StoredObject],
    known_versions: Callable[[Sequence[str]], Mapping[str, str]],
    now: datetime,
    settle_s: float,
    cap: int,
    out_of_time: Callable[[], bool],
    page_size: int = PAGE,
) -> Scan:
    """Find up to `cap` dropped files that the registry does not know in their present version.

    `listing` is in key order and starts after the cursor; `known_versions` gives the registered `observed_version` of
    the paths that have one. `settle_s` is 0 for a store whose objects appear whole. The walk ends at the cap or when
    `out_of_time` (asked once a page, so each tick gets on), and memory holds a page and `cap` objects.
    """
    new: list[StoredObject] = []
    waiting = ignored = seen = 0
    position = ""
    objects = iter(listing)
    while page := list(itertools.islice(objects, page_size)):
        drops = {obj.key for obj in page if _is_drop(obj.key)}
        known = known_versions(sorted(drops)) if drops else {}
        for obj in page:
            if len(new) == cap:
                break
            position = obj.key
            seen += 1
            if obj.key not in drops:
                ignored += 1
            elif known.get(obj.key) == obj.observed_version:
                continue
            elif _has_settled(obj, now, settle_s):
                new.append(obj)
            else:
                waiting += 1
        if len(new) == cap or out_of_time():
            break
    else:
        position = ""  # nothing is left: the next tick begins a new round
    return Scan(tuple(sorted(new, key=_age)), waiting, ignored, seen, position)


def _is_drop(key: str) -> bool:
    upload = owner_and_name(key)
    return isinstance(upload, UploadKey) and upload.is_drop


def _has_settled(obj: StoredObject, now: datetime, settle_s: float) -> bool:
    # A time in the future (another machine's clock, or set by hand) says nothing; it must not keep a file out for ever.
    return abs((now - obj.modified_at).total_seconds()) >= settle_s


def _age(obj: StoredObject) -> tuple[datetime, str]:
    return obj.modified_at, obj.key
