"""Dask distributed as the engine: a scheduler that stands already hands the parts to its workers, and again to others
when a worker dies. All that is ours is when we stop waiting, and what we say then.

The workers need this version of the project, and the credentials of store and lake in their environment.
"""

from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import Any

from pipeline.engines.cluster_libraries import check_library
from pipeline.engines.engine import PartT, ResultT, Tell
from pipeline.engines.patience import ANSWER_S, Patience
from pipeline.engines.same_sources import run_checked, sources_digest
from pipeline.errors import EngineDown, EngineError

_RETRIES = 2  # of what a task raises; Dask itself counts the workers that died
_POLL_S = 1.0


class Dask:
    """A cluster. address: `dask://host:port` of its scheduler; answer_s: see `ANSWER_S`.

    Raises:
        SettingsError: Dask is not installed.
        EngineDown: nothing answers there, or there is no worker.
    """

    def __init__(self, address: str, answer_s: float = ANSWER_S) -> None:
        check_library("dask")
        from distributed import Client

        make_client: Callable[..., Any] = Client  # its methods have no types
        self._address, self._answer_s = address, answer_s
        try:
            where = f"tcp://{address.removeprefix('dask://')}"
            self._client = make_client(where, timeout=answer_s, set_as_default=False)
        except (OSError, ValueError) as error:
            raise self._down(f"has not answered for {answer_s:,.0f} s ({error})") from error
        self._waiting = Patience(answer_s)
        try:
            self._client.wait_for_workers(1, timeout=answer_s)
            self.width = max(1, len(self._client.nthreads()))
        except (OSError, TimeoutError) as error:
            self.close()
            raise self._without_workers() from error

    def map(self, task: Callable[[PartT, Tell], ResultT], parts: Iterable[PartT]) -> Iterator[tuple[int, ResultT]]:
        """See `Engine.map`."""
        done: SimpleQueue[Any] = SimpleQueue()
        numbers: dict[str, int] = {}
        kept = []  # a future that nobody holds is given up by the scheduler
        for number, part in enumerate(parts):
            future = self._client.submit(run_checked, task, part, sources_digest(), pure=False, retries=_RETRIES)
            numbers[future.key] = number
            kept.append(future)
            future.add_done_callback(done.put)
            while not done.empty():
                yield self._result(done.get(), numbers)
        while numbers:
            try:
                yield self._result(done.get(timeout=_POLL_S), numbers)
            except Empty:
                self._check()

    def close(self) -> None:
        """See `Engine.close`: the scheduler lets go of what only this client wanted; the cluster stays."""
        self._client.close(timeout=self._answer_s)

    def _result(self, future: Any, numbers: dict[str, int]) -> tuple[int, Any]:
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        number = numbers.pop(future.key)
        try:
            result = future.result(timeout=self._answer_s)
        except KilledWorker as error:
            raise EngineError(
                f"part {number + 1:,} ended every worker of {self._address} that tried it, the last "
                f"{error.last_worker.address}: look into its log, and give workers more memory"
            ) from error
        except (FutureCancelledError, TimeoutError) as error:
            raise self._down("has lost what it was given") from error
        except (ImportError, AttributeError, RuntimeError) as error:
            raise EngineError(
                f"the scheduler or a worker of LORA_ENGINE={self._address} cannot do this work ({error}): install this "
                "version of lora-dataset-pipeline on all of them"
            ) from error
        future.release()
        return number, result

    def _check(self) -> None:
        """See whether it is still worth waiting.

        Raises:
            EngineDown: it is not.
        """
        is_connected = self._client.status == "running"
        problem = "" if is_connected and self._has_workers() else "workers" if is_connected else "scheduler"
        if not self._waiting.is_over(problem):
            return
        raise self._without_workers() if is_connected else self._down(f"has gone for {self._answer_s:,.0f} s")

    def _has_workers(self) -> bool:
        try:
            return bool(self._client.nthreads())
        except (OSError, TimeoutError):
            return False

    def _down(self, what: str) -> EngineDown:
        return EngineDown(
            f"the Dask scheduler of LORA_ENGINE={self._address} {what}: check that it is up and that this machine "
            "reaches it, or set LORA_ENGINE=processes"
        )

    def _without_workers(self) -> EngineDown:
        return EngineDown(
            f"the Dask scheduler of LORA_ENGINE={self._address} has had no worker for {self._answer_s:,.0f} s: start "
            "some, or set LORA_ENGINE=processes"
        )
