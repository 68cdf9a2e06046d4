"""`/healthz` and the pages say what does not work; asked often, the parts are asked now and then."""

from datetime import timedelta

import pytest

from pipeline.flow import health as parts_module
from pipeline.service import health_of_parts as health_module
from pipeline.service.health_of_parts import SENSOR, State, banner, is_silent
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from tests.state.catalog.examples import NOON

SILENT = "Uploads are taken, but not validated at present"


@pytest.fixture(autouse=True)
def _each_time_anew(monkeypatch):
    monkeypatch.setattr(health_module, "_VALID_S", -1)


def healthz(service):
    with service.client(None) as nobody:
        return nobody.get("/healthz")


def test_healthz_needs_no_token_and_knows_when_the_daemon_looked(local):
    before = healthz(local).json()["data"]
    with Catalog.open(local.settings.catalog_url) as catalog:
        catalog.note_look(SENSOR, local.clock())
    after = healthz(local).json()["data"]

    assert before == {"status": "degraded", "daemon": "silent", "daemon_looked_at": None, "engine": None}
    assert (after["status"], after["daemon"], after["daemon_looked_at"] is None) == ("ok", "ok", False)


def test_a_part_that_is_down_is_a_503_that_names_it_and_no_path(local, caplog):
    lake = local.settings.data_dir / "lake"
    if lake.exists():
        lake.rename(lake.with_name("aside"))
    lake.write_text("a file in its place")

    answer = healthz(local)

    assert (answer.status_code, answer.json()["details"]["code"]) == (503, "part-down")
    assert answer.json()["error"] == "no answer from: lake; the service's log says why"
    assert "Retry-After" in answer.headers
    healthz(local)
    told = [record.message for record in caplog.records if record.message.startswith("the lake does not answer")]
    assert [str(lake) in each for each in told] == [True]  # once, for the operator


def test_a_cluster_that_does_not_answer_is_told_and_takes_no_service_away(serve, monkeypatch, caplog):
    """Without it large uploads wait: who balances load by /healthz goes on sending requests."""
    why = "the Dask scheduler of LORA_ENGINE=dask://scheduler:8786 has gone: check that it is up"
    found = [why]
    monkeypatch.setattr(parts_module, "engine_problem", lambda name, answer_s: found[-1])
    monkeypatch.setattr(health_module, "_ENGINE_VALID_S", -1)
    service = serve(engine="dask://scheduler:8786")
    with Catalog.open(service.settings.catalog_url) as catalog:
        catalog.note_look(SENSOR, service.clock())

    before = healthz(service).json()["data"]
    found.append("")
    after = healthz(service).json()["data"]
    with service.client(None) as nobody:
        measures = nobody.get("/metrics").text

    assert [(each["status"], each["engine"]) for each in (before, after)] == [("degraded", "down"), ("ok", "ok")]
    told = [each.message for each in caplog.records if each.message.startswith("the engine")]
    assert told == [f"the engine does not answer: {why}"]
    assert 'lora_part_up{part="engine"} 1' in measures


def test_the_process_says_that_it_lives_whatever_is_down(local):
    """An orchestrator would end a service for the fault of its lake, again and again."""
    (local.settings.data_dir / "lake").write_text("a file in its place")

    with local.client(None) as nobody:
        answer = nobody.get("/livez")

    assert (answer.status_code, answer.json()["data"]) == (200, {"status": "ok"})
    assert healthz(local).status_code == 503


def test_many_questions_are_one(local, monkeypatch):
    asked = []
    real = health_module.probe
    monkeypatch.setattr(health_module, "probe", lambda *parts: asked.append(1) or real(*parts))
    healthz(local)
    monkeypatch.setattr(health_module, "_VALID_S", 3_600)
    before = len(asked)

    for _ in range(20):
        healthz(local)

    assert len(asked) == before


def test_who_is_signed_in_reads_it_on_the_pages(local):
    healthz(local)
    with local.client("ana") as ana:
        page = ana.get("/datasets")

    assert page.is_success
    assert SILENT in page.text


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (None, ""),
        (State({}, NOON, is_daemon_silent=False), ""),
        (State({}, None, is_daemon_silent=True), SILENT),
        (State({"engine": "dask://a"}, NOON, is_daemon_silent=False), "Large uploads are taken, but not validated"),
        (
            State({"store": "/a/path", "lake": "x"}, None, is_daemon_silent=True),
            "Not everything works at present: no answer from the lake and the store.",
        ),
    ],
)
def test_the_banner_is_one_sentence_without_places(state, told):
    assert banner(state).startswith(told)
    assert bool(banner(state)) == bool(told)
    assert "/a/path" not in banner(state)


def test_a_daemon_is_silent_after_some_looks_that_did_not_come(tmp_path):
    quick, slow = (load_settings(data_dir=tmp_path, sensor_interval_s=seconds) for seconds in (5, 600))
    moments = [NOON - timedelta(seconds=seconds) for seconds in (10, 170, 190, 1_790, 1_810)]

    assert [is_silent(each, NOON, quick) for each in moments] == [False, False, True, True, True]
    assert [is_silent(each, NOON, slow) for each in moments] == [False, False, False, False, True]
