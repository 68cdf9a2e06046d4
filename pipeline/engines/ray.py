"""Ray as the engine: a cluster that stands already, by the server for clients on its head (`ray://host:10001`). Ray
hands the parts to its workers, and again to others when a worker dies.

The workers need this version of the project, and the credentials of store and lake in their environment. Ray knows one
connection a process: a second engine is made after the first is closed.
"""

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from pipeline.engines.cluster_libraries import check_library
from pipeline.engines.engine import PartT, ResultT, Tell
from pipeline.engines.patience import ANSWER_S, Patience
from pipeline.engines.same_sources import run_checked, sources_digest
from pipeline.errors import EngineDown, EngineError

_RETRIES = 2  # of a part that raises, or whose worker died
_CONNECTS = 4
"""How often a connection is begun. The head forks a process for each client, a few in a hundred of which die at once
(ray-project/ray issue 63202: 7 %), which says nothing of the cluster."""
_POLL_S = 1.0


def check_answers(address: str, answer_s: float) -> None:
    """See whether something listens there. A client of Ray would start a process on the head, which takes seconds.

    Raises:
        EngineDown: nothing does.
    """
    place = urlsplit(address)
    try:
        socket.create_connection((place.hostname or "", place.port or 0), answer_s).close()
    except OSError as error:
        raise _down(address, f"has not answered for {answer_s:,.0f} s ({error})") from error


class Ray:
    """A cluster. address: `ray://host:port` of the server for clients; answer_s: see `ANSWER_S`.

    Raises:
        SettingsError: Ray is not installed.
        EngineError: the cluster has another version of Ray or Python.
        EngineDown: nothing answers there.
    """

    def __init__(self, address: str, answer_s: float = ANSWER_S) -> None:
        check_library("ray")
        check_answers(address, answer_s)
        import ray

        self._ray: Any = ray
        self._address, self._answer_s = address, answer_s
        self._waiting = Patience(answer_s)
        with self._outages("does not take this client"):
            try:
                self._context = self._connected()
            except RuntimeError as error:  # versions
                raise self._unable(error) from error
            try:
                self.width = max(1, int(self._ray.cluster_resources().get("CPU", 0)))
            except BaseException:
                self.close()  # Ray knows one connection a process: the next try would be refused
                raise

    def map(self, task: Callable[[PartT, Tell], ResultT], parts: Iterable[PartT]) -> Iterator[tuple[int, ResultT]]:
        """See `Engine.map`."""
        there = self._ray.remote(max_retries=_RETRIES, retry_exceptions=True)(run_checked)
        running: dict[Any, int] = {}
        for number, part in enumerate(parts):
            with self._outages("has gone"):
                running[there.remote(task, part, sources_digest())] = number
            yield from self._done(running, 0)
        while running:
            yield from self._done(running, _POLL_S)

    def close(self) -> None:
        """See `Engine.close`: what this client began ends with it; the cluster stays."""
        self._context.disconnect()

    def _connected(self) -> Any:
        for _ in range(_CONNECTS - 1):
            with suppress(ConnectionAbortedError):
                return self._connect()
        return self._connect()

    def _connect(self) -> Any:
        return self._ray.init(self._address, logging_level="ERROR", log_to_driver=False)

    def _done(self, running: dict[Any, int], wait_s: float) -> Iterator[tuple[int, Any]]:
        with self._outages("has gone"):
            ready, _ = self._ray.wait(list(running), num_returns=1, timeout=wait_s)
            if not ready and self._waiting.is_over("" if self._has_workers() else "workers"):
                raise _down(self._address, f"has had no worker for {self._answer_s:,.0f} s")
        for each in ready:
            number = running.pop(each)
            yield number, self._result(each, number)

    def _result(self, done: Any, number: int) -> Any:
        from ray import exceptions

        try:
            return self._ray.get(done, timeout=self._answer_s)
        except exceptions.RayTaskError as error:  # it also is of the class of its cause
            if isinstance(error.cause, ImportError | AttributeError | RuntimeError):
                raise self._unable(error.cause) from error
            raise error.cause from error
        except exceptions.RaySystemError as error:  # such as a task or a part that cannot be unpacked there
            raise self._unable(error) from error
        except (exceptions.ObjectLostError, exceptions.GetTimeoutError, OSError) as error:
            raise _down(self._address, "has lost what it was given") from error
        except exceptions.RayError as error:
            raise EngineError(
                f"part {number + 1:,} ended every worker of {self._address} that tried it ({type(error).__name__}): "
                "look into Ray's logs, and give workers more memory"
            ) from error

    def _has_workers(self) -> bool:
        return any(node["Alive"] and node["Resources"].get("CPU") for node in self._ray.nodes())

    @contextmanager
    def _outages(self, what: str) -> Iterator[None]:
        try:
            yield
        except (OSError, TimeoutError) as error:
            raise _down(self._address, f"{what} ({error})") from error

    def _unable(self, error: Exception) -> EngineError:
        what = str(error).strip().rpartition("\n")[2]  # before it, Ray has the whole trace of the worker
        return EngineError(
            f"the cluster of LORA_ENGINE={self._address} cannot do this work ({what}): install this version of "
            "lora-dataset-pipeline, with the same Ray and Python, on all of its machines"
        )


def _down(address: str, what: str) -> EngineDown:
    return EngineDown(
        f"the Ray cluster of LORA_ENGINE={address} {what}: check that it is up and that this machine reaches it, or "
        "set LORA_ENGINE=processes"
    )
