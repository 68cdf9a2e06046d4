"""Reads what lies in deploy/: manifests of Kubernetes, files of compose, Dagster's own settings, the Containerfile."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
DASK = DEPLOY / "kubernetes-dask"
INSTANCES = (
    "dagster.yaml",
    "dagster-postgres.yaml",
    "dagster-celery.yaml",
    "dagster-ecs.yaml",
    "kubernetes/dagster.yaml",
)
Found = dict[str, Any]


@cache
def documents(name: str) -> list[Found]:
    """The documents of a file."""
    return list(yaml.safe_load_all((DEPLOY / name).read_text()))


def loaded(name: str) -> Found:
    """The one document of a file."""
    [found] = documents(name)
    return found


def resources() -> list[Found]:
    """Everything that the base brings, in its order."""
    return [
        each
        for name in loaded("kubernetes/kustomization.yaml")["resources"]
        for each in documents(f"kubernetes/{name}")
    ]


def overlay() -> Found:
    """The overlay that docs/deployment.md shows."""
    [text] = re.findall(
        r"```yaml\n# OVERLAY/kustomization\.yaml\n(.*?)```", (ROOT / "docs/deployment.md").read_text(), re.DOTALL
    )
    found: Found = yaml.safe_load(text)
    return found


def of_kind(kind: str) -> dict[str, Found]:
    """Resources of a kind, by name."""
    return {each["metadata"]["name"]: each for each in resources() if each["kind"] == kind}


def component(pod: Found) -> str:
    """Which part of the installation a Deployment is."""
    label: str = pod["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]
    return label


def container(deployment: Found) -> Found:
    """Its one container."""
    [found] = deployment["spec"]["template"]["spec"]["containers"]
    return found


def texts() -> Iterator[tuple[str, str]]:
    """Each file of deploy/ with its text, without the locks."""
    for path in sorted(DEPLOY.rglob("*")):
        if path.is_file() and not path.name.startswith(("requirements", ".env", "settings.env")):
            yield path.relative_to(DEPLOY).as_posix(), path.read_text()


def variables_read(instance: Found) -> set[str]:
    """Names of the environment that Dagster's settings name as `env:`."""
    return set(re.findall(r"'env': '(\w+)'", str(instance)))
