"""The same with everything on servers: uploads and lake in a bucket, the catalog and Dagster's storage on PostgreSQL.

All in turn in one installation that runs, as in `test_one_machine.py`.
"""

import os
import signal

import dagster as dg
import pytest

from tests.chaos.conftest import find_deaths_sooner
from tests.chaos.freezing import frozen_run, kill_code_servers, looks, two_large, wait_for
from tests.chaos.judging import judge, open_instance, wait_until_settled
from tests.chaos.kills import uploads_and_kills
from tests.chaos.operator import listening_operator
from tests.chaos.outages import uploads_and_outages
from tests.chaos.places import server_places
from tests.chaos.system import running_system
from tests.chaos.test_one_machine import KILLS, PARTS, PATIENCE_S, SHORT_OUTAGE, UPLOADS

pytestmark = [pytest.mark.needs_postgres, pytest.mark.needs_s3]


@pytest.fixture(scope="module")
def operator():
    with listening_operator() as listening:
        yield listening


@pytest.fixture(scope="module")
def system(tmp_path_factory, operator, postgres_server, s3_gateway):
    with server_places(tmp_path_factory.mktemp("servers"), postgres_server, s3_gateway) as places:
        find_deaths_sooner(places)
        with running_system(places.with_variables(LORA_OPERATOR_WEBHOOK_URL=operator.url), has_webserver=False) as up:
            yield up


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


def test_kills_while_uploads_arrive_and_servers_crash_half_way(system):
    found = uploads_and_kills(
        system, UPLOADS, KILLS, seed=2, pause_s=4, outage_s=5, settle_within_s=PATIENCE_S, parts=PARTS
    )

    assert found.judgement.details() == "", found.summary
