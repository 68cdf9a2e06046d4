"""What lies in the store and gets no row, so that it can be shown, and that owners are told once of each file.

Which files those are is decided in `pipeline.flow`; a look at the store notes what it saw here.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.dataset_records import IgnoredPage, IgnoredRow
from pipeline.state.catalog.dropped_files import lock_registry
from pipeline.state.catalog.notices import Notice, send
from pipeline.state.catalog.selecting import is_of, paged
from pipeline.state.catalog.statements import chunks, insert_or
from pipeline.state.catalog.tables import ignored_files
from pipeline.state.store.ignored_files import REASONS, IgnoredFile, is_told, key_of, what_to_do

_MOST_KEPT = 10_000  # beyond, a folder full of strays would make each look at the store slow
_MOST_NOTICES = 5  # of one look to one owner; more files than that are told of together

_table = ignored_files.c
_IS_THERE = _table.gone_at.is_(None)


@dataclass(frozen=True, slots=True)
class Walked:
    """What a look went over: keys after `after`, up to `until` (empty: to the end), for reasons of these codes."""

    after: str
    until: str
    codes: Collection[str]

    def has(self, row: IgnoredRow) -> bool:
        """Whether the look would have seen it again."""
        key = key_of(row.key)
        return row.reason in self.codes and key > self.after and (not self.until or key <= self.until)


@dataclass(frozen=True, slots=True)
class _Changes:
    seen: tuple[IgnoredFile, ...]  # new, or other than it was noted
    gone: tuple[str, ...]
    told: tuple[IgnoredFile, ...]  # whose owner is to hear of it now

    @property
    def are_none(self) -> bool:
        return not (self.seen or self.gone or self.told)


class IgnoredFiles(Database):
    """The methods that looks at the store, the service and commands use."""

    def note_ignored(
        self, found: Iterable[IgnoredFile], walked: Walked, owner_of: Callable[[str], str], now: datetime
    ) -> None:
        """Note what a look found and what is not there any more, and tell owners; nothing new costs one question.

        owner_of: whose a folder is.
        """
        files = {file.key: file for file in found}
        with self._reading() as connection:
            if _changes(connection, files, walked, now).are_none:
                return
        with self._writing() as connection:
            lock_registry(connection)  # two looks at once must not tell twice
            changes = _changes(connection, files, walked, now)
            _store(connection, changes, owner_of, now)
            _tell(connection, changes.told, owner_of, now)

    def list_ignored(self, user_id: str | None, page: int = 1, limit: int = 20) -> IgnoredPage:
        """Return one page of what is ignored now, by key; None means anybody's and nobody's."""
        wanted = is_of(ignored_files, user_id) & _IS_THERE
        rows = paged(select(ignored_files).where(wanted).order_by(_table.key), page, limit)
        with self._reading() as connection:
            items = [IgnoredRow(*row) for row in connection.execute(rows)]
            total = connection.execute(select(func.count()).select_from(ignored_files).where(wanted)).scalar_one()
        return IgnoredPage(items, total)


def _changes(connection: Connection, files: dict[str, IgnoredFile], walked: Walked, now: datetime) -> _Changes:
    noted = {row.key: IgnoredRow(*row) for row in connection.execute(select(ignored_files).where(_IS_THERE))}
    new = [file for key, file in files.items() if key not in noted][: max(0, _MOST_KEPT - len(noted))]
    returned = _gone_before(connection, [file.key for file in new])
    changed = [file for key, file in files.items() if key in noted and noted[key].reason != file.reason.code]
    untold = {
        *(file.key for file in new if not _was_told(returned.get(file.key), file)),
        *(key for key in files if key in noted and noted[key].told_at is None),
    }
    return _Changes(
        seen=(*new, *changed),
        gone=tuple(key for key, row in noted.items() if key not in files and walked.has(row)),
        told=tuple(file for key, file in files.items() if key in untold and file.folder and is_told(file, now)),
    )


def _gone_before(connection: Connection, keys: Sequence[str]) -> dict[str, IgnoredRow]:
    found: dict[str, IgnoredRow] = {}
    for some in chunks(keys):
        rows = connection.execute(select(ignored_files).where(_table.key.in_(some)))
        found.update((row.key, IgnoredRow(*row)) for row in rows)
    return found


def _was_told(row: IgnoredRow | None, file: IgnoredFile) -> bool:
    """Whether it is the file that was told of before: a folder that could not be read for a while comes back whole."""
    return row is not None and row.told_at is not None and row.modified_at == file.modified_at


def _store(connection: Connection, changes: _Changes, owner_of: Callable[[str], str], now: datetime) -> None:
    for some in chunks(changes.seen):
        rows = [
            {
                "key": file.key,
                "user_id": owner_of(file.folder) if file.folder else None,
                "reason": file.reason.code,
                "size_bytes": file.size_bytes,
                "modified_at": file.modified_at,
                "first_seen_at": now,
            }
            for file in some
        ]
        insert = insert_or(connection, ignored_files)
        new = insert.excluded
        there = {name: new[name] for name in ("user_id", "reason", "size_bytes", "modified_at")}
        connection.execute(insert.on_conflict_do_update(index_elements=["key"], set_={**there, "gone_at": None}), rows)
    for some_keys in chunks(changes.gone):
        connection.execute(update(ignored_files).where(_table.key.in_(some_keys)).values(gone_at=now))


def _tell(connection: Connection, files: Sequence[IgnoredFile], owner_of: Callable[[str], str], now: datetime) -> None:
    by_owner: defaultdict[str, list[IgnoredFile]] = defaultdict(list)
    for file in files:
        by_owner[owner_of(file.folder)].append(file)
    for owner, theirs in by_owner.items():
        for notice in _notices(theirs):
            send(connection, None, owner, notice, now)
    for some in chunks([file.key for file in files]):
        connection.execute(update(ignored_files).where(_table.key.in_(some)).values(told_at=now))


def _notices(files: Sequence[IgnoredFile]) -> list[Notice]:
    if len(files) <= _MOST_NOTICES:
        return [
            Notice("upload_ignored", file.key, f"{file.key.rstrip('/').rpartition('/')[2]} is ignored", describe(file))
            for file in files
        ]
    first = describe(files[0])
    title = f"{len(files):,} files are ignored"
    return [Notice("upload_ignored", files[0].key, title, f"{first}; the others are listed with your datasets.")]


def describe(file: IgnoredFile) -> str:
    """Say in a sentence what is ignored, why, and what to do."""
    return f"{file.key}: {file.reason.sentence}; {what_to_do(file.reason, file.key)}"


def describe_row(row: IgnoredRow) -> str:
    """The same of what was noted."""
    return describe(IgnoredFile(row.key, "", REASONS[row.reason]))
