"""A database that hangs holds no request longer than 10 s. The server is a real one, all of its processes stopped."""

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.errors import CatalogError
from pipeline.state.catalog import hurry
from pipeline.state.catalog.catalog import Catalog
from tests.postgres import running_server
from tests.services import postgres_bin
from tests.state.catalog.examples import NOON, upload

pytestmark = pytest.mark.needs_postgres
REQUESTS = 30  # more than the pool has connections
FAR_TOO_LONG_S = 120


@pytest.fixture
def server():
    """A server of its own: the others' must not be stopped."""
    programs = postgres_bin()
    if programs is None:
        pytest.skip("PostgreSQL is missing: `make test-all` installs it")
    with running_server(programs) as running:
        yield running


def _processes(server):
    """The server and its children."""
    first = (server.home / "data" / "postmaster.pid").read_text().split()[0]
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", first], capture_output=True, text=True, check=True).stdout
    return [int(first), *map(int, listed.split())]


@pytest.fixture
def stopped(server):
    """Stops everything; goes on in any case, or the server could not be ended."""
    held = []

    def stop():
        held.extend(_processes(server))
        for pid in held:
            os.kill(pid, signal.SIGSTOP)

    def go_on():
        for pid in held:
            os.kill(pid, signal.SIGCONT)
        held.clear()

    yield stop, go_on
    go_on()


def test_every_question_to_a_database_that_hangs_ends_with_an_error(server, stopped):
    """Those that have a connection, those that need a new one, and those that wait for their turn; then all is well."""
    stop, go_on = stopped
    with Catalog.open(server.new_database(), in_a_hurry=True) as catalog:
        catalog.register_uploads([upload("d1")], NOON)
        with ThreadPoolExecutor(REQUESTS) as pool:
            [each.result() for each in [pool.submit(catalog.ping) for _ in range(REQUESTS)]]
            stop()

            asked = [pool.submit(catalog.get, "d1") for _ in range(REQUESTS)]
            asked += [pool.submit(catalog.soft_delete, "d1", "ann", NOON)]
            errors = [each.exception(timeout=FAR_TOO_LONG_S) for each in asked]

        go_on()
        assert {type(error) for error in errors} == {CatalogError}
        assert all("cannot reach the catalog postgresql://" in str(error) for error in errors)
        assert catalog.get("d1").id == "d1"


def test_a_statement_that_hangs_after_its_connection_answered_ends_as_well(server, stopped):
    """Between two statements of one transaction."""
    stop, _ = stopped

    def ask(catalog):
        with catalog._reading() as connection:
            stop()
            connection.exec_driver_sql("SELECT 2")

    with Catalog.open(server.new_database(), in_a_hurry=True) as catalog, ThreadPoolExecutor(1) as pool:
        error = pool.submit(ask, catalog).exception(timeout=FAR_TOO_LONG_S)

    assert isinstance(error, CatalogError)


def test_all_waits_together_are_no_longer_than_ten_seconds():
    assert hurry.LONGEST_S <= 10
