"""How long a run waits for what is away."""

import polars as pl
import pytest

from pipeline.errors import CatalogError, EngineDown, ServiceError
from pipeline.flow.batch_work import BatchWork, Means, ServiceDown
from pipeline.flow.retries import patience_of
from pipeline.state.catalog.catalog import Catalog
from tests.state.catalog.examples import NOON, upload

TEN_MINUTES_S = 600


@pytest.fixture
def catalog(settings):
    """With a dataset that a run was asked for."""
    with Catalog.open(settings.catalog_url) as catalog:
        catalog.register_uploads([upload("a")], NOON)
        catalog.mark_requested(["a"], "run", NOON)
        yield catalog


@pytest.fixture
def go_through(catalog, settings):
    """Does it while what it needs is away; returns how often it was begun, and the failures."""

    def go_through(error, away_s):
        now_s, begun = [0.0], []

        def do(dataset_id):
            begun.append(dataset_id)
            if now_s[0] < away_s:
                raise error

        def log(_message):
            if now_s[0] < away_s:
                raise error

        def sleep(pause_s):
            now_s[0] += pause_s

        def ask():
            return "it is away" if isinstance(error, ServiceError) and now_s[0] < away_s else ""

        is_of_engine = isinstance(error, EngineDown)
        means = Means(
            catalog,
            patience_of(settings),
            outage=(lambda: "") if is_of_engine else ask,
            log=log,
            now=lambda: NOON,
            sleep=sleep,
            clock=lambda: now_s[0],
            engine_outage=ask if is_of_engine else lambda: "",
            passing=(PostgresException,),
        )
        failed = BatchWork(means, "validation", "run", "run", lambda _: None).go_through(["a"], do)
        return len(begun), failed

    return go_through


class PostgresException(Exception):
    """As Dagster's storage on PostgreSQL has one, which is no error of SQL."""


def test_a_run_goes_on_after_an_outage_of_ten_minutes(catalog, go_through):
    """What it had begun is no crash."""
    assert go_through(CatalogError("gone"), TEN_MINUTES_S) == (2, [])
    assert catalog.get("a").attempt == 0


def test_what_failed_when_an_outage_ended_is_tried_again(catalog, settings):
    """Dagster's storage had given up on an event just before; who asks the services afterwards hears of nothing."""
    begun = []

    def do(dataset_id):
        begun.append(dataset_id)
        if len(begun) == 1:
            raise PostgresException

    means = Means(
        catalog,
        patience_of(settings),
        outage=lambda: "",
        log=lambda _: None,
        now=lambda: NOON,
        sleep=lambda _: None,
        passing=(PostgresException,),
    )

    assert BatchWork(means, "validation", "run", "run", lambda _: None).go_through(["a"], do) == []
    assert (len(begun), catalog.get("a").attempt) == (2, 0)


@pytest.mark.parametrize(
    ("error", "away_s"), [(EngineDown("gone"), TEN_MINUTES_S), (CatalogError("gone"), 10 * TEN_MINUTES_S)]
)
def test_a_cluster_is_waited_for_for_less_and_a_service_not_for_ever(catalog, go_through, error, away_s):
    """Then the run gives back what it could not do, which costs no attempt."""
    with pytest.raises(ServiceDown, match="nothing is lost, what is left is asked for again: it is away"):
        go_through(error, away_s)

    assert catalog.get("a").attempt == 0
    assert [each.id for each in catalog.unrequested(10, NOON)] == ["a"]


def test_a_panic_of_a_library_is_that_datasets_outcome(catalog, go_through):
    """It is no `Exception`: it would end the run, and with it the datasets behind."""
    begun, [failed] = go_through(pl.exceptions.PanicException("index out of bounds"), TEN_MINUTES_S)

    assert begun == 1
    assert failed.sentence.startswith("a fault of this program, not of the file: pipeline.panics.LibraryPanic in ")
    assert "pyo3_runtime.PanicException" in failed.trace


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
def test_whoever_ends_the_run_ends_it(go_through, error):
    with pytest.raises(type(error)):
        go_through(error, TEN_MINUTES_S)
