"""Promises of `resources.code_server`: one that could not load the definitions does so when it can."""

import os
import subprocess
import sys

import pytest
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._serdes import serialize_value

from resources import code_server
from resources.dagster_internals import DagsterGrpcClient, SerializableErrorInfo, deserialize_value
from tests.waiting import until

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
            until(lambda: _is_failed(client) is True)
            assert next(code_server.tries(client)) is False  # while it is away, nothing is tried
            away.unlink()
            until(lambda: _is_failed(client) is False)
        finally:
            server.terminate()


@pytest.mark.parametrize(
    ("arguments", "host", "port"),
    [
        (["-h", "0.0.0.0", "-p", "4000"], "localhost", 4000),
        (["--host", "10.1.2.3", "--port=4000", "-a", "defs"], "10.1.2.3", 4000),
        (["-m", "pipeline.definitions"], "localhost", 4001),
    ],
)
def test_the_server_is_asked_where_its_arguments_or_dagsters_variables_place_it(monkeypatch, arguments, host, port):
    monkeypatch.setenv("DAGSTER_CODE_SERVER_PORT", "4001")

    client = code_server._client(arguments)

    assert (client.host, client.port) == (host, port)


def test_arguments_that_name_no_place_are_left_to_dagster_to_refuse(monkeypatch):
    monkeypatch.delenv("DAGSTER_CODE_SERVER_PORT", raising=False)

    assert code_server._client(["--help"]) is None


class _Broken:
    """A server whose code ends each process that loads it: Dagster's answer to the request is an error then."""

    reloads = 0

    def list_repositories(self):
        return serialize_value(SerializableErrorInfo("it ended", [], None))

    def reload_code(self, timeout):
        self.reloads += 1
        raise DagsterUserCodeUnreachableError("the process before has ended")


def test_code_that_cannot_be_loaded_is_tried_ever_more_seldom_whatever_dagster_says_of_a_try(monkeypatch):
    monkeypatch.setattr(code_server, "_storage_answers", lambda: True)
    server, waits = _Broken(), []
    looks = code_server.tries(server, waits.append)

    assert [next(looks) for _ in range(5)] == [True] * 5
    assert server.reloads == 5
    assert [each for each in waits if each != code_server._LOOK_S] == [0, 10, 30, 120, 120]


def _is_failed(client: DagsterGrpcClient) -> bool | None:
    """None while it does not answer yet."""
    try:
        return isinstance(deserialize_value(client.list_repositories()), SerializableErrorInfo)
    except Exception:
        return None
