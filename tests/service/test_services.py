"""The whole way over an S3 gateway and PostgreSQL, as a role that row-level security binds."""

import pytest

from pipeline.state.store import make_store
from tests.installation import bad_file
from tests.postgres import as_ordinary_role
from tests.s3_gateway import S3Gateway
from tests.service.serving import Serve, lines

pytestmark = [pytest.mark.needs_s3, pytest.mark.needs_postgres]


def test_uploads_reach_their_verdicts_and_users_stay_apart(
    serve: Serve, s3_gateway: S3Gateway, postgres_url: str, monkeypatch: pytest.MonkeyPatch
):
    for name, value in s3_gateway.environment.items():
        monkeypatch.setenv(name, value)
    service = serve(
        store=f"s3://{s3_gateway.new_bucket()}",
        s3_endpoint_url=s3_gateway.endpoint_url,
        catalog_url=as_ordinary_role(postgres_url),
    )

    with service.client("ana") as ana, service.client("bob") as bob:
        good = service.upload(ana, lines(40), name="Über uns")
        bad = service.upload(ana, bad_file(3), name="bad")
        service.upload(bob, lines(1), name="of bob")
        service.validate()
        listed = {each["id"]: each["status"] for each in ana.get("/api/datasets").json()["data"]["items"]}
        found = ana.get("/api/datasets", params={"search": "ÜBER"}).json()["data"]["total"]
        findings = ana.get(f"/api/datasets/{bad}/findings").json()["data"]["total"]
        job = ana.post(f"/api/datasets/{good}/jobs", json={"model": "Qwen3-8B", "gpu": "RTX-4090"})
        told = [each["title"] for each in ana.get("/api/notifications").json()["data"]["items"]]
        of_bob = [bob.get(f"/api/datasets/{each}").status_code for each in (good, bad)]

    assert listed == {good: "ready", bad: "error"}
    assert (found, findings, job.status_code) == (1, 3, 201)
    assert sorted(told) == ["bad has errors", "Über uns is ready"]
    assert of_bob == [404, 404]
    assert len(list(make_store(service.settings).list("uploads/"))) == 3
