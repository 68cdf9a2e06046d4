"""The OpenAPI document is true: whatever is sent, the answer is one of those it declares, and none is a 5xx."""

import json
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from pipeline.service.app import create_app
from pipeline.settings import Settings, load_settings
from tests.made import copied
from tests.service.serving import lines, serving, token

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One with something in it."""
    made = copied(tmp_path_factory.mktemp("openapi") / "data", requests_per_minute=1_000_000)
    with serving(made.settings) as running, running.client("ann") as ann:
        running.upload(ann, lines(3))
        running.validate()
        built = ann.post("/api/training-files", json={"name": "Money talk"}).json()["data"]["file"]
        there = {"batch_id": made.batch_id, "conversation_id": made.conversation(1), "file_id": built["id"]}
        yield running, there


DOCUMENT = create_app(Settings.model_construct(data_dir=Path("/"))).openapi()
OPERATIONS = [each.ok() for each in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]


# Not schemathesis' own decorator: it reaches into pytest in a way that 9.2 does not bear.
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.label)
def test_every_answer_is_as_declared(service, operation):
    running, there = service

    @given(case=operation.as_strategy(), is_there=st.booleans())
    @settings(max_examples=6, suppress_health_check=list(HealthCheck), deadline=None)
    def answers(case, is_there):
        if is_there:
            case.path_parameters |= {name: id_ for name, id_ in there.items() if name in case.path_parameters}
        headers = {"Authorization": f"Bearer {token('ann')}"}
        case.call_and_validate(base_url=running.url, headers=headers, checks=CHECKS)

    answers()


def test_every_route_of_the_api_has_examples_or_needs_none():
    """Whoever reads the document sees what a body looks like."""
    bodies = [
        (path, method)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
        if "requestBody" in operation
    ]
    new = DOCUMENT["components"]["schemas"]["NewUpload"]["properties"]
    assert ("/api/datasets", "post") in bodies
    assert [name for name in ("name", "file_name", "file_size") if not new[name].get("examples")] == []


def test_the_document_names_no_place_of_the_installation(tmp_path):
    assert str(tmp_path) not in json.dumps(create_app(load_settings(data_dir=tmp_path)).openapi())
