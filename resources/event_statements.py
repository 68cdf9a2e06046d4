"""Stores an event of Dagster with statements that are made once.

Dagster's own storages compile theirs anew for every event, ask each time which tables there are, and put an event into
words twice. Whose storage derives from this one keeps the same rows in the same tables: docs/decisions/.
"""

from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC
from functools import cache
from typing import Any

import dagster as dg
import sqlalchemy as sa

from resources.dagster_internals import (
    ASSET_CHECK_EVENTS,
    ASSET_EVENTS,
    AssetCheckEvaluationTargetMaterializationData,
    AssetCheckExecutionsTable,
    AssetKeyTable,
    SqlEventLogStorage,
    SqlEventLogStorageTable,
)

_Row = dict[str, Any]
"""An event as its table has it: `event` is all of it as JSON, `timestamp` has no zone and is UTC."""

_INSERT_EVENT = SqlEventLogStorageTable.insert()
_INSERT_CHECK = AssetCheckExecutionsTable.insert()
_PLANNED = ("asset_key", "check_name", "run_id", "partition")
"""What names the row of a check's evaluation since it was planned."""
_REMEMBERED = 100
"""Materializations: a run asks for the last few that it told of."""
_DELETE_CHECK = AssetCheckExecutionsTable.delete().where(
    *(AssetCheckExecutionsTable.c[name] == sa.bindparam(f"told_{name}") for name in _PLANNED)
)


class EventStatements(SqlEventLogStorage):
    """What is kept of an event. A storage says how it connects, and what its database calls an upsert."""

    _insert: Callable[[sa.Table], Any]
    """`insert` of the database's dialect."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._tables: set[str] = set()  # those that were found
        self._told: OrderedDict[tuple[str, str | None], AssetCheckEvaluationTargetMaterializationData] = OrderedDict()
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]

    def _store(self, connection: sa.Connection, event: dg.EventLogEntry) -> int:
        """Put all of an event into its tables; returns its id, for `_remember` once it is committed."""
        row, kind = self._event_to_row(event), event.dagster_event_type
        inserted: Any = connection.execute(_INSERT_EVENT, row).inserted_primary_key
        event_id = int(inserted[0])
        if kind in ASSET_EVENTS and event.get_dagster_event().asset_key:
            with self._together(connection):
                self._store_asset_event_tags(connection, [event], [event_id])
                self._store_asset(connection, event, event_id, row)
        if kind is dg.DagsterEventType.ASSET_CHECK_EVALUATION and event.run_id:
            _store_evaluation(connection, event, event_id, row)
        elif kind in ASSET_CHECK_EVENTS:
            if not event.run_id:
                _forget_evaluation(connection, event)
            self.store_asset_check_event(event, event_id)
        return event_id

    def told_by(self, run_id: str, asset: str, partition: str) -> AssetCheckEvaluationTargetMaterializationData | None:
        """The last materialization of a partition that this process stored for a run; None where it remembers none.

        To ask the database for it takes longer than to store it.
        """
        told = self._told.get((dg.AssetKey(asset).to_string(), partition))
        return told if told and told.run_id == run_id else None

    def _together(self, connection: sa.Connection) -> AbstractContextManager[Any]:
        """What is done within is there whole, or not at all."""
        raise NotImplementedError

    def _store_asset(self, connection: sa.Connection, event: dg.EventLogEntry, event_id: int, row: _Row) -> None:
        if event.dagster_event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
            record = f'{{"__class__": "EventLogRecord", "event_log_entry": {row["event"]}, "storage_id": {event_id}}}'
            values = {"last_materialization": record, "last_run_id": event.run_id}
            values["last_materialization_timestamp"] = row["timestamp"].replace(tzinfo=UTC)
        else:
            values = self._get_asset_entry_values(event, event_id, has_asset_key_index_cols=True)
        if values:
            statement = _upsert_asset(type(self)._insert, tuple(values))
            connection.execute(statement, {"asset_key": row["asset_key"], **values})

    def _remember(self, event: dg.EventLogEntry, event_id: int) -> None:
        if event.dagster_event_type is not dg.DagsterEventType.ASSET_MATERIALIZATION:
            return
        asset_key = event.get_dagster_event().asset_key
        assert asset_key is not None  # noqa: S101  # a materialization is an asset's
        place = (asset_key.to_string(), event.get_dagster_event().partition)
        self._told[place] = AssetCheckEvaluationTargetMaterializationData(
            storage_id=event_id, run_id=event.run_id, timestamp=event.timestamp
        )
        self._told.move_to_end(place)
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)

    def has_table(self, table_name: str) -> bool:
        """Whether it is there; none goes away."""
        if table_name not in self._tables and super().has_table(table_name):  # type: ignore[safe-super]
            self._tables.add(table_name)
        return table_name in self._tables


def _store_evaluation(connection: sa.Connection, event: dg.EventLogEntry, event_id: int, row: _Row) -> None:
    """The result of a check, in the place of what was planned or said before."""
    evaluation: Any = event.get_dagster_event().event_specific_data
    judged = evaluation.target_materialization_data
    named = (evaluation.asset_key.to_string(), evaluation.check_name, event.run_id, evaluation.partition)
    values = {
        **dict(zip(_PLANNED, named, strict=True)),
        "execution_status": "SUCCEEDED" if evaluation.passed else "FAILED",
        "evaluation_event": row["event"],
        "evaluation_event_timestamp": row["timestamp"],
        "evaluation_event_storage_id": event_id,
        "materialization_event_storage_id": judged.storage_id if judged else None,
    }
    planned = {f"planned_{name}": value for name, value in values.items() if name in _PLANNED and value is not None}
    if not connection.execute(_update_check(tuple(planned)), planned | values).rowcount:
        connection.execute(_INSERT_CHECK, values)


def _forget_evaluation(connection: sa.Connection, event: dg.EventLogEntry) -> None:
    """Make room for the result that a sensor tells: Dagster's insertion fails on a partition's second, and its tick."""
    evaluation: Any = event.get_dagster_event().event_specific_data
    named = (evaluation.asset_key.to_string(), evaluation.check_name, event.run_id, evaluation.partition)
    connection.execute(_DELETE_CHECK, dict(zip((f"told_{name}" for name in _PLANNED), named, strict=True)))


@cache
def _update_check(named: tuple[str, ...]) -> sa.Update:
    """Changes the row of which these parameters say what it is about; the others are NULL there.

    `IS NOT DISTINCT FROM` would do for both, but PostgreSQL uses no index for it.
    """
    columns = AssetCheckExecutionsTable.c
    given: dict[str, Any] = {name: sa.bindparam(f"planned_{name}") for name in _PLANNED if f"planned_{name}" in named}
    return AssetCheckExecutionsTable.update().where(*(columns[name] == given.get(name) for name in _PLANNED))


@cache
def _upsert_asset(insert_into: Callable[[sa.Table], Any], columns: tuple[str, ...]) -> Any:
    """Puts these columns into the row of an asset, and makes that where there is none."""
    insert = insert_into(AssetKeyTable)
    return insert.on_conflict_do_update(
        index_elements=["asset_key"], set_={name: insert.excluded[name] for name in columns}
    )
