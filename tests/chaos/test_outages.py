"""A place goes away while uploads arrive: the warehouse loses nothing, no attempt is spent, a person is told once.

Small ones; `make chaos ARGS="outage --which catalog-stopped --profile servers"` for five times 20 s and 60 uploads.
"""

import pytest

from tests.chaos.outages import uploads_and_outages

PATIENCE_S = 900.0  # on a machine that is busy with something else


def _endure(places, which):
    return uploads_and_outages(places, which, uploads=4, times=1, gone_s=12, between_s=2, seed=3, within_s=PATIENCE_S)


def test_a_lake_that_is_not_mounted_for_a_while(local):
    endured = _endure(local, "lake-unmounted")

    assert endured.judgement.details() == "", endured.summary
    assert endured.told == ["The lake does not answer", "The lake answers again"]


@pytest.mark.needs_postgres
@pytest.mark.needs_s3
def test_a_catalog_that_is_stopped_for_a_while(on_servers):
    """PostgreSQL holds Dagster's own storage, too. The bucket goes away in `test_kills.py`."""
    endured = _endure(on_servers, "catalog-stopped")

    assert endured.judgement.details() == "", endured.summary
