"""How long a run waits for what is away."""

import pytest

from pipeline.errors import CatalogError, EngineDown
from pipeline.flow.batch_work import BatchWork, Means, ServiceDown
from pipeline.flow.retries import patience_of
from pipeline.state.catalog.catalog import Catalog
from tests.state.catalog.examples import NOON, upload

TEN_MINUTES_S = 600


@pytest.fixture
def go_through(settings):
    """Does a dataset while a service is away; returns how often it was begun, and what is left of it."""
    with Catalog.open(settings.catalog_url) as catalog:
        catalog.register_uploads([upload("a")], NOON)
        catalog.mark_requested(["a"], "run", NOON)

        def go_through(error, away_s):
            now_s, begun = [0.0], []

            def do(dataset_id):
                begun.append(dataset_id)
                if now_s[0] < away_s:
                    raise error

            def sleep(pause_s):
                now_s[0] += pause_s

            def ask():
                return "it is away" if now_s[0] < away_s else ""

            means = Means(
                catalog,
                patience_of(settings),
                outage=ask,
                log=lambda _: None,
                now=lambda: NOON,
                sleep=sleep,
                clock=lambda: now_s[0],
                engine_outage=ask,
            )
            failed = BatchWork(means, "validation", "run", "run", lambda _: None).go_through(["a"], do)
            return len(begun), failed, catalog.get("a").attempt

        yield go_through


def test_a_run_goes_on_after_an_outage_of_ten_minutes(go_through):
    """What it had begun is no crash."""
    assert go_through(CatalogError("gone"), TEN_MINUTES_S) == (2, [], 0)


def test_a_cluster_is_waited_for_for_less_and_a_service_not_for_ever(go_through):
    for error, away_s in ((EngineDown("gone"), TEN_MINUTES_S), (CatalogError("gone"), 10 * TEN_MINUTES_S)):
        with pytest.raises(ServiceDown, match="nothing is lost, what is left is asked for again: it is away"):
            go_through(error, away_s)
