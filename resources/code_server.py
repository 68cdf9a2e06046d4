"""`python -m resources.code_server`: Dagster's code server, which loads the definitions again where that failed.

Dagster's own tries once. A server that starts or is renewed while Dagster's storage is away keeps that error for ever:
no sensor looks and no run is started, though the storage is back, until a person starts the server anew.

The process below it that loads them is ours, too: `resources/run_server/`.
"""

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from threading import Thread

import dagster as dg

from resources.dagster_internals import (
    PROGRAM,
    DagsterGrpcClient,
    SerializableErrorInfo,
    code_server_cli,
    deserialize_value,
    grpc_server,
)

_LOG = logging.getLogger("resources.code_server")  # also where it is the program
_LOOK_S = 5.0  # seconds between two looks; one costs a millisecond
_PAUSES_S = (0.0, 10.0, 30.0, 120.0)  # before each further try, the last again and again: the code itself may be broken
_ALL_ADDRESSES = ("0.0.0.0", "::")  # noqa: S104  # compared with
_LOADING_S = 120  # seconds; loading the definitions takes 5 to 20


def tries(client: DagsterGrpcClient, wait: Callable[[float], None] = time.sleep) -> Iterator[bool]:
    """Look after a server: each step is one look, and says whether the definitions were asked to be loaded again.

    They are where they could not be loaded, and Dagster's storage answers.
    """
    failures = 0
    while True:
        has_failed = _has_failed(client)
        is_due = has_failed is True and _storage_answers()
        if is_due:
            wait(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
            failures += 1
            _reload(client)
        elif has_failed is False:
            failures = 0
        yield is_due
        wait(_LOOK_S)


def _has_failed(client: DagsterGrpcClient) -> bool | None:
    """None where the server does not say: it begins, or ends, or is busy, and the next look tells."""
    try:
        answer: object = deserialize_value(client.list_repositories())
    except Exception as error:
        _LOG.info("the code server does not answer: %s", error)
        return None
    return isinstance(answer, SerializableErrorInfo)


def _reload(client: DagsterGrpcClient) -> None:
    if not _has_failed(client):
        return  # a person was quicker
    _LOG.warning("the definitions could not be loaded: they are loaded again")
    try:
        client.reload_code(timeout=_LOADING_S)
    except Exception as error:  # also where the process that is to be replaced has ended by itself
        _LOG.info("loading them ended with an error: %s", error)


def _storage_answers() -> bool:
    try:
        with dg.DagsterInstance.get():
            return True
    except Exception:  # whatever its driver says
        return False


def _look_after(client: DagsterGrpcClient) -> None:
    for _ in tries(client):
        pass


def main(arguments: list[str]) -> None:
    """Serve as `dagster code-server start` with the same arguments does."""
    if client := _client(arguments):
        Thread(target=_look_after, args=(client,), name="reloading", daemon=True).start()
    setattr(grpc_server, PROGRAM, lambda python: [python, "-m", "resources.run_server"])
    code_server_cli(["start", *arguments])


def _client(arguments: list[str]) -> DagsterGrpcClient | None:
    """Whoever asks the server of these arguments; None where they name no place, which Dagster says then."""
    place = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    place.add_argument("--socket", "-s", default=os.environ.get("DAGSTER_CODE_SERVER_SOCKET"))
    place.add_argument("--port", "-p", type=int, default=os.environ.get("DAGSTER_CODE_SERVER_PORT"))
    place.add_argument("--host", "-h", default=os.environ.get("DAGSTER_CODE_SERVER_HOST"))
    found = place.parse_known_args(arguments)[0]
    if not found.socket and not found.port:
        return None
    host = "localhost" if found.host in (None, *_ALL_ADDRESSES) else found.host
    return DagsterGrpcClient(port=found.port, socket=found.socket, host=host)


if __name__ == "__main__":
    main(sys.argv[1:])
