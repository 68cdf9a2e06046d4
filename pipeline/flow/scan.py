"""Which uploads are new: one tick's walk through the store, compared with what the catalog knows.

No watermark over timestamps: they repeat within a second, go backwards when a file is moved in, and say nothing about
a deletion. The catalog is the registry, and the walk goes round and round; the cursor only says where it goes on.
"""

import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from pipeline.state.store.ignored_files import IgnoredFile, ignored
from pipeline.state.store.left_out import LeftOut, Reason
from pipeline.state.store.store_protocol import StoredObject
from pipeline.state.store.upload_identity import LONE_SHARD, UploadKey, manifest_of, owner_and_name

PAGE = 1_000  # keys in one question to the catalog
MOST_IGNORED = 10_000  # of one tick; the others are named when these are mended


@dataclass(frozen=True, slots=True)
class Scan:
    """What one tick found."""

    new: tuple[StoredObject, ...]  # new or changed, oldest first
    waiting: int  # new or changed, but perhaps still being written: for a later tick
    ignored: tuple[IgnoredFile, ...]  # what gets no row, and why
    seen: int
    resume_after: str  # key after which the next tick goes on; empty when the round is complete


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a sensor keeps between two ticks. Losing it costs one round, never an upload."""

    resume_after: str = ""
    listed_for: str = ""
    """The queue of events since which nothing has to be listed; empty while a round is due or under way."""

    def to_json(self) -> str:
        """Return the text that `from_json` reads."""
        return json.dumps({name: value for name, value in asdict(self).items() if value or name == "resume_after"})

    @classmethod
    def from_json(cls, text: str | None) -> "Cursor":
        """Read a cursor; anything that is none starts a new round."""
        try:
            read = json.loads(text or "")
            cursor = cls(read["resume_after"], read.get("listed_for", ""))
            for value in (cursor.resume_after, cursor.listed_for):
                value.encode("utf-8", "surrogateescape")  # a name on a disk need not be UTF-8
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return cls()
        return cursor


def scan(
    entries: Iterable[StoredObject | LeftOut],
    known_versions: Callable[[Sequence[str]], Mapping[str, str]],
    now: datetime,
    settle_s: float,
    cap: int,
    out_of_time: Callable[[], bool],
    page_size: int = PAGE,
    is_thorough: bool = False,
) -> Scan:
    """Find up to `cap` files that the registry does not know in their present version.

    `entries` is in key order and starts after the cursor; `known_versions` gives the registered `observed_version` of
    the paths that have one. `settle_s` is 0 for a store whose objects appear whole. The walk ends at the cap or when
    `out_of_time` (asked once a page, so each tick gets on), and memory holds a page, `cap` objects and what is ignored.

    An upload through the service has a row before it has bytes, and the service speaks for it: it is new only when
    there is no row at all, because the catalog lost it. Thorough, it is looked at like any other.
    """
    new: list[StoredObject] = []
    ignored_files: list[IgnoredFile] = []
    waiting = seen = 0
    position = ""
    rest = iter(entries)
    while page := list(itertools.islice(rest, page_size)):
        uploads = {each.key: read for each in page if isinstance(read := _read(each), UploadKey)}
        manifests = {manifest_of(each.key) for each in page if _why(each) is LONE_SHARD}
        asked = sorted({*uploads, *manifests})
        known = known_versions(asked) if asked else {}
        for each in page:
            if len(new) == cap:
                break
            position = each.key
            seen += isinstance(each, StoredObject)
            upload = uploads.get(each.key)
            if upload is None or isinstance(each, LeftOut):
                if _why(each) is LONE_SHARD and (manifest_of(each.key) in known or manifest_of(each.key) in uploads):
                    continue  # its manifest speaks for it
                if len(ignored_files) < MOST_IGNORED:
                    ignored_files.append(ignored(each, _why(each)))
            elif known.get(each.key) == each.observed_version or (
                each.key in known and not upload.is_drop and not is_thorough
            ):
                continue
            elif _has_settled(each, now, settle_s):
                new.append(each)
            else:
                waiting += 1
        if len(new) == cap or out_of_time():
            break
    else:
        position = ""  # nothing is left: the next tick begins a new round
    return Scan(tuple(sorted(new, key=_age)), waiting, tuple(ignored_files), seen, position)


def _read(entry: StoredObject | LeftOut) -> UploadKey | Reason:
    return entry.reason if isinstance(entry, LeftOut) else owner_and_name(entry.key)


def _why(entry: StoredObject | LeftOut) -> Reason | None:
    read = _read(entry)
    return read if isinstance(read, Reason) else None


def _has_settled(obj: StoredObject, now: datetime, settle_s: float) -> bool:
    # A time in the future (another machine's clock, or set by hand) says nothing; it must not keep a file out for ever.
    return abs((now - obj.modified_at).total_seconds()) >= settle_s


def _age(obj: StoredObject) -> tuple[datetime, str]:
    return obj.modified_at, obj.key
