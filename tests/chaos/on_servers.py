"""An installation that runs, with everything on servers; its module's tests share it."""

import pytest

from tests.chaos.conftest import find_deaths_sooner
from tests.chaos.operator import listening_operator
from tests.chaos.places import server_places
from tests.chaos.system import running_system


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
