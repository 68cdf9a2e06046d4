"""Picks the engine that a setting names; what it needs is imported only where it is named (a second)."""

from pipeline.engines.cluster_libraries import check_library
from pipeline.engines.engine import Engine
from pipeline.engines.patience import ANSWER_S
from pipeline.engines.processes import Processes
from pipeline.errors import EngineDown

PROCESSES = "processes"
_RAY = "ray://"


def is_cluster(name: str) -> bool:
    """Whether an engine's workers are other machines'."""
    return name != PROCESSES


def make_engine(name: str, processes: int, answer_s: float = ANSWER_S) -> Engine:
    """Start the engine of `LORA_ENGINE`. processes: how many, where it is this machine.

    answer_s: how long a cluster may take to answer.

    Raises:
        SettingsError: what it needs is not installed.
        EngineError: the cluster cannot do this program's work.
        EngineDown: it does not answer, or has no worker.
    """
    if not is_cluster(name):
        return Processes(processes)
    if name.startswith(_RAY):
        from pipeline.engines.ray import Ray

        return Ray(name, answer_s)
    from pipeline.engines.dask import Dask

    return Dask(name, answer_s)


def check_engine(name: str) -> None:
    """Insist on what an engine needs being installed.

    Raises:
        SettingsError: it is not.
    """
    if is_cluster(name):
        check_library(name.partition("://")[0])


def engine_problem(name: str, answer_s: float) -> str:
    """What is wrong with an engine, in a sentence; empty where it answers, and has workers as far as it is asked.

    Raises:
        SettingsError: what is needed to ask is not installed.
    """
    try:
        if name.startswith(_RAY):
            from pipeline.engines.ray import check_answers

            check_answers(name, answer_s)
        elif is_cluster(name):
            make_engine(name, 1, answer_s).close()
    except EngineDown as error:
        return str(error)
    return ""
