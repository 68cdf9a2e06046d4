"""Picks the engine that a setting names; Dask is imported only where it is named (a second)."""

from pipeline.engines.engine import Engine
from pipeline.engines.processes import Processes
from pipeline.errors import EngineDown

PROCESSES = "processes"
_DASK = "dask://"


def is_cluster(name: str) -> bool:
    """Whether an engine's workers are other machines'."""
    return name != PROCESSES


def make_engine(name: str, processes: int, answer_s: float | None = None) -> Engine:
    """Start the engine of `LORA_ENGINE`. processes: how many, where it is this machine.

    answer_s: how long a cluster may take to answer, None for as long as usual.

    Raises:
        SettingsError: what it needs is not installed.
        EngineDown: it does not answer, or has no worker.
    """
    if not is_cluster(name):
        return Processes(processes)
    from pipeline.engines.dask import ANSWER_S, Dask

    return Dask(name, ANSWER_S if answer_s is None else answer_s)


def check_engine(name: str) -> None:
    """Insist on what an engine needs being installed.

    Raises:
        SettingsError: it is not.
    """
    if is_cluster(name):
        from pipeline.engines.dask import check_library

        check_library()


def engine_problem(name: str, answer_s: float) -> str:
    """What is wrong with an engine, in a sentence; empty where it answers and has workers.

    Raises:
        SettingsError: what it needs is not installed.
    """
    if not is_cluster(name):
        return ""
    try:
        make_engine(name, 1, answer_s).close()
    except EngineDown as error:
        return str(error)
    return ""
