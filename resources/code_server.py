"""`python -m resources.code_server`: Dagster's code server, which loads the definitions again where that failed.

Dagster's own tries once. A server that starts or is renewed while Dagster's storage is away keeps that error for ever:
no sensor looks and no run is started, though the storage is back, until a person starts the server anew.
"""

import argparse
import logging
import sys
import time
from collections.abc import Callable, Iterator
from threading import Thread

import dagster as dg

from resources.dagster_internals import DagsterGrpcClient, SerializableErrorInfo, code_server_cli, deserialize_value

_LOG = logging.getLogger("resources.code_server")  # also where it is the program
_LOOK_S = 5.0  # seconds between two looks; one costs a millisecond
_PAUSES_S = (0.0, 10.0, 30.0, 120.0)  # before each further try, the last again and again: the code itself may be broken
_LOADING_S = 120  # seconds; loading the definitions takes 5 to 20


def tries(client: DagsterGrpcClient, wait: Callable[[float], None] = time.sleep) -> Iterator[bool]:
    """Look after a server: each step is one look, and says whether the definitions were asked to be loaded again.

    They are where they could not be loaded, and Dagster's storage answers.
    """
    failures = 0
    while True:
        is_due = _has_failed(client) and _storage_answers()
        if is_due:
            wait(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
            failures += 1
            _LOG.warning("the definitions could not be loaded: they are loaded again")
            client.reload_code(timeout=_LOADING_S)
        elif not _has_failed(client):
            failures = 0
        yield is_due
        wait(_LOOK_S)


def _has_failed(client: DagsterGrpcClient) -> bool:
    answer: object = deserialize_value(client.list_repositories())
    return isinstance(answer, SerializableErrorInfo)


def _storage_answers() -> bool:
    try:
        with dg.DagsterInstance.get():
            return True
    except Exception:  # whatever its driver says
        return False


def _look_after(client: DagsterGrpcClient) -> None:
    while True:
        try:
            for _ in tries(client):
                pass
        except Exception as error:  # the server begins, or ends, or is busy: the next look tells
            _LOG.info("the code server does not answer: %s", error)
        time.sleep(_LOOK_S)


def main(arguments: list[str]) -> None:
    """Serve as `dagster code-server start` with the same arguments does."""
    place = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    place.add_argument("--socket", "-s")
    place.add_argument("--port", "-p", type=int)
    found = place.parse_known_args(arguments)[0]
    client = DagsterGrpcClient(port=found.port, socket=found.socket, host="localhost")
    Thread(target=_look_after, args=(client,), name="reloading", daemon=True).start()
    code_server_cli(["start", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
