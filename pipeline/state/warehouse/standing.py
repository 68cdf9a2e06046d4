"""What a published file says of itself: of which state of the catalog it is, and by which rules it was made.

A publication goes on from the file that stands where both fit; else it makes a new one of everything.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from pipeline.state.catalog.export import TABLE_NAMES, export_schema
from pipeline.state.lake import PROFILES, Lake
from pipeline.state.lake.folds import MEMBERS
from pipeline.state.warehouse import views
from pipeline.state.warehouse.comments import COLUMNS, TABLES
from pipeline.state.warehouse.history import HISTORY
from pipeline.state.warehouse.lineage import DEFINITIONS
from pipeline.state.warehouse.nested import NESTED
from pipeline.state.warehouse.sql import identifier, text

_MACRO = "published_as"  # no table: `SHOW TABLES` has what is for analysts
_MOST_GROWN = 4
_SMALL_BYTES = 16 * 2**20
_LAYOUT = 2  # raised where the code that fills or names tables gives others from the same catalog and lake


@dataclass(frozen=True, slots=True)
class Standing:
    """What a published file says of how it was made."""

    token: str
    """As the catalog has it after the publication."""
    rules: str
    """See `rules_of`."""
    full_bytes: int = 0
    """Size of the file that was last made of everything; 0 where it is this one."""

    def is_base_of(self, seen_token: str | None, rules: str, size_bytes: int) -> bool:
        """Whether another file may go on from this one: it is the last publication, made so, and has not grown too far.

        What is replaced leaves gaps in a file, of which not all are filled again.
        """
        most_bytes = _MOST_GROWN * max(self.full_bytes, _SMALL_BYTES)
        return (self.token, self.rules) == (seen_token, rules) and (not self.full_bytes or size_bytes <= most_bytes)


def rules_of(lake: Lake) -> str:
    """A text that changes with whatever tables, columns, views and comments are made of, and with the lake's place."""
    schemas = [(name, export_schema(name).to_string()) for name in TABLE_NAMES]
    shown = [(name, schema.to_string()) for name, schema in views.VIEWS.items()]
    made_of = (
        _LAYOUT,
        schemas,
        shown,
        PROFILES.to_string(),
        DEFINITIONS,
        HISTORY,
        TABLES,
        COLUMNS,
        (views.VIEW, views.OWN_FILES, views.FOLDED_FILES),
        MEMBERS.to_string(),
        NESTED,
        lake.place,
    )
    return hashlib.sha256(json.dumps(made_of, default=_plain).encode()).hexdigest()


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)


def read_standing(path: Path) -> Standing | None:
    """Return what a file says; None where there is none, or it is not one that says it."""
    if not path.exists():
        return None
    try:
        # In a database of its own: what is wrong with that file must not spoil the one that is being built.
        with closing(duckdb.connect()) as connection:
            connection.execute(f"ATTACH {text(str(path))} AS standing (READ_ONLY)")
            said = json.loads(connection.execute(f"SELECT standing.{_MACRO}()").fetchall()[0][0])
            return Standing(said["token"], said["rules"], said["full_bytes"])
    except (duckdb.Error, ValueError, KeyError, TypeError):
        return None


def is_whole(path: Path) -> bool:
    """Read every row of every table: what a disk or a power cut spoiled shows only there."""
    try:
        with closing(duckdb.connect()) as connection:
            connection.execute(f"ATTACH {text(str(path))} AS standing (READ_ONLY)")
            tables = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'standing'"
            for (table,) in connection.execute(tables).fetchall():
                connection.execute(f"SELECT bit_xor(hash(t)) FROM standing.{identifier(table)} AS t").fetchall()  # noqa: S608
    except duckdb.Error:
        return False
    return True


def write_standing(connection: duckdb.DuckDBPyConnection, standing: Standing) -> None:
    """Have the file that is being built say it."""
    said = json.dumps(asdict(standing))
    connection.execute(f"CREATE OR REPLACE MACRO {_MACRO}() AS {text(said)}")
