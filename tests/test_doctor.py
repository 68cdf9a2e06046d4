"""`lora-pipeline doctor` names what is wrong, whatever else is down, and changes nothing."""

import json
import sqlite3
from contextlib import closing

import pytest

from pipeline import doctor as module
from pipeline.clock import utc_now
from pipeline.doctor import exit_code
from pipeline.preflight import Line, unknown_variables
from pipeline.service.health_of_parts import SENSOR
from tests.cli.goldens import run
from tests.installation import dagster_home, installation, make_installation

__all__ = ["dagster_home", "installation", "make_installation"]


def doctor(data_dir, **variables):
    """The exit code, and the lines by their names."""
    done = run(["doctor", "--json"], {"LORA_DATA_DIR": str(data_dir), **variables})
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return done.exit_code, {line["name"]: (line["level"], line["found"]) for line in lines}


@pytest.fixture
def data_dir(installation):
    """An installation whose daemon looked just now, and sends no heartbeats."""
    with installation.catalog() as catalog:
        catalog.note_look(SENSOR, utc_now())
    return installation.settings.data_dir


@pytest.fixture
def without_dagster(monkeypatch):
    """What is no matter of Dagster's need not start a process that imports it."""
    monkeypatch.setattr(module, "_dagster", lambda *_: iter(()))


def test_an_installation_that_is_well_but_for_the_daemon(data_dir):
    code, lines = doctor(data_dir)

    lines.pop("space")  # the machine's own matter
    assert {name: level for name, (level, _) in lines.items()} == {
        "settings": "ok", "rights": "ok", "catalog file": "ok", "migrations": "ok", "store": "ok", "catalog": "ok",
        "lake": "ok", "daemon": "ok", "warehouse": "warn", "Dagster": "ok", "Dagster's daemon": "warn",
        "sensors": "ok", "leftovers": "ok",
    }  # fmt: skip
    assert code in (1, 3)


def test_what_is_not_there_yet_is_not_made(tmp_path):
    _, lines = doctor(tmp_path / "new")

    assert [lines[name][0] for name in ("catalog", "Dagster", "warehouse")] == ["warn"] * 3
    assert list(tmp_path.iterdir()) == []


def test_all_that_is_broken_is_told_at_once(data_dir):
    """One part that is down hides no other."""
    runs = data_dir / "dagster_home" / "history" / "runs.db"
    for path in (data_dir / "catalog.db", data_dir / "warehouse.duckdb", runs):
        for left in path.parent.glob(f"{path.name}-*"):
            left.unlink()
        path.write_bytes(b"notes " * 1_000)

    code, lines = doctor(data_dir)

    assert code == 3
    failed = {name for name, (level, _) in lines.items() if level == "fail"} - {"space"}
    assert failed == {"catalog file", "catalog", "warehouse", "Dagster"}
    assert lines["Dagster"][1].startswith(f"{runs}: expected Dagster's database of runs")


@pytest.mark.usefixtures("without_dagster")
@pytest.mark.parametrize(("revision", "level"), [("0001", "warn"), ("9999", "fail")])
def test_a_catalog_of_another_version_is_told(data_dir, revision, level):
    with closing(sqlite3.connect(data_dir / "catalog.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])

    _, lines = doctor(data_dir)

    assert lines["migrations"][0] == level
    assert f"the catalog is at revision {revision}, this version at " in lines["migrations"][1]


def test_settings_that_cannot_be_used_are_told():
    code, lines = doctor("somewhere", LORA_MAX_ATTEMPTS="many")

    assert (code, list(lines)) == (3, ["settings"])
    assert "LORA_MAX_ATTEMPTS" in lines["settings"][1]


def test_a_mistyped_setting_is_told_with_the_one_that_was_meant():
    names = ("LORA_STOR", "LORA_QQQQQQQQQ", "LORA_LAKE", "PATH", "LORA_TOKEN")

    assert list(unknown_variables(dict.fromkeys(names, ""))) == [
        Line("settings", "warn", "LORA_QQQQQQQQQ is no setting", "unset it"),
        Line("settings", "warn", "LORA_STOR is no setting", "did you mean LORA_STORE?"),
    ]


@pytest.mark.parametrize(("levels", "code"), [(["ok"], 0), (["ok", "warn"], 1), (["warn", "fail", "ok"], 3)])
def test_the_exit_code_is_that_of_the_worst(levels, code):
    assert exit_code([Line("a part", level, "") for level in levels]) == code


@pytest.mark.usefixtures("without_dagster")
def test_people_read_a_line_each(data_dir):
    done = run(["doctor"], {"LORA_DATA_DIR": str(data_dir), "NO_COLOR": "1"})

    assert "ok   store: answers" in done.stdout.splitlines()
