"""Real processes are killed while uploads arrive: nothing is lost, nothing is there twice, nothing is wrong.

A few kills of each; `make chaos ARGS="kills --uploads 200 --kills 200"` for as many as one likes.
"""

import pytest

from tests.chaos.kills import uploads_and_kills

PARTS = ("daemon", "code server", "run", "service")
UPLOADS, KILLS = 6, 4  # each part once
PATIENCE_S = 900.0  # on a machine that is busy with something else


def test_kills_on_one_machine(local):
    found = uploads_and_kills(
        local, UPLOADS, KILLS, seed=1, pause_s=4, settle_within_s=PATIENCE_S, parts=PARTS, trainings=2
    )

    assert found.judgement.details() == "", found.summary


@pytest.mark.needs_postgres
@pytest.mark.needs_s3
def test_kills_with_everything_on_servers_that_go_away_meanwhile(on_servers):
    """Uploads and lake in a bucket, the catalog and Dagster's own storage on PostgreSQL; both crash half-way."""
    found = uploads_and_kills(
        on_servers, UPLOADS, KILLS, seed=2, pause_s=4, outage_s=5, settle_within_s=PATIENCE_S, parts=PARTS
    )

    assert found.judgement.details() == "", found.summary
