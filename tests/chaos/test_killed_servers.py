"""Kills with everything on servers, as `test_servers.py`, in an installation of its own: two can work on both."""

import pytest

from tests.chaos.kills import uploads_and_kills
from tests.chaos.on_servers import operator, system
from tests.chaos.test_one_machine import KILLS, PARTS, PATIENCE_S, UPLOADS

__all__ = ["operator", "system"]

pytestmark = [pytest.mark.needs_postgres, pytest.mark.needs_s3]


def test_kills_while_uploads_arrive_and_servers_crash_half_way(system):
    found = uploads_and_kills(
        system, UPLOADS, KILLS, seed=2, pause_s=4, outage_s=5, settle_within_s=PATIENCE_S, parts=PARTS
    )

    assert found.judgement.details() == "", found.summary
