"""Alarms and the dashboard ask for what the service's /metrics has, and for each alarm it is written what to do."""

import json
import re
from dataclasses import replace

import pytest

from pipeline.service.measures import measuring
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from tests.deploy.manifests import DEPLOY, ROOT, loaded
from tests.service.serving import SECRET, lines, serving
from tests.state.catalog.examples import NOON, READY

RULES = [rule for group in loaded("alerts.yaml")["groups"] for rule in group["rules"]]
PANELS = json.loads((DEPLOY / "grafana-dashboard.json").read_text())["panels"]
EXPRESSIONS = [rule["expr"] for rule in RULES] + [each["expr"] for panel in PANELS for each in panel["targets"]]
OPERATIONS = (ROOT / "docs/operations.md").read_text()
_SELECTED = re.compile(r"\b(lora_[a-z_]+)(?:\{([^}]*)\})?")


@pytest.fixture(scope="module")
def exposed(tmp_path_factory):
    """Names of samples with the names and values of their labels, from an installation in which something happened."""
    engine = "dask://127.0.0.1:1"  # where nobody is
    settings = load_settings(data_dir=tmp_path_factory.mktemp("data"), jwt_secret=SECRET, engine=engine)
    with pytest.MonkeyPatch.context() as patched, serving(settings) as service:
        patched.setattr(measuring, "_VALID_S", -1)
        yield _samples(service)


def _samples(service):
    with Catalog.open(service.settings.catalog_url) as catalog:
        for sensor in ("new_uploads", "ready_datasets", "stale_warehouse"):
            catalog.note_look(sensor, NOON)
    with service.client("ana") as ana:
        ana.get("/metrics")  # from here on verdicts are counted
        service.upload(ana, lines(1))
        with Catalog.open(service.settings.catalog_url) as catalog:
            [dataset] = catalog.unrequested(1, service.clock())
            catalog.mark_requested([dataset.id], "key", service.clock())
            verdict = replace(READY, dataset_id=dataset.id, content_version=dataset.content_version)
            catalog.record_verdict(verdict, service.clock())
    with service.client(None) as nobody:
        text = nobody.get("/metrics").text
    found: dict[str, dict[str, set[str]]] = {}
    for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", text, re.MULTILINE):
        of_name = found.setdefault(name, {})
        for label, value in re.findall(r'(\w+)="([^"]*)"', labels):
            of_name.setdefault(label, set()).add(value)
    return found


def test_what_is_asked_for_is_there(exposed):
    """Names, labels, and values of those labels whose values are known beforehand."""
    for expression in EXPRESSIONS:
        for name, selectors in _SELECTED.findall(expression):
            assert name in exposed, expression
            for label, how, value in re.findall(r'(\w+)(=~|!~|=)"([^"]*)"', selectors):
                assert label in exposed[name], expression
                if how == "=":
                    assert value in exposed[name][label], expression
                if label == "sensor":
                    assert set(value.split("|")) <= exposed[name][label]
        for label in re.findall(r"by \((\w+)\)", expression):
            assert any(label in exposed[name] for name, _ in _SELECTED.findall(expression)), expression


def test_every_measure_is_watched_and_told_of(exposed):
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exposed}

    assert {each for each in families if f"`{each}`" not in OPERATIONS} == set()
    assert {each for each in families if each not in " ".join(EXPRESSIONS)} == set()


def test_of_what_has_no_time_yet_an_alarm_is_given_too():
    """A daemon that never began was no silent one: nothing is older than something that is not there."""
    ages = {name for each in RULES for name in re.findall(r"time\(\) - .*\b(lora_\w+_timestamp_seconds)", each["expr"])}

    assert (
        ages
        == {name for each in RULES for name in re.findall(r"unless on \(\) max\((lora_\w+)\)$", each["expr"])}
        != set()
    )


def test_for_every_alarm_it_is_written_what_to_do():
    written = re.findall(r"^\| (Lora\w+) \| \S", OPERATIONS, re.MULTILINE)

    assert written == [rule["alert"] for rule in RULES]
    assert {rule["labels"]["severity"] for rule in RULES} == {"critical", "warning"}
    assert all(rule["annotations"]["summary"] for rule in RULES)


def test_prometheus_asks_the_service_with_the_token():
    [job] = loaded("prometheus.yaml")["scrape_configs"]
    overlay = loaded("compose-monitoring.yaml")
    service = loaded("compose.yaml")["services"]["service"]
    mounted = dict(each.split(":")[:2] for each in overlay["services"]["prometheus"]["volumes"])

    [target] = job["static_configs"][0]["targets"]
    assert (job["metrics_path"], target) == ("/metrics", "service:8000")
    assert any(port.endswith(":8000:8000") for port in service["ports"])
    assert job["authorization"]["credentials_file"] == f"/run/secrets/{next(iter(overlay['secrets']))}"
    assert "LORA_METRICS_TOKEN" in overlay["services"]["service"]["environment"]
    assert RULES[0]["expr"] == f'up{{job="{job["job_name"]}"}} == 0 or absent(lora_build_info)'
    assert {each for each in mounted if each.startswith("./") and not (DEPLOY / each).is_file()} == set()
    assert loaded("prometheus.yaml")["rule_files"] == [mounted["./alerts.yaml"]]
