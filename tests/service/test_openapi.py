"""The OpenAPI document is true: whatever is sent, the answer is one of those it declares, and none is a 5xx."""

import json
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from pipeline.service.app import create_app
from pipeline.settings import Settings, load_settings
from tests.service.serving import SECRET, lines, serving, token

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
    chosen = load_settings(
        data_dir=tmp_path_factory.mktemp("openapi"), jwt_secret=SECRET, requests_per_minute=1_000_000
    )
    with serving(chosen) as running, running.client("ana") as ana:
        running.upload(ana, lines(3))
        running.validate()
        yield running


DOCUMENT = create_app(Settings.model_construct(data_dir=Path("/"))).openapi()
OPERATIONS = [each.ok() for each in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]


# Not schemathesis' own decorator: it reaches into pytest in a way that 9.2 does not bear.
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.label)
def test_every_answer_is_as_declared(service, operation):
    @given(case=operation.as_strategy())
    @settings(max_examples=10, suppress_health_check=list(HealthCheck), deadline=None)
    def answers(case):
        headers = {"Authorization": f"Bearer {token('ana')}"}
        case.call_and_validate(base_url=service.url, headers=headers, checks=CHECKS)

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
