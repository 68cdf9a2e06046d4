"""Whatever is killed, restored or forgotten: each whole object in the store has its row, or a reason that is shown."""

import tempfile
import uuid
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from pipeline.state.catalog.catalog import Catalog
from tests.properties.whole_bytes import LocalPlace, S3Place, WholeBytes

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@cache
def _empty_catalog() -> bytes:
    """The file of a new catalog: making one takes longer than all that an example does."""
    with tempfile.TemporaryDirectory() as folder:
        Catalog.open(f"sqlite:///{folder}/catalog.db").close()
        return Path(folder, "catalog.db").read_bytes()


def sqlite(stack: ExitStack) -> Catalog:
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    Path(folder, "catalog.db").write_bytes(_empty_catalog())
    return stack.enter_context(Catalog.open(f"sqlite:///{folder}/catalog.db"))


def run(make_place, make_catalog, examples: int) -> None:
    machine = type("Machine", (WholeBytes,), {"make_place": make_place, "make_catalog": make_catalog})
    chosen = settings(max_examples=examples, stateful_step_count=25, suppress_health_check=QUIET)
    run_state_machine_as_test(machine, settings=chosen)


def test_in_a_folder():
    run(staticmethod(LocalPlace), staticmethod(sqlite), examples=20)


@pytest.mark.needs_postgres
def test_in_a_folder_with_the_catalog_on_postgresql(postgres_url):
    with Catalog.open(postgres_url) as catalog:

        def emptied(_stack: ExitStack) -> Catalog:
            WholeBytes.put_rows(type("Holder", (), {"catalog": catalog})(), {})
            return catalog

        run(staticmethod(LocalPlace), staticmethod(emptied), examples=10)


@pytest.mark.needs_s3
def test_in_a_bucket(s3_gateway):
    bucket, client = s3_gateway.new_bucket(), s3_gateway.client()
    try:
        run(staticmethod(lambda _: S3Place(client, bucket, uuid.uuid4().hex)), staticmethod(sqlite), examples=10)
    finally:
        client.close()
