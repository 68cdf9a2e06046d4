"""What deploy/ names is what the code has: settings, addresses that are asked, ports, packages, files."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest
from dagster._config import process_config, resolve_to_config_type, validate_config
from dagster._core.instance.config import dagster_instance_config_schema

from pipeline.service.app import create_app
from pipeline.settings import Settings
from tests.deploy.manifests import (
    DEPLOY,
    INSTANCES,
    ROOT,
    component,
    container,
    documents,
    loaded,
    of_kind,
    texts,
    variables_read,
)

PORTS = {"service": 8000, "webserver": 3000, "code-location": 4000}
OF_DAGSTER = {"webserver": {"/server_info"}}  # what its UI answers without a log-in
COMPOSE = loaded("compose.yaml")["services"]
OURS = {name: part for name, part in COMPOSE.items() if name != "postgres"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONTAINERFILE = (DEPLOY / "Containerfile").read_text()


@pytest.fixture(scope="module")
def addresses():
    """What can be asked of each part, by its name."""
    app = create_app(Settings.model_construct(data_dir=Path("/")))
    return {"service": set(app.openapi()["paths"])} | OF_DAGSTER


def test_every_file_can_be_read():
    read = [len(documents(name)) for name, _ in texts() if name.endswith((".yaml", ".json"))]

    assert len(read) > 20


def test_every_setting_that_is_named_exists():
    known = {f"LORA_{name.upper()}" for name in Settings.model_fields}

    named = {(file, name) for file, text in texts() for name in re.findall(r"\bLORA_[A-Z0-9_]+\b", text)}

    assert len(named) > 20
    assert {(file, name) for file, name in named if name not in known} == set()


def test_probes_of_pods_ask_what_answers(addresses):
    asked = 0
    for deployment in of_kind("Deployment").values():
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if ask := container(deployment).get(probe, {}).get("httpGet"):
                [port] = [each for each in container(deployment)["ports"] if each["name"] == ask["port"]]
                assert ask["path"] in addresses[component(deployment)]
                assert port["containerPort"] == PORTS[component(deployment)]
                asked += 1

    assert asked == 6


def test_a_pod_is_not_ended_for_the_fault_of_others():
    """Its lake is away: it takes no requests meanwhile, and lives."""
    service = container(of_kind("Deployment")["lora-service"])

    probes = {name: service[name]["httpGet"]["path"] for name in ("livenessProbe", "readinessProbe")}

    assert probes == {"livenessProbe": "/livez", "readinessProbe": "/healthz"}


def test_checks_of_containers_ask_what_answers(addresses):
    named = {"service": str(COMPOSE["service"]["healthcheck"]), "webserver": str(COMPOSE["webserver"]["healthcheck"])}
    for part, text in [*named.items(), ("service", CONTAINERFILE)]:
        [(port, path)] = re.findall(r"127\.0\.0\.1:(\d+)(/\w+)'", text)

        assert (int(port), path in addresses[part]) == (PORTS[part], True)


def test_parts_listen_where_they_are_looked_for():
    from pipeline.cli.serve import serve

    commands = {component(each): container(each)["args"] for each in of_kind("Deployment").values()}
    composed = {name: part["command"] for name, part in OURS.items()}

    for name, port in PORTS.items():
        for command in (commands[name], composed[name]):
            assert str(port) in command or (name, serve.__defaults__[1]) == ("service", port)
    assert set(re.search(r"^EXPOSE (.*)$", CONTAINERFILE, re.MULTILINE)[1].split()) == {
        str(port) for port in PORTS.values()
    }


@pytest.mark.parametrize("name", sorted(OURS))
def test_containers_are_bounded_and_nobodys(name):
    part = OURS[name]

    assert (part["user"], part["read_only"], part["cap_drop"]) == ("10001:10001", True, ["ALL"])
    assert part["security_opt"] == ["no-new-privileges:true"]
    assert set(part["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert "test" in part["healthcheck"]


def test_no_secret_has_a_default_and_no_door_is_open_by_itself():
    text = (DEPLOY / "compose.yaml").read_text()

    secrets = re.findall(r"\$\{(\w*(?:PASSWORD|SECRET)\w*)(:.)", text)
    published = [each for part in COMPOSE.values() for each in part.get("ports", [])]

    assert {how for _, how in secrets} == {":?"}
    assert [each for each in published if not each.startswith("127.0.0.1:") and ":-127.0.0.1}" not in each] == []


def test_what_compose_mounts_and_waits_for_is_there():
    volumes = set(loaded("compose.yaml")["volumes"])
    for part in COMPOSE.values():
        for volume in part.get("volumes", []):
            source = volume.split(":")[0]
            assert (DEPLOY / source).is_file() if source.startswith("./") else source in volumes
        assert set(part.get("depends_on", {})) <= set(COMPOSE)


def test_what_dagster_reads_of_the_environment_compose_gives():
    given = set(COMPOSE["daemon"]["environment"])

    wanted = variables_read(loaded("dagster-postgres.yaml")) | variables_read(loaded("workspace.yaml"))

    assert wanted <= given


@pytest.mark.parametrize("name", INSTANCES)
def test_dagster_takes_its_settings(name, monkeypatch):
    """Launchers of packages that only an image has are looked at by their package."""
    settings = loaded(name)
    for variable in variables_read(settings):
        monkeypatch.setenv(variable, "1")

    assert validate_config(resolve_to_config_type(dagster_instance_config_schema()), settings).errors in (None, [])
    launcher = settings["run_launcher"]
    for part in (settings["run_coordinator"], launcher):
        package = part["module"].split(".")[0].replace("_", "-")
        if package in ("dagster-k8s", "dagster-celery"):
            extra = {"dagster-k8s": "kubernetes", "dagster-celery": "celery"}[package]
            assert f"\n{package}==" in f"\n{(DEPLOY / f'requirements-{extra}.txt').read_text()}"
        else:
            kind = getattr(importlib.import_module(part["module"]), part["class"])
            assert process_config(resolve_to_config_type(kind.config_type()), part.get("config", {})).success
    assert settings["run_coordinator"]["class"] == "OneDaemonRunCoordinator"
    assert settings["run_monitoring"]["enabled"] is True


@pytest.mark.parametrize("name", [each for each in INSTANCES if each != "dagster.yaml"])
def test_how_many_runs_work_follows_the_cores(name):
    """A number written here was eight, on any machine."""
    assert "max_concurrent_runs" not in loaded(name)["run_coordinator"]["config"]


def test_the_code_location_has_one_name():
    """Dagster keeps the state of sensors under it."""
    [own] = documents("../workspace.yaml")[0]["load_from"]
    name = own["python_module"]["location_name"]
    [served] = loaded("workspace.yaml")["load_from"]

    assert served["grpc_server"]["location_name"] == name
    assert (DEPLOY / "kubernetes/workspace.yaml").read_text() == (DEPLOY / "workspace.yaml").read_text()
    assert name in COMPOSE["code-location"]["command"]
    assert name in container(of_kind("Deployment")["lora-code-location"])["args"]


def test_the_image_is_made_of_what_is_there():
    copied = [line.split()[1:-1] for line in CONTAINERFILE.splitlines() if re.match(r"COPY (?!--)", line)]
    named = [each for sources in copied for each in sources if "$" not in each]

    assert {"pipeline", "assets", "resources", "sensors"} <= set(named)
    assert [each for each in named if not list(ROOT.glob(each))] == []
    assert [
        each for each in re.findall(r"[\w/.-]*requirements[\w-]*\.txt", CONTAINERFILE) if not (ROOT / each).is_file()
    ] == []


def test_the_image_is_exact_and_ends_as_nobody():
    base = re.search(r"^ARG BASE=(\S+)$", CONTAINERFILE, re.MULTILINE)[1]
    last = CONTAINERFILE[CONTAINERFILE.rindex("\nFROM ") :]

    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", base)
    assert "--require-hashes" in CONTAINERFILE
    assert re.findall(r"^(USER \S+|CMD|HEALTHCHECK)", last, re.MULTILINE) == ["USER 10001:10001", "HEALTHCHECK", "CMD"]


def test_images_have_the_version_of_the_project():
    images = [each for _, text in texts() for each in re.findall(r"(?<![\d.])(\d+\.\d+\.\d+)(?:-kubernetes|\})", text)]

    assert set(images) == {PROJECT["version"]}
    assert "latest" not in str(COMPOSE) + str(loaded("helm-values.yaml"))


def test_dagsters_chart_takes_our_secret_and_our_code():
    """By itself it makes a secret of the name that it is given, with a password of its own."""
    values = loaded("helm-values.yaml")
    coordinator = values["dagsterDaemon"]["runCoordinator"]["config"]["customRunCoordinator"]
    [location] = values["dagster-user-deployments"]["deployments"]

    assert (values["generatePostgresqlPasswordSecret"], values["postgresql"]["enabled"]) == (False, False)
    assert hasattr(importlib.import_module(coordinator["module"]), coordinator["class"])
    assert location["dagsterApiGrpcArgs"] == ["-m", "pipeline.definitions", "-a", "defs"]
    assert {each["name"] for each in location["envConfigMaps"]} <= set(of_kind("ConfigMap"))


def test_what_extras_bring_is_locked():
    for lock in ("kubernetes", "celery", "kubernetes-dask"):
        wanted = [
            re.match(r"[\w-]+", each)[0]
            for extra in lock.split("-")
            for each in PROJECT["optional-dependencies"][extra]
            if "lora" not in each
        ]

        text = (DEPLOY / f"requirements-{lock}.txt").read_text()
        assert [each for each in wanted if f"\n{each}==" not in text] == []


def test_workers_of_celery_look_where_the_launcher_puts_runs():
    """A flat file is ignored, and a run then waits for ever."""
    launcher = loaded("dagster-celery.yaml")["run_launcher"]["config"]
    worker = loaded("celery-worker.yaml")["execution"]["config"]

    assert {name: worker[name] for name in ("broker", "backend")} == {
        name: launcher[name] for name in ("broker", "backend")
    }
    assert worker["config_source"]["task_default_queue"] == launcher["default_queue"]
    assert launcher["config_source"].items() <= worker["config_source"].items()
