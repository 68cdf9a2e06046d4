"""Trainings over the API: started, refused, tried again, watched; and what each token opens. Nothing is trained."""

import json
import re
from datetime import timedelta

import httpx2
import pytest

from pipeline.client import Client
from pipeline.clock import utc_now
from pipeline.errors import ModelNotFound, RequestRefused, ServiceError
from pipeline.launchers.journal import read_journal
from pipeline.state.catalog.attempt_records import NewModel
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.job_records import NewCost
from pipeline.state.lake import make_lake
from tests.service.serving import lines, token

STEPS = [
    {"kind": "metrics", "at": 1.8e9 + n, "step": n, "total_steps": 8, "epoch": n / 4, "values": {"loss": 8 / n}}
    for n in range(1, 5)
]
OUT_OF_MEMORY = [
    *STEPS,
    {"kind": "log", "at": 1.8e9, "tail": "torch.OutOfMemoryError: CUDA out of memory."},
    {"kind": "ended", "at": 1.8e9, "exit_code": 1},
]


def journal(entries) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in entries)


def told(service, attempt_id, entries) -> None:
    """What the sensor does with a journal."""
    with Catalog.open(service.settings.catalog_url) as catalog:
        block = journal(entries).encode()
        catalog.take_journal(attempt_id, 0, read_journal(block, 0), utc_now())


@pytest.fixture
def ana(local):
    with local.client("ana") as client:
        yield client


@pytest.fixture
def bob(local):
    with local.client("bob") as client:
        yield client


@pytest.fixture
def job(local, ana):
    dataset_id = local.upload(ana, lines(40), name="Support chat")
    local.validate()
    wanted = {"model": "Qwen3-8B", "gpu": "RTX-4090", "overrides": {"micro_batch": "2", "effective_batch": "8"}}
    return ana.post(f"/api/datasets/{dataset_id}/jobs", json=wanted).json()["data"]


def start(client, job, **wanted):
    return client.post(f"/api/jobs/{job['id']}/start", json=wanted)


def data(answer):
    assert answer.is_success, answer.text
    return answer.json()["data"]


def test_a_training_is_asked_for_once_and_seen_by_its_owner_alone(ana, bob, job):
    first, second = start(ana, job), start(ana, job)
    attempt = data(first)
    shown = data(ana.get(f"/api/jobs/{job['id']}"))
    [listed] = data(ana.get(f"/api/jobs/{job['id']}/attempts"))["items"]
    [told] = [each for each in data(ana.get("/api/notifications"))["items"] if each["kind"] == "training_queued"]

    assert (first.status_code, second.status_code) == (201, 409)
    assert (attempt["state"], attempt["line"], attempt["cost_nano_usd"]) == ("queued", None, 0)
    assert (shown["status"], shown["progress"], shown["attempt"]["id"]) == ("queued", None, attempt["id"])
    assert [(each["to_state"], each["actor"]) for each in listed["transitions"]] == [("queued", "ana")]
    assert (told["job_id"], told["severity"], told["url"]) == (job["id"], "low", f"/jobs/{job['id']}")
    paths = ("attempts", f"attempts/{attempt['id']}", "metrics", "metrics?format=csv", "log", "artifacts", "events")
    assert {bob.get(f"/api/jobs/{job['id']}/{path}").status_code for path in paths} == {404}
    posts = [start(bob, job), *(bob.post(f"/api/jobs/{job['id']}/{way}", json={}) for way in ("retry", "cancel"))]
    assert [each.status_code for each in posts] == [404, 404, 404]
    assert data(ana.post(f"/api/jobs/{job['id']}/cancel", json={"reason": "no"}))["status_reason"] == "no"


def test_what_may_cost_too_much_needs_a_reason_and_what_cannot_be_says_why(ana, job):
    refused = start(ana, job, launcher="own-machine", budget_usd=0.0001)
    resumed, reported, other = (
        start(ana, job, **wanted) for wanted in ({"resume": True}, {"launcher": "reported"}, {"trainer": "unsloth"})
    )
    none = ana.post(f"/api/jobs/{job['id']}/retry", json={})
    allowed = start(ana, job, launcher="own-machine", budget_usd=0.0001, over_budget_reason="the boss said so")

    assert (refused.status_code, "give a reason" in refused.json()["error"]) == (409, True)
    assert [each.status_code for each in (resumed, reported, other, none, allowed)] == [400, 400, 400, 400, 201]
    assert data(allowed)["over_budget_reason"] == "the boss said so"


def test_a_failure_has_a_remedy_that_a_retry_makes_and_starts(local, ana, job):
    attempt = data(start(ana, job))
    told(local, attempt["id"], OUT_OF_MEMORY)

    shown = data(ana.get(f"/api/jobs/{job['id']}"))
    both = ana.post(f"/api/jobs/{job['id']}/retry", json={"changed": True, "resume": True})
    retried = data(ana.post(f"/api/jobs/{job['id']}/retry", json={"changed": True}))
    made = data(ana.get(f"/api/jobs/{retried['attempt']['job_id']}"))
    again = ana.post(f"/api/jobs/{made['id']}/retry", json={"changed": True})

    assert (shown["status"], shown["attempt"]["failure_class"], shown["progress"]) == ("failed", "out-of-memory", 0.5)
    assert shown["remedy"]["overrides"] == {"micro_batch": "1"}
    assert shown["remedy"]["sentence"].startswith("the memory of the GPU was too small: halve")
    assert retried["changes"] == [{"setting": "micro_batch", "before": "2", "after": "1"}] == shown["remedy"]["changes"]
    before, after = (each["settings"]["optimisation"] for each in (shown, made))
    assert (made["id"] != job["id"], made["status"], after["micro_batch"]) == (True, "queued", 1)
    assert after["gradient_accumulation"] == 2 * before["gradient_accumulation"]
    assert (both.status_code, again.status_code) == (400, 400)


def test_figures_are_shown_in_short_and_given_whole(local, ana, job):
    attempt = data(start(ana, job))
    told(local, attempt["id"], STEPS)
    place = f"/api/jobs/{job['id']}"

    found = data(ana.get(f"{place}/metrics?name=loss&attempt={attempt['id']}"))
    rows = ana.get(f"{place}/metrics?format=csv").text.splitlines()
    other = ana.get(f"{place}/metrics?attempt=other")
    with ana.stream("GET", f"{place}/events") as events:
        event = next(line for line in events.iter_lines() if line.startswith("data: "))
    now = json.loads(event.removeprefix("data: "))

    [series] = found["items"]
    assert (series["points"], series["last_value"], series["buckets"][0]) == (4, 2.0, [1, 1, 8.0, 8.0, 8.0])
    assert (len(rows), rows[:2]) == (
        5,
        ["name,step,value,epoch,measured_at", "loss,1,8.0,0.25,2027-01-15T08:00:01+00:00"],
    )
    assert other.status_code == 404
    assert (now["status"], now["attempt"]["progress"], now["figures"]) == ("running", 0.5, {"loss": 2.0})


def test_a_token_opens_its_attempt_and_nothing_else(local, ana, job):
    attempt = data(start(ana, job, launcher="own-machine"))
    token = re.search(r"LORA_ATTEMPT_TOKEN=(\S+)", attempt["line"])[1]
    place = f"/api/jobs/{job['id']}"
    mine = f"{place}/attempts/{attempt['id']}"
    file = f"{mine}/files/model/a.bin?sha256={'0' * 64}"
    body = {"attempt": attempt["id"], "offset": 0, "journal": ""}
    with httpx2.Client(base_url=local.url, headers={"Authorization": f"Bearer {token}"}) as machine:
        closed = [machine.get(path).status_code for path in ("/api/jobs", place, mine, f"{place}/log", "/api/models")]
        opened = [machine.get(f"{mine}/{name}").status_code for name in ("spec", "run.py", "job.zip", "files")]
        others = [
            machine.get(f"{place}/attempts/other/spec"),
            machine.get(f"/api/jobs/other/attempts/{attempt['id']}/spec"),
            machine.post(f"{place}/reports", json=body | {"attempt": "other"}),
        ]
        gap = data(machine.post(f"{place}/reports", json=body | {"offset": 50, "journal": journal(STEPS)}))
        torn = data(machine.post(f"{place}/reports", json=body | {"journal": journal(STEPS) + '{"kind"'}))
        long = machine.post(f"{place}/reports", json=body | {"journal": "x" * 1_000_001})
        sent = [
            machine.put(file, content=b"x").status_code,
            machine.put(file.replace("a.bin", "../../x"), content=b"x").status_code,
            machine.put(file.replace("model/a.bin", "manifest.json"), content=b"x").status_code,
        ]

    assert (closed, opened) == ([401] * 5, [200] * 4)
    assert [each.status_code for each in others] == [403] * 3
    assert gap == {"offset": 0, "is_cancelled": False, "state": "queued"}
    assert torn == {"offset": len(journal(STEPS)), "is_cancelled": False, "state": "running"}
    assert (long.status_code, sent) == (413, [400, 404, 422])
    assert [ana.get(f"{mine}/spec").status_code, ana.post(f"{place}/reports", json=body).status_code] == [401, 401]
    assert data(ana.get(mine))["line"] == attempt["line"]


def test_a_machine_that_is_gone_is_cancelled_at_once_and_told_when_it_comes_back(local, ana, job):
    attempt = data(start(ana, job, launcher="own-machine"))
    token = re.search(r"LORA_ATTEMPT_TOKEN=(\S+)", attempt["line"])[1]
    told(local, attempt["id"], STEPS)
    local.clock.ahead = timedelta(minutes=3)

    cancelled = data(ana.post(f"/api/jobs/{job['id']}/cancel"))
    body = {"attempt": attempt["id"], "offset": 0, "journal": ""}
    heard = httpx2.post(
        f"{local.url}/api/jobs/{job['id']}/reports", json=body, headers={"Authorization": f"Bearer {token}"}
    )

    assert (cancelled["status"], data(heard)["is_cancelled"], data(heard)["state"]) == ("cancelled", True, "cancelled")


def test_costs_are_summed_exactly_beside_what_was_expected(local, ana, bob, job):
    attempt = data(start(ana, job))
    told(local, attempt["id"], OUT_OF_MEMORY)
    with Catalog.open(local.settings.catalog_url) as catalog:
        for nano_usd in (5, 100_000_007):  # the bill corrects the meter
            new = NewCost("actual", nano_usd / 1e9, 0.5, "bill", provider="here", attempt_id=attempt["id"])
            catalog.add_cost(job["id"], "ana", new, utc_now())

    found = data(ana.get("/api/costs?period=week"))

    assert (found["total_nano_usd"], found["total_usd"]) == (100_000_007, 0.100000007)
    assert [each["nano_usd"] for name in ("day", "dataset", "model", "provider") for each in found[f"by_{name}"]] == [
        100_000_007
    ] * 4
    [record] = found["records"]
    assert (record["estimate_usd"], record["attempt_id"]) == (job["cost_usd"], attempt["id"])
    assert (found["budget"]["committed_nano_usd"], found["budget"]["limit_usd"]) == (100_000_007, None)
    assert data(bob.get("/api/costs"))["records"] == []
    assert data(ana.get("/api/costs?since=2020-01-01&until=2020-02-01"))["total_nano_usd"] == 0
    assert ana.get("/api/costs?since=2020-02-02&until=2020-02-01").status_code == 400


def test_a_model_is_described_given_away_and_deleted_by_its_owner(local, ana, bob, job, tmp_path):
    attempt = data(start(ana, job))
    told(local, attempt["id"], [*STEPS, {"kind": "ended", "exit_code": 0}])
    lake = make_lake(local.settings)
    with lake.staging() as folder, Catalog.open(local.settings.catalog_url) as catalog:
        (folder / "kept" / "model").mkdir(parents=True)
        (folder / "kept" / "model" / "README.md").write_text("# A card\n")
        (folder / "kept" / "manifest.json").write_text("{}")
        (folder / "kept" / "secret.txt").write_text("not listed")
        uri = lake.publish_model(attempt["id"], folder / "kept")
        files = {"model/README.md": {"size_bytes": 9, "sha256": "0" * 64}}
        catalog.keep_model(NewModel(attempt["id"], "adapter", uri, files, 9, "1" * 64), utc_now())
    place = f"/api/models/{attempt['id']}"
    with Client(local.url, token("ana")) as client:
        card, renamed = client.model_card(attempt["id"]), client.describe_model(attempt["id"], description="of spring")
        with pytest.raises(ServiceError, match="expected the checksum 0000"):
            client.download_model(attempt["id"], tmp_path)

    assert (card, renamed.description) == ("# A card\n", "of spring")
    [listed] = data(ana.get("/api/models"))["items"]
    renamed = data(ana.patch(place, json={"name": "Night shift"}))
    texts = [ana.get(f"{place}/{path}").text for path in ("card", "files/model/README.md", "files/manifest.json")]
    others = [bob.get(place), bob.get(f"{place}/card"), bob.patch(place, json={"name": "x"}), bob.delete(place)]
    outside = [ana.get(f"{place}/files/{name}").status_code for name in ("secret.txt", "%2e%2e/x", "model")]
    deleted = ana.delete(place).status_code

    assert (listed["name"], listed["version"], renamed["name"]) == (job["name"], 1, "Night shift")
    assert (renamed["dataset_name"], renamed["attempt"]["state"]) == ("Support chat", "completed")
    assert texts == ["# A card\n", "# A card\n", "{}"]
    assert ([each.status_code for each in others], outside) == ([404] * 4, [404] * 3)
    assert (deleted, ana.get(place).status_code, data(ana.get("/api/models"))["total"]) == (200, 404, 0)


def test_the_client_has_the_same_by_the_same_names(local, ana, job, tmp_path):
    with Client(local.url, token("ana")) as client:
        attempt = client.start_training(job["id"])
        told(local, attempt.id, OUT_OF_MEMORY)
        [seen] = client.watch_training(job["id"])
        client.download_metrics(job["id"], tmp_path / "loss.jsonl", form="jsonl", name="loss")
        retried = client.retry_training(job["id"], changed=True)
        cancelled = client.cancel_job(retried.attempt.job_id, "enough")
        with pytest.raises(ModelNotFound):
            client.model("none")
        with pytest.raises(RequestRefused):
            client.retry_training(job["id"], resume=True, changed=True)

        assert (seen.status, seen.attempt.remedy[:17]) == ("failed", "halve the rows a ")
        assert (client.attempts(job["id"])[0].state, client.attempt(job["id"], attempt.id).number) == ("failed", 1)
        assert client.training_log(job["id"]).startswith("torch.OutOfMemoryError")
        assert (client.metrics(job["id"], name="loss").items[0].points, client.artifacts(job["id"])) == (4, [])
        assert len((tmp_path / "loss.jsonl").read_text().splitlines()) == 4
        assert (cancelled.status, cancelled.status_reason) == ("cancelled", "enough")
        assert (client.models().total, client.costs("year").records) == (0, [])
