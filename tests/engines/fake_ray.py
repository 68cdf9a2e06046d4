"""Ray's module as far as the engine knows it, in this process: tasks are done when they are asked for."""

from collections.abc import Callable, Iterable
from types import ModuleType, SimpleNamespace


class RayError(Exception):
    """As `ray.exceptions` has it, and the next ones too."""


class RayTaskError(RayError):
    """A task raised."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(f"a trace of\nlines\n{cause}\n")
        self.cause = cause


class RaySystemError(RayError):
    """A task or a part cannot be unpacked."""


class ObjectLostError(RayError):
    """A result is gone."""


class GetTimeoutError(RayError, TimeoutError):
    """A result does not come."""


class WorkerCrashedError(RayError):
    """A part ended its workers."""


class OfTask(RayTaskError, OSError):
    """What Ray raises where a task raised an OSError: of both classes."""


class FakeRay(ModuleType):
    """`ray`. problem: what getting a result raises; cores: of the cluster; refusals: what connecting raises in turn."""

    def __init__(
        self, problem: Exception | None = None, cores: float = 2.0, refusals: Iterable[Exception] = ()
    ) -> None:
        super().__init__("ray")
        self.problem, self.cores, self.refusals, self.connections = problem, cores, list(refusals), 0
        self.exceptions = ModuleType("ray.exceptions")
        for each in (RayError, RayTaskError, RaySystemError, ObjectLostError, GetTimeoutError):
            setattr(self.exceptions, each.__name__, each)

    def init(self, _address: str, **_how: object) -> SimpleNamespace:
        if self.refusals:
            raise self.refusals.pop(0)
        self.connections += 1
        return SimpleNamespace(disconnect=self._disconnect)

    def _disconnect(self) -> None:
        self.connections -= 1

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": self.cores} if self.cores else {}

    def nodes(self) -> list[dict[str, object]]:
        return [{"Alive": True, "Resources": self.cluster_resources()}, {"Alive": False, "Resources": {"CPU": 9.0}}]

    def remote(self, **_how: object) -> Callable[[Callable[..., object]], SimpleNamespace]:
        return lambda task: SimpleNamespace(remote=lambda *parts: (task, parts))

    def wait(self, refs: list[object], *, num_returns: int, timeout: float) -> tuple[list[object], list[object]]:
        del timeout
        done = refs[-num_returns:] if self.cores else []
        return done, [ref for ref in refs if ref not in done]

    def get(self, ref: tuple[Callable[..., object], tuple[object, ...]], *, timeout: float) -> object:
        del timeout
        if self.problem:
            raise self.problem
        task, parts = ref
        return task(*parts)
