"""What every answer carries, and what the log does not say."""

import logging
import re
import time

import pytest

from tests.service.serving import lines


def test_every_answer_carries_the_headers_refusals_too(local):
    with local.client("ana") as ana:
        answers = [ana.get("/api/datasets"), ana.get("/nowhere"), ana.get("/api/datasets?page=x"), ana.put("/healthz")]

    for answer in answers:
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
    assert len({answer.headers["x-request-id"] for answer in answers}) == 4


@pytest.mark.needs_s3
def test_pages_may_send_uploads_to_the_bucket_and_nowhere_else(on_s3):
    with on_s3.client(None) as nobody:
        policy = nobody.get("/healthz").headers["content-security-policy"]

    assert f"connect-src 'self' {on_s3.settings.s3_endpoint_url};" in policy


def test_the_log_has_a_line_a_request_without_content(local, caplog):
    caplog.set_level(logging.INFO, "pipeline.service")
    with local.client("ana") as ana:
        local.upload(ana, lines(1, "Hushword"), name="Hushname", file_name="Hushfile.jsonl")
        ana.get("/api/datasets", params={"search": "Hushsearch"})
        ana.post("/api/datasets", json={"name": "Hushname", "file_size": "Hushsize"})

    expected = [
        "GET /api/datasets 200  ana",
        "POST /api/datasets 201  ana",
        "POST /api/datasets 422  ana",
        "POST /api/datasets/{dataset_id}/confirm 200  ana",
        "PUT /api/uploads/{ticket} 200  -",
    ]
    said: list[str] = []
    for _ in range(1_000):  # a line is written when its answer has been sent
        if len(said) == len(expected):
            break
        time.sleep(0.01)
        said = [record.getMessage() for record in caplog.records if record.name == "pipeline.service.requests"]
    assert sorted(re.sub(r"^[0-9a-f]{32} |\d+ ms", "", line) for line in said) == expected
    assert "hush" not in caplog.text.lower()


def test_a_user_holds_no_more_streams_open_than_allowed(local, monkeypatch):
    with local.client("ana") as ana, local.client("bob") as bob:
        [of_ana, of_bob] = [local.upload(client, lines(1)) for client in (ana, bob)]
        path = f"/api/datasets/{of_ana}/events"
        opened = [ana.send(ana.build_request("GET", path), stream=True) for _ in range(20)]
        reading = [each.iter_lines() for each in opened]  # a reader that is dropped closes its stream
        assert {next(each) for each in reading} == {"event: status"}

        one_more = ana.get(path).status_code
        with bob.stream("GET", f"/api/datasets/{of_bob}/events") as other:
            status = other.status_code
        for each in opened:
            each.close()

    assert (one_more, status) == (429, 200)
