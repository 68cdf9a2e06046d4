"""What an installation on one machine goes through: nothing is lost, nothing is there twice, nothing is wrong.

All in turn in one that runs: it starts once, and each test is judged by all that came before it, too. A few kills of
each part; `make chaos ARGS="kills --uploads 200 --kills 200"` for as many as one likes, and
`make chaos ARGS="outage --which lake-unmounted"` for five times 20 s and 60 uploads.
"""

import os
import signal

import dagster as dg
import pytest

from tests.chaos.conftest import find_deaths_sooner
from tests.chaos.freezing import frozen_run, tell_worker_to_end, two_large, wait_for
from tests.chaos.judging import judge, open_instance, wait_until_settled
from tests.chaos.kills import uploads_and_kills
from tests.chaos.operator import listening_operator
from tests.chaos.outages import uploads_and_outages
from tests.chaos.places import local_places
from tests.chaos.system import running_system
from tests.chaos.trainings import with_stub_trainer

PARTS = ("daemon", "code server", "run", "service")
UPLOADS, KILLS, TRAININGS = 6, 4, 2  # each part once
PATIENCE_S = 900.0  # on a machine that is busy with something else
SHORT_OUTAGE = {"uploads": 4, "times": 1, "gone_s": 12, "between_s": 2, "seed": 3, "within_s": PATIENCE_S}


@pytest.fixture(scope="module")
def operator():
    with listening_operator() as listening:
        yield listening


@pytest.fixture(scope="module")
def system(tmp_path_factory, operator):
    folder = tmp_path_factory.mktemp("machine")
    with local_places(folder) as places:
        find_deaths_sooner(places)
        trained = with_stub_trainer(places, folder, TRAININGS)
        with running_system(trained.with_variables(LORA_OPERATOR_WEBHOOK_URL=operator.url), has_webserver=False) as up:
            yield up


def test_a_code_server_that_starts_no_run_any_more_is_renewed(system):
    """Without that all would stand still, with every part up and green."""
    first, second = two_large(seed=7)
    succeeded = dg.RunsFilter(job_name="ingest", statuses=[dg.DagsterRunStatus.SUCCESS])
    with open_instance(system.places) as instance:
        pid, run_id = frozen_run(system, instance, first)
        tell_worker_to_end(system)
        system.uploads.append(second)
        system.places.drop(second.owner, second.file_name, second.content)
        wait_for(lambda: instance.get_runs(succeeded))
        status_of_first = instance.get_run_by_id(run_id).status
        os.kill(pid, signal.SIGCONT)
        _, waiting = wait_until_settled(system.places, system.uploads, PATIENCE_S)
        found = judge(system.places, system.uploads, waiting, attempts=0)
        renewals = system.log("daemon").count("has a new worker now")

    assert status_of_first is dg.DagsterRunStatus.STARTED
    assert renewals == 1
    assert found.details() == ""


def test_a_lake_that_is_not_mounted_for_a_while(system, operator):
    """While uploads arrive: the warehouse loses nothing, no attempt is spent, a person is told once."""
    endured = uploads_and_outages(system, operator, "lake-unmounted", **SHORT_OUTAGE)

    assert endured.judgement.details() == "", endured.summary
    assert endured.told == ["The lake does not answer", "The lake answers again"]


def test_kills_while_uploads_arrive_and_trainings_are_under_way(system):
    found = uploads_and_kills(
        system, UPLOADS, KILLS, seed=1, pause_s=4, settle_within_s=PATIENCE_S, parts=PARTS, trainings=TRAININGS
    )

    assert found.judgement.details() == "", found.summary
