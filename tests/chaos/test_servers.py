"""The same with everything on servers: uploads and lake in a bucket, the catalog and Dagster's storage on PostgreSQL.

All in turn in one installation that runs, as in `test_one_machine.py`.
"""

import os
import signal

import dagster as dg
import pytest

from tests.chaos.freezing import frozen_run, kill_code_servers, looks, two_large, wait_for
from tests.chaos.judging import judge, open_instance, wait_until_settled
from tests.chaos.on_servers import operator, system
from tests.chaos.outages import uploads_and_outages
from tests.chaos.test_one_machine import PATIENCE_S, SHORT_OUTAGE

__all__ = ["operator", "system"]

pytestmark = [pytest.mark.needs_postgres, pytest.mark.needs_s3]


def test_a_catalog_that_is_stopped_for_a_while(system, operator):
    """PostgreSQL holds Dagster's own storage, too. The bucket goes away while parts are killed."""
    endured = uploads_and_outages(system, operator, "catalog-stopped", **SHORT_OUTAGE)

    assert endured.judgement.details() == "", endured.summary


def test_a_run_outlives_its_code_server_and_a_dead_one_is_asked_for_again(system):
    """Who is alive is left alone, who is dead is found out."""
    uploads = two_large(seed=5)
    with open_instance(system.places) as instance:
        pid, alive = frozen_run(system, instance, uploads[0])
        kill_code_servers(system)
        before = looks(system, alive)
        wait_for(lambda: looks(system, alive) >= before + 2)
        status_without_server = instance.get_run_by_id(alive).status
        os.kill(pid, signal.SIGCONT)
        wait_until_settled(system.places, system.uploads, PATIENCE_S)

        pid, dead = frozen_run(system, instance, uploads[1])
        kill_code_servers(system)
        system.kill(pid)
        wait_for(lambda: instance.get_run_by_id(dead).is_finished)
        _, waiting = wait_until_settled(system.places, system.uploads, PATIENCE_S)
        found = judge(system.places, system.uploads, waiting, attempts=None)
        statuses = [instance.get_run_by_id(each).status for each in (alive, dead)]

    assert status_without_server is dg.DagsterRunStatus.STARTED
    assert statuses == [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
    assert found.details() == ""
