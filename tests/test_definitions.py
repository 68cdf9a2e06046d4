"""The definitions load anywhere, and loading them has no effect."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from pipeline.definitions import build_defs, defs
from pipeline.settings import load_settings
from tests.installation import PROJECT_DIR


@pytest.fixture(scope="module")
def empty_machine(tmp_path_factory):
    """An environment that names a new data folder and nothing else, and a bare DAGSTER_HOME."""
    folder = tmp_path_factory.mktemp("empty")
    (folder / "home").mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LORA_", "DAGSTER_"))}
    return folder, {
        **environment,
        "LORA_DATA_DIR": str(folder / "data"),
        "DAGSTER_HOME": str(folder / "home"),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }


def _python(arguments, empty_machine):
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=PROJECT_DIR, env=empty_machine[1], capture_output=True, text=True, timeout=300)


def test_dagster_accepts_the_definitions_on_an_empty_machine(empty_machine):
    """`dagster definitions validate`, as a deployment runs it."""
    done = _python(["-m", "dagster", "definitions", "validate"], empty_machine)

    assert done.returncode == 0, done.stderr
    assert "Validation successful" in done.stderr + done.stdout


def test_importing_the_definitions_touches_no_file_and_reads_no_setting(empty_machine):
    """Whoever imports a module gets a module: no folder is made, no database opened, no variable needed."""
    done = _python(["-c", WATCHED_IMPORT], empty_machine)

    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
    assert not (empty_machine[0] / "data").exists()


# Python itself reads modules and writes their byte code; whatever else is opened, made or connected to is told.
WATCHED_IMPORT = """
import os, sys
places = (os.environ["LORA_DATA_DIR"], os.environ["DAGSTER_HOME"])
seen = []

def watch(event, arguments):
    if event not in {"open", "sqlite3.connect", "os.mkdir", "socket.connect"}:
        return
    path = str(arguments[0])
    is_harmless = event == "open" and not path.startswith(places) and not set(str(arguments[1])) & set("wax+")
    if not is_harmless and "__pycache__" not in path:
        seen.append((event, path))

os.environ["LORA_BATCH_MAX_BYTES"] = "not a number"
sys.addaudithook(watch)
import pipeline.definitions
print(seen)
"""


def test_the_defaults_need_no_server_and_make_nothing(tmp_path, monkeypatch):
    """Building the definitions only says what there is; folders come with the first upload."""
    monkeypatch.setenv("LORA_DATA_DIR", str(tmp_path / "data"))

    dg.Definitions.validate_loadable(defs())

    assert not (tmp_path / "data").exists()


def test_there_is_a_sensor_a_schedule_or_a_job_for_everything_that_happens_by_itself(tmp_path):
    """Renaming one of them loses its cursor or its history in every installation."""
    repository = build_defs(load_settings(data_dir=tmp_path)).get_repository_def()

    assert {each.name for each in repository.sensor_defs} >= {"new_uploads", "failed_runs", "stale_warehouse"}
    assert {each.name for each in repository.schedule_defs} >= {
        "daily_reconcile",
        "hourly_publication",
        "hourly_expiry",
    }
    assert {"ingest", "publish", "reconcile", "expire_uploads"} <= set(repository.job_names)


def test_a_resource_can_be_replaced_by_name(tmp_path):
    """Tests and embedders use their own parts."""
    settings = load_settings(data_dir=tmp_path)
    mine = dg.ResourceDefinition.hardcoded_resource("mine")

    assert build_defs(settings, {"lake": mine}).resources["lake"] is mine


def test_nothing_under_pipeline_imports_dagster_but_the_definitions():
    """`pipeline/` thinks; it can be read, tested and used without an orchestrator."""
    importers = {
        str(path.relative_to(PROJECT_DIR))
        for path in sorted((PROJECT_DIR / "pipeline").rglob("*.py"))
        if any(name.split(".")[0].startswith("dagster") for name in _imports(path))
    }

    assert importers == {"pipeline/definitions.py"}


def _imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_each_asset_that_runs_tells_the_line_of_its_code(settings):
    assets = [each for each in build_defs(settings).assets if isinstance(each, dg.AssetsDefinition)]

    for asset in assets:
        for spec in asset.specs:
            [place] = spec.metadata["dagster/code_references"].code_references
            lines = Path(place.file_path).read_text().splitlines()
            assert f"def {asset.op.name}(" in "".join(lines[place.line_number - 1 : place.line_number + 40])
    assert len(assets) == 6
