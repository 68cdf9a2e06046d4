"""Promises of `pipeline.packaged_files`: an installed copy has what it needs, and its data outside of itself."""

import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from pipeline import packaged_files
from pipeline.packaged_files import PROJECT_DIR, default_data_dir, default_tools_dir, project_file

NEEDED = (
    "deploy/dagster.yaml",
    *(f"data/samples/{path.name}" for path in (PROJECT_DIR / "data/samples").glob("*.jsonl")),
)


def test_a_checkout_has_its_files_and_its_data_in_its_own_folder():
    assert project_file("deploy/dagster.yaml") == PROJECT_DIR / "deploy" / "dagster.yaml"
    assert (default_data_dir(), default_tools_dir()) == (PROJECT_DIR / "data", PROJECT_DIR)


@pytest.mark.parametrize(
    ("platform", "variables", "place"),
    [
        ("linux", {}, ".local/share/lora-pipeline"),
        ("linux", {"XDG_DATA_HOME": "/elsewhere"}, "/elsewhere/lora-pipeline"),
        ("darwin", {}, "Library/Application Support/lora-pipeline"),
        ("win32", {}, "AppData/Local/lora-pipeline"),
    ],
)
def test_an_installed_copy_has_its_data_where_the_platform_keeps_it(platform, variables, place, tmp_path, monkeypatch):
    (tmp_path / "packaged").mkdir()
    monkeypatch.setattr(packaged_files, "_PACKAGED", tmp_path / "packaged")
    monkeypatch.setattr(packaged_files.sys, "platform", platform)
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert default_data_dir() == default_tools_dir() == tmp_path / place
    assert project_file("deploy/dagster.yaml") == tmp_path / "packaged" / "deploy" / "dagster.yaml"


def test_the_wheel_has_what_an_installed_copy_reads(tmp_path):
    """Byte for byte, with the commands and all that lies beside code; and nothing of the tests."""
    [wheel] = WheelBuilder(str(PROJECT_DIR)).build(directory=str(tmp_path), versions=["standard"])

    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert [archive.read(f"pipeline/packaged/{name}") for name in NEEDED] == [
            (PROJECT_DIR / name).read_bytes() for name in NEEDED
        ]
    beside = {path.relative_to(PROJECT_DIR).as_posix() for path in (PROJECT_DIR / "pipeline").rglob("*.toml")}
    assert beside - names == set()
    assert {Path(name).parts[0] for name in names if "dist-info" not in name} == {
        *("pipeline", "assets", "resources", "sensors"),
    }
