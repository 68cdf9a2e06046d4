"""A training on a machine elsewhere, from the line that its owner pastes to the model; the service dies meanwhile."""

import hashlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from pipeline.clock import utc_now
from pipeline.flow.closing import close
from pipeline.flow.launching import make_trainings
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import make_lake
from tests.service.serving import SECRET, Clock, Serving, lines
from tests.service.test_kill import Victim, victim

TRAIN = """
import json, os, pathlib, time
def tell(kind, **values):
    with open(os.environ["LORA_JOURNAL"], "a") as journal:
        journal.write(json.dumps({"kind": kind, "at": time.time(), **values}) + "\\n")
for step in range(1, 31):
    while step > 15 and not pathlib.Path("go").exists():
        time.sleep(0.02)
    tell("metrics", step=step, total_steps=30, epoch=step / 10, values={"loss": 3 / step}, broken=[])
print("saving")
adapter = pathlib.Path("output/adapter")
adapter.mkdir(parents=True)
(adapter / "adapter_model.safetensors").write_bytes(bytes(range(256)) * 5_000)
pathlib.Path("output/metrics.json").write_text(json.dumps({"eval_loss_before": 3.0, "eval_loss": 1.0}))
tell("finished")
"""
# So that the test need not wait for what a network is spared.
QUICK = {"SEND_S = 5.0": "SEND_S = 0.1", "time.sleep(0.2 if sender is None else 1.0)": "time.sleep(0.05)"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def killed(folder) -> Iterator[Victim]:
    with victim(folder) as found:
        yield found


@pytest.fixture(scope="module")
def serving(killed, folder) -> Serving:
    return Serving(killed.serve(), load_settings(data_dir=folder, jwt_secret=SECRET), Clock())


@pytest.fixture(scope="module")
def ana(serving) -> Iterator[httpx2.Client]:
    with serving.client("ana") as client:
        yield client


@pytest.fixture(scope="module")
def dataset_id(serving, ana) -> str:
    uploaded = serving.upload(ana, lines(20))
    serving.validate()
    return uploaded


@pytest.fixture(params=["RTX-4090"])
def attempt(serving, ana, dataset_id, request):
    """A training on one's own machine that was asked for, with a script that takes no time."""
    job = ana.post(f"/api/datasets/{dataset_id}/jobs", json={"model": "Qwen3-8B", "gpu": request.param}).json()["data"]
    lake = make_lake(serving.settings)
    with lake.staging() as folder:
        (folder / "job" / "trl").mkdir(parents=True)
        (folder / "job" / "trl" / "train.py").write_text(TRAIN)
        lake.publish_job(job["id"], folder / "job")
    asked = ana.post(f"/api/jobs/{job['id']}/start", json={"launcher": "own-machine"})
    assert asked.status_code == 201, asked.text
    return asked.json()["data"]


def pasted(line: str, folder: Path) -> subprocess.Popen[bytes]:
    """Do what the line says: its download here, the rest in a shell."""
    fetch, start = line.split(" && ")
    url, token = re.search(r"(http\S+) -H \"Authorization: Bearer (\S+)\"", fetch).groups()
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    text = urllib.request.urlopen(request).read().decode()
    for slow, quick in QUICK.items():
        assert slow in text
        text = text.replace(slow, quick)
    (folder / "run.py").write_text(text)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.Popen(start, shell=True, cwd=folder, env=os.environ | {"PATH": path})


def wait_for(found, timeout_s: float = 30):
    """What `found` returns, once that is something."""
    deadline_s = time.monotonic() + timeout_s
    while not (value := found()):
        if time.monotonic() > deadline_s:
            raise AssertionError("it did not come")
        time.sleep(0.05)
    return value


def steps(ana, job_id) -> list[int]:
    text = ana.get(f"/api/jobs/{job_id}/metrics?format=jsonl&name=loss").text
    return [json.loads(line)["step"] for line in text.splitlines()]


def shown(ana, attempt):
    return ana.get(f"/api/jobs/{attempt['job_id']}/attempts/{attempt['id']}").json()["data"]


def test_it_goes_on_while_the_service_dies_and_every_point_and_file_arrives_once(
    killed, serving, ana, attempt, tmp_path
):
    place, job_id = tmp_path / "elsewhere", attempt["job_id"]
    place.mkdir()
    token = re.search(r"LORA_ATTEMPT_TOKEN=(\S+)", attempt["line"])[1]
    reports = f"{serving.url}/api/jobs/{job_id}/reports"

    running = pasted(attempt["line"], place)
    wait_for(lambda: len(steps(ana, job_id)) == 15)
    middle = shown(ana, attempt)
    killed.kill()
    (place / attempt["id"] / "job" / "trl" / "go").touch()
    time.sleep(0.5)
    assert killed.serve(int(serving.url.rpartition(":")[2])) == serving.url
    code = running.wait(60)
    journal = (place / attempt["id"] / "journal.jsonl").read_text()
    body = {"attempt": attempt["id"], "offset": 0, "journal": journal}
    again = httpx2.post(reports, json=body, headers={"Authorization": f"Bearer {token}"}).json()["data"]
    after = shown(ana, attempt)

    (tmp_path / "other").mkdir()
    assert (code, pasted(attempt["line"], tmp_path / "other").wait(60)) == (0, 1)
    assert (middle["state"], middle["step"], middle["progress"], middle["eta_s"] >= 0) == ("running", 15, 0.5, True)
    assert again == {"offset": len(journal), "is_cancelled": False, "state": "completed"}
    assert steps(ana, job_id) == list(range(1, 31))
    assert (after["state"], after["step"], after["progress"], after["line"]) == ("completed", 30, 1.0, None)
    assert "saving" in ana.get(f"/api/jobs/{job_id}/log").text
    sent = {each["name"]: each for each in ana.get(f"/api/jobs/{job_id}/artifacts").json()["data"]["items"]}
    assert set(sent) == {"model/adapter_model.safetensors", "metrics.json"}

    lake = make_lake(serving.settings)
    with Catalog.open(serving.settings.catalog_url) as catalog:
        close(make_trainings(catalog, lake, serving.settings, {}), lake, attempt["id"], utc_now())
        catalog.note_closed(attempt["id"], utc_now())
    model = ana.get(f"/api/models/{attempt['id']}").json()["data"]
    weights = {each["name"]: each["sha256"] for each in model["files"]}["model/adapter_model.safetensors"]
    taken = ana.get(f"/api/models/{model['id']}/files/model/adapter_model.safetensors").content
    refused = httpx2.post(reports, json=body, headers={"Authorization": f"Bearer {token}"})

    assert hashlib.sha256(taken).hexdigest() == weights == hashlib.sha256(bytes(range(256)) * 5_000).hexdigest()
    assert (model["eval_loss_before"], model["eval_loss"], model["attempt"]["id"]) == (3.0, 1.0, attempt["id"])
    assert refused.status_code == 409


@pytest.mark.parametrize("attempt", ["L40S"], indirect=True)
def test_a_cancellation_is_heard_in_the_answer_and_ends_the_script(ana, attempt, tmp_path):
    running = pasted(attempt["line"], tmp_path)
    wait_for(lambda: len(steps(ana, attempt["job_id"])) == 15)

    asked = ana.post(f"/api/jobs/{attempt['job_id']}/cancel", json={"reason": "the data is wrong"}).json()["data"]
    code = running.wait(60)
    after = shown(ana, attempt)

    assert (asked["status"], code != 0) == ("running", True)
    assert (after["state"], after["state_reason"]) == ("cancelled", "the data is wrong")
    assert [each["to_state"] for each in after["transitions"]] == ["queued", "running", "cancelled"]


@pytest.mark.parametrize("attempt", ["A100-40GB"], indirect=True)
def test_of_two_machines_that_take_the_line_at_once_one_trains(ana, attempt, tmp_path):
    places = [tmp_path / name for name in ("one", "two")]
    for place in places:
        place.mkdir()
    running = [pasted(attempt["line"], place) for place in places]
    wait_for(lambda: len(steps(ana, attempt["job_id"])) == 15)
    for place in places:
        if (place / attempt["id"] / "job").exists():
            (place / attempt["id"] / "job" / "trl" / "go").touch()

    assert sorted(each.wait(60) for each in running) == [0, 1]
    assert steps(ana, attempt["job_id"]) == list(range(1, 31))
    assert sum((place / attempt["id"] / "spec.json").exists() for place in places) == 1
