"""Dagster's own daemon, with nothing of ours around it: sensor ticks, a queue, runs in processes of their own."""

import os
import subprocess
import sys
import time

import duckdb
import pytest

from tests.installation import PROJECT_DIR, bad_file, local_settings, new_home, valid_file

PATIENCE_S = 240


@pytest.fixture
def daemon(tmp_path):
    """A running daemon on a new data folder; yields the settings it has."""
    settings = local_settings(tmp_path / "data")
    new_home(settings.dagster_home)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(settings.dagster_home),
        "LORA_DATA_DIR": str(settings.data_dir),
        "LORA_SETTLE_S": "0",
        "LORA_PUBLICATION_PAUSE_S": "0",
        "LORA_SENSOR_INTERVAL_S": "1",
        "PYTHONPATH": str(PROJECT_DIR),
    }
    command = [sys.executable, "-m", "dagster._daemon", "run", "--module-name", "pipeline.definitions"]
    with (
        (tmp_path / "daemon.log").open("wb") as log,
        subprocess.Popen(command, cwd=PROJECT_DIR, env=environment, stdout=log, stderr=log) as process,
    ):
        yield settings
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def _published(settings):
    if not settings.warehouse.exists():
        return []
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return connection.execute(
            "SELECT name, status, conversation_count, count(line) FROM datasets LEFT JOIN turns ON dataset_id = id "
            "GROUP BY ALL ORDER BY ALL"
        ).fetchall()


def test_dropped_files_reach_the_warehouse_by_themselves(daemon, tmp_path):
    """The whole way of an upload, as in production."""
    folder = daemon.data_dir / "uploads" / "ana"
    folder.mkdir(parents=True)
    (folder / "good.jsonl").write_bytes(valid_file(12))
    (folder / "bad.jsonl").write_bytes(bad_file(3))
    wanted = [("bad", "error", 2, 0), ("good", "ready", 12, 24)]

    deadline_s = time.monotonic() + PATIENCE_S
    while (found := _published(daemon)) != wanted and time.monotonic() < deadline_s:
        time.sleep(0.5)

    assert found == wanted, (tmp_path / "daemon.log").read_text()[-5_000:]
