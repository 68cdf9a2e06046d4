"""New catalogs on SQLite are written as the first one of this process became, not by every migration once more.

Tests of migrations (`real_migrations`) migrate for real; so does every process that a test starts.
"""

from sqlalchemy import Connection

from pipeline.state.catalog import migrate

migrate_for_real = migrate._upgrade
_statements: list[str] = []  # that make the tables, and write what migrations put into them


def _write(connection: Connection) -> None:
    if connection.dialect.name != "sqlite" or migrate._revision(connection) is not None:
        migrate_for_real(connection)
        return
    database = connection.connection.driver_connection
    assert database is not None
    if not _statements:
        migrate_for_real(connection)
        _statements.extend(each for each in database.iterdump() if each not in ("BEGIN TRANSACTION;", "COMMIT;"))
        return
    for statement in _statements:
        database.execute(statement)


migrate._upgrade = _write
