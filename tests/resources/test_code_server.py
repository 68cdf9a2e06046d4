"""Promises of `resources.code_server`: one that could not load the definitions does so when it can."""

import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from resources import code_server
from resources.dagster_internals import DagsterGrpcClient, SerializableErrorInfo, deserialize_value

DEFINITIONS = "import dagster as dg\n\n\n@dg.asset\ndef one(): ...\n\n\ndefs = dg.Definitions([one])\n"


def test_a_server_that_began_while_dagsters_storage_was_away_loads_when_it_is_back(tmp_path, monkeypatch):
    home, defined = tmp_path / "home", tmp_path / "defined.py"
    home.mkdir()
    defined.write_text(DEFINITIONS)
    away = tmp_path / "storage"
    away.write_text("no folder")
    (home / "dagster.yaml").write_text(f"storage: {{sqlite: {{base_dir: {away}}}}}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    socket = str(tmp_path / "code.sock")
    client = DagsterGrpcClient(socket=socket)
    command = [sys.executable, "-m", "resources.code_server", "--socket", socket, "-f", str(defined), "-a", "defs"]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}) as server:
        try:
            _until(lambda: _is_failed(client) is True)
            assert next(code_server.tries(client)) is False  # while it is away, nothing is tried
            away.unlink()
            _until(lambda: _is_failed(client) is False)
        finally:
            server.terminate()


def _until(is_true: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 120
    while not is_true():
        if time.monotonic() > deadline_s:
            pytest.fail("waited in vain")
        time.sleep(0.1)


def _is_failed(client: DagsterGrpcClient) -> bool | None:
    """None while it does not answer yet."""
    try:
        return isinstance(deserialize_value(client.list_repositories()), SerializableErrorInfo)
    except Exception:
        return None
