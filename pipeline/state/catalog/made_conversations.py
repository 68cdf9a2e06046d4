"""Conversations that were made: written, enriched, selected, reviewed by a person, found and counted.

A version is what a model wrote, with what annotating and judging add to it, or what a person made of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, cast, func, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB

from pipeline.errors import Conflicting, ConversationNotFound
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.generation_batches import read_batch, touch_batch
from pipeline.state.catalog.generation_records import (
    Item,
    Made,
    MadePage,
    MadeQuery,
    Review,
    Selected,
    Step,
    Version,
)
from pipeline.state.catalog.generation_tables import (
    batch_items,
    conversation_reviews,
    conversation_versions,
    generated_conversations,
)
from pipeline.state.catalog.selecting import find_row, is_of, paged
from pipeline.state.catalog.statements import chunks
from pipeline.state.catalog.statuses import ConversationStatus, ReviewAction
from pipeline.state.catalog.tables import storable_text

_TABLE = generated_conversations
_ORDER = (_TABLE.c.created_at.desc(), _TABLE.c.id)
_NAMED = 5  # conversations in a refusal
_STATUS_OF: dict[ReviewAction, ConversationStatus] = {"approve": "accepted", "reject": "rejected"}


class MadeConversations(Database):
    """The methods that runs, commands and the service use. `user_id=None` means any user's conversations."""

    def get_conversation(self, conversation_id: str, user_id: str | None = None) -> Made:
        """Return a conversation by its id.

        Raises:
            ConversationNotFound: there is none, or it is another user's.
        """
        with self._reading() as connection:
            return _read(connection, conversation_id, user_id)

    def list_conversations(self, user_id: str | None, query: MadeQuery, page: int = 1, limit: int = 50) -> MadePage:
        """Return a page of the conversations that are meant, newest first."""
        wanted = _condition(user_id, query, self._engine.dialect.name)
        with self._reading() as connection:
            total = connection.execute(select(func.count()).select_from(_TABLE).where(wanted)).scalar_one()
            rows = connection.execute(paged(select(_TABLE).where(wanted).order_by(*_ORDER), page, limit))
            return MadePage([Made(*row) for row in rows], total)

    def conversation_counts(self, user_id: str | None, query: MadeQuery) -> dict[ConversationStatus, int]:
        """Count the conversations of each status that are meant, whichever status is asked for."""
        wanted = _condition(user_id, replace(query, status=None), self._engine.dialect.name)
        counted = select(_TABLE.c.status, func.count()).where(wanted).group_by(_TABLE.c.status)
        with self._reading() as connection:
            return {row[0]: row[1] for row in connection.execute(counted)}

    def neighbours_of(self, made: Made, user_id: str | None, query: MadeQuery) -> tuple[str | None, str | None]:
        """Return the ids before and after a conversation in such a list; None at its ends."""
        wanted, columns = _condition(user_id, query, self._engine.dialect.name), _TABLE.c
        is_before = (columns.created_at > made.created_at) | (
            (columns.created_at == made.created_at) & (columns.id < made.id)
        )
        is_after = (columns.created_at < made.created_at) | (
            (columns.created_at == made.created_at) & (columns.id > made.id)
        )
        before = select(columns.id).where(wanted, is_before).order_by(columns.created_at, columns.id.desc()).limit(1)
        after = select(columns.id).where(wanted, is_after).order_by(*_ORDER).limit(1)
        with self._reading() as connection:
            return connection.execute(before).scalar(), connection.execute(after).scalar()

    def versions_of(self, conversation_id: str) -> list[Version]:
        """Return a conversation's versions, newest first."""
        columns = conversation_versions.c
        query = select(conversation_versions).where(columns.conversation_id == conversation_id)
        with self._reading() as connection:
            return [Version(*row) for row in connection.execute(query.order_by(columns.version.desc()))]

    def newest_versions(self, conversation_ids: Sequence[str]) -> dict[str, Version]:
        """Return the newest version of each conversation, by its id."""
        with self._reading() as connection:
            found = (_newest(connection, chunk) for chunk in chunks(conversation_ids))
            return {version.conversation_id: version for each in found for version in each}

    def given_versions(self, wanted: Sequence[tuple[str, int]]) -> Iterator[tuple[Made, Version]]:
        """Yield conversations in given versions, in the given order.

        Raises:
            ConversationNotFound: one of them is not there.
        """
        for chunk in chunks(wanted):
            with self._reading() as connection:
                ids = [conversation_id for conversation_id, _version in chunk]
                made = {row.id: Made(*row) for row in connection.execute(select(_TABLE).where(_TABLE.c.id.in_(ids)))}
                is_meant = conversation_versions.c.conversation_id.in_(ids)
                rows = connection.execute(select(conversation_versions).where(is_meant))
                versions = {(row.conversation_id, row.version): Version(*row) for row in rows}
            for conversation_id, number in chunk:
                if conversation_id not in made or (conversation_id, number) not in versions:
                    raise ConversationNotFound(f"expected version {number} of {conversation_id}, found none")
                yield made[conversation_id], versions[conversation_id, number]

    def select_items(self, batch_id: str, selected: Sequence[Selected], now: datetime) -> None:
        """End judged items of a batch, and their conversations; what a person decided stays."""
        items, made = batch_items.c, _TABLE.c
        end_item = (
            update(batch_items)
            .where(items.id == bindparam("of"), items.batch_id == batch_id, items.state == "judged")
            .values(state=bindparam("to"), state_reason=bindparam("why"), updated_at=now)
        )
        end_made = (
            update(_TABLE)
            .where(made.id == bindparam("of"), made.status == "pending")
            .values(
                status=bindparam("to"),
                status_reason=bindparam("why"),
                quality_tier=bindparam("as_tier"),
                split=bindparam("into"),
                enrichment_status="completed",
                updated_at=now,
            )
        )
        rows = [
            {"of": each.item_id, "to": each.state, "why": each.reason, "as_tier": each.quality_tier, "into": each.split}
            for each in selected
        ]
        if not rows:
            return
        with self._writing() as connection:
            read_batch(connection, batch_id, for_update=True)  # whoever changes a batch's items holds its row
            connection.execute(end_item, [{name: row[name] for name in ("of", "to", "why")} for row in rows])
            connection.execute(end_made, rows)
            touch_batch(connection, batch_id, now)

    def review(
        self,
        conversation_id: str,
        version: int,
        action: ReviewAction,
        reviewer: str,
        user_id: str | None,
        now: datetime,
        note: str | None = None,
    ) -> Made:
        """Approve or reject a conversation as it is read; the same again is no change.

        Raises:
            ConversationNotFound: there is no such conversation of this user.
            Conflicting: it was changed since it was read, is not selected yet, or has errors and is to be approved.
        """
        with self._writing() as connection:
            made = _read(connection, conversation_id, user_id, for_update=True)
            _check_version(made, version)
            if made.status == "pending":
                raise Conflicting(f"expected a conversation that was judged, found {conversation_id} still under way")
            if made.status != _STATUS_OF[action]:
                _check_sound(connection, [made], action)
                _decide(connection, made, action, reviewer, note, now)
            return _read(connection, conversation_id)

    def review_many(
        self,
        query: MadeQuery,
        expected: int,
        action: ReviewAction,
        reviewer: str,
        user_id: str | None,
        now: datetime,
        note: str | None = None,
    ) -> int:
        """Approve or reject all that are meant, if they are as many as was shown; returns how many changed.

        Raises:
            Conflicting: they are more or fewer than was shown, or some have errors and all are to be approved.
        """
        with self._writing() as connection:
            wanted = and_(_condition(user_id, query, connection.dialect.name), _TABLE.c.status != "pending")
            found = [Made(*row) for row in connection.execute(select(_TABLE).where(wanted).with_for_update())]
            if len(found) != expected:
                raise Conflicting(f"expected {expected:,} conversations as shown, found {len(found):,}: look again")
            changed = [made for made in found if made.status != _STATUS_OF[action]]
            _check_sound(connection, changed, action)
            for made in changed:
                _decide(connection, made, action, reviewer, note, now)
            return len(changed)

    def edit(
        self,
        conversation_id: str,
        version: int,
        author: str,
        content: dict[str, Any],
        findings: Sequence[dict[str, Any]],
        user_id: str | None,
        now: datetime,
        note: str | None = None,
    ) -> Made:
        """Add a person's version, checked anew; its judgement is of the version before, and stale.

        Raises:
            ConversationNotFound: there is no such conversation of this user.
            Conflicting: it was changed since it was read, or it is not selected yet.
        """
        with self._writing() as connection:
            made = _read(connection, conversation_id, user_id, for_update=True)
            _check_version(made, version)
            if made.status == "pending":
                raise Conflicting(f"expected a conversation that was judged, found {conversation_id} still under way")
            last = _newest(connection, [conversation_id])[0]
            row = {
                "conversation_id": made.id,
                "version": made.version + 1,
                "user_id": made.user_id,
                "source": "person",
                "author": author,
                "content": content,
                "findings": list(findings),
                "judgement": last.judgement,
                "created_at": now,
            }
            connection.execute(insert(conversation_versions), row)
            changed = {
                "version": made.version + 1,
                "title": content.get("title", made.title),
                "turn_count": len(content.get("turns", ())),
                "finding_codes": sorted({each["code"] for each in findings}),
                "is_judgement_stale": last.judgement is not None,
                "quality_tier": None,
                "status": "failed" if _has_errors(findings) else "needs_review",
                "status_reason": "a person changed it",
                "updated_at": now,
            }
            connection.execute(update(_TABLE).where(_TABLE.c.id == made.id).values(changed))
            _end_item(connection, made.id, changed["status"], "a person changed it", now)
            _note_review(connection, made, made.version + 1, "edit", author, note, now)
            return _read(connection, conversation_id)

    def reviews_of(self, conversation_id: str) -> list[Review]:
        """Return what people did with a conversation, newest first."""
        columns = conversation_reviews.c
        chosen = (
            columns.conversation_id, columns.version, columns.reviewer, columns.action, columns.note,
            columns.created_at,
        )  # fmt: skip
        query = select(*chosen).where(columns.conversation_id == conversation_id).order_by(columns.id.desc())
        with self._reading() as connection:
            return [Review(*row) for row in connection.execute(query)]

    def made_of_batch(self, batch_id: str) -> list[Made]:
        """Return all conversations of a batch, in the order of their items."""
        query = select(_TABLE).join(batch_items, batch_items.c.id == _TABLE.c.id).where(_TABLE.c.batch_id == batch_id)
        with self._reading() as connection:
            return [Made(*row) for row in connection.execute(query.order_by(batch_items.c.number))]

    def meant_conversations(self, user_id: str | None, query: MadeQuery) -> list[tuple[str, int]]:
        """Return ids and newest versions of all that are meant, in a stable order: by batch and item."""
        wanted, columns = _condition(user_id, query, self._engine.dialect.name), _TABLE.c
        chosen = select(columns.id, columns.version).join(batch_items, batch_items.c.id == columns.id).where(wanted)
        with self._reading() as connection:
            found = connection.execute(chosen.order_by(columns.batch_id, batch_items.c.number))
            return [(row[0], row[1]) for row in found]


def insert_conversations(connection: Connection, written: Sequence[tuple[Item, Step]], now: datetime) -> None:
    """Keep what models wrote, inside the caller's transaction."""
    made, versions = [], []
    for item, step in written:
        if (new := step.conversation) is None:
            continue
        made.append(
            {
                "id": item.id,
                "batch_id": item.batch_id,
                "user_id": item.user_id,
                "title": new.title,
                "persona": item.persona,
                "arc": item.arc,
                "topic": item.topic,
                "tier": item.tier,
                "status": "pending",
                "enrichment_status": "not_started",
                "version": 1,
                "turn_count": new.turn_count,
                "finding_codes": sorted({each["code"] for each in new.findings}),
                "created_at": now,
                "updated_at": now,
            }
        )
        versions.append(
            {
                "conversation_id": item.id,
                "version": 1,
                "user_id": item.user_id,
                "source": "model",
                "author": "model",
                "content": new.content,
                "raw": new.raw,
                "findings": list(new.findings),
                "created_at": now,
            }
        )
    for chunk in chunks(made):
        connection.execute(insert(_TABLE), list(chunk))
    for chunk in chunks(versions):
        connection.execute(insert(conversation_versions), list(chunk))


def update_enriched(connection: Connection, steps: Sequence[Step], now: datetime) -> None:
    """Add what annotating and judging found to the first version, inside the caller's transaction."""
    columns = conversation_versions.c
    is_first = (columns.conversation_id == bindparam("of")) & (columns.version == 1)
    annotated = [{"of": each.item_id, "what": each.content} for each in steps if each.content is not None]
    if annotated:
        connection.execute(update(conversation_versions).where(is_first).values(content=bindparam("what")), annotated)
    judged = [each for each in steps if each.judgement is not None]
    if judged:
        rows = [{"of": each.item_id, "what": each.judgement} for each in judged]
        connection.execute(update(conversation_versions).where(is_first).values(judgement=bindparam("what")), rows)
        scored = update(_TABLE).where(_TABLE.c.id == bindparam("of")).values(score=bindparam("as_"), updated_at=now)
        connection.execute(scored, [{"of": each.item_id, "as_": each.score} for each in judged])
    going = [{"of": each.item_id} for each in steps if each.failure is None]
    if going:
        begun = update(_TABLE).where(_TABLE.c.id == bindparam("of")).values(enrichment_status="enrichment_in_progress")
        connection.execute(begun, going)


def _read(
    connection: Connection, conversation_id: str, user_id: str | None = None, *, for_update: bool = False
) -> Made:
    row = find_row(connection, _TABLE, conversation_id, user_id, for_update=for_update)
    if row is None:
        raise ConversationNotFound(f"expected the id of a conversation, found {conversation_id!r}: list them first")
    return _to_made(row)


def _to_made(row: Sequence[Any]) -> Made:
    return Made(*row)


def _newest(connection: Connection, conversation_ids: Sequence[str]) -> list[Version]:
    columns = conversation_versions.c
    query = (
        select(conversation_versions)
        .join(_TABLE, (_TABLE.c.id == columns.conversation_id) & (_TABLE.c.version == columns.version))
        .where(columns.conversation_id.in_(list(conversation_ids)))
    )
    return [Version(*row) for row in connection.execute(query)]


def _check_version(made: Made, version: int) -> None:
    if made.version != version:
        raise Conflicting(f"expected version {made.version} of {made.id}, the newest, found {version}: read it again")


def _check_sound(connection: Connection, meant: Sequence[Made], action: ReviewAction) -> None:
    """Refuse to approve what the engine would refuse in a training file, whoever approves it."""
    if action != "approve":
        return
    faulty = [
        version.conversation_id
        for chunk in chunks([made.id for made in meant if made.finding_codes])
        for version in _newest(connection, chunk)
        if _has_errors(version.findings)
    ]
    if faulty:
        named = ", ".join(faulty[:_NAMED]) + (", …" if len(faulty) > _NAMED else "")
        raise Conflicting(
            f"expected conversations without errors, found {len(faulty):,} with some ({named}): edit them"
        )


def _has_errors(findings: Sequence[dict[str, Any]]) -> bool:
    return any(each.get("severity") == "error" for each in findings)


def _decide(
    connection: Connection, made: Made, action: ReviewAction, reviewer: str, note: str | None, now: datetime
) -> None:
    status = _STATUS_OF[action]
    changed = {"status": status, "status_reason": note, "reviewed_by": reviewer, "updated_at": now}
    if status == "accepted" and made.split is None:
        changed["split"] = "train"
    connection.execute(update(_TABLE).where(_TABLE.c.id == made.id).values(changed))
    _end_item(connection, made.id, status, note or f"{reviewer} decided so", now)
    _note_review(connection, made, made.version, action, reviewer, note, now)


def _end_item(connection: Connection, item_id: str, state: str, reason: str, now: datetime) -> None:
    ended = update(batch_items).where(batch_items.c.id == item_id)
    connection.execute(ended.values(state=state, state_reason=reason, updated_at=now))


def _note_review(
    connection: Connection,
    made: Made,
    version: int,
    action: ReviewAction,
    reviewer: str,
    note: str | None,
    now: datetime,
) -> None:
    row = {
        "conversation_id": made.id,
        "version": version,
        "user_id": made.user_id,
        "reviewer": reviewer,
        "action": action,
        "note": note,
        "created_at": now,
    }
    connection.execute(insert(conversation_reviews), row)
    touch_batch(connection, made.batch_id, now)


def _condition(user_id: str | None, query: MadeQuery, dialect: str) -> ColumnElement[bool]:
    columns = _TABLE.c
    same = {
        "batch_id": query.batch_id, "persona": query.persona, "arc": query.arc, "topic": query.topic,
        "tier": query.tier, "quality_tier": query.quality_tier, "status": query.status,
    }  # fmt: skip
    wanted = [is_of(_TABLE, user_id), *(columns[name] == value for name, value in same.items() if value)]
    if query.score_min is not None:
        wanted.append((columns.score >= query.score_min) & ~columns.is_judgement_stale)
    if query.text:
        wanted.append(func.lower(columns.title).contains(storable_text(query.text).lower(), autoescape=True))
    if query.finding:
        wanted.append(_has_code(query.finding, dialect))
    return and_(*wanted)


def _has_code(code: str, dialect: str) -> ColumnElement[bool]:
    codes = _TABLE.c.finding_codes
    if dialect == "postgresql":
        return cast(codes, JSONB).contains([storable_text(code)])
    each = func.json_each(codes).table_valued("value")
    return select(each.c.value).where(each.c.value == storable_text(code)).exists()
