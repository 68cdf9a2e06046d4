"""A database that hangs holds no request longer than 10 s. The server is a real one, all of its processes stopped."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.errors import CatalogError
from pipeline.state.catalog import hurry
from pipeline.state.catalog.catalog import Catalog
from tests.state.catalog.examples import NOON, upload

pytestmark = pytest.mark.needs_postgres
REQUESTS = 30  # more than the pool has connections
FAR_TOO_LONG_S = 120


@pytest.fixture
def frozen(own_postgres_server):
    """Freezes it; it thaws in any case, or it could not be ended."""
    yield own_postgres_server.freeze
    own_postgres_server.thaw()


def test_every_question_to_a_database_that_hangs_ends_with_an_error(own_postgres_server, frozen):
    """Those that have a connection, those that need a new one, and those that wait for their turn; then all is well."""
    with Catalog.open(own_postgres_server.new_database(), in_a_hurry=True) as catalog:
        catalog.register_uploads([upload("d1")], NOON)
        with ThreadPoolExecutor(REQUESTS) as pool:
            [each.result() for each in [pool.submit(catalog.ping) for _ in range(REQUESTS)]]
            frozen()

            asked = [pool.submit(catalog.get, "d1") for _ in range(REQUESTS)]
            asked += [pool.submit(catalog.soft_delete, "d1", "ann", NOON)]
            errors = [each.exception(timeout=FAR_TOO_LONG_S) for each in asked]

        own_postgres_server.thaw()
        assert {type(error) for error in errors} == {CatalogError}
        assert all("cannot reach the catalog postgresql://" in str(error) for error in errors)
        assert catalog.get("d1").id == "d1"


def test_a_statement_that_hangs_after_its_connection_answered_ends_as_well(own_postgres_server, frozen):
    """Between two statements of one transaction."""

    def ask(catalog):
        with catalog._reading() as connection:
            frozen()
            connection.exec_driver_sql("SELECT 2")

    with Catalog.open(own_postgres_server.new_database(), in_a_hurry=True) as catalog, ThreadPoolExecutor(1) as pool:
        error = pool.submit(ask, catalog).exception(timeout=FAR_TOO_LONG_S)

    assert isinstance(error, CatalogError)


def test_all_waits_together_are_no_longer_than_ten_seconds():
    assert hurry.LONGEST_S <= 10
