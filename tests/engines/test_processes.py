"""The engine that is always there gives every part's result, once, with any number of processes."""

import math
import os
import signal
from contextlib import closing

import pytest

from pipeline.engines import engine_problem, is_cluster, make_engine
from pipeline.engines.processes import Processes
from pipeline.errors import EngineError, UsageError


def square(number, tell):
    tell(number)
    return math.isqrt(number) if number != 49 else _refuse()


def _refuse():
    raise UsageError("no 49")


@pytest.mark.parametrize("count", [1, 2])
def test_each_part_has_its_result_and_all_bytes_are_told(count):
    told = []
    with closing(Processes(count, told.append)) as engine:
        results = dict(engine.map(square, (n * n for n in range(7))))

    assert results == {n: n for n in range(7)}
    assert sum(told) == sum(n * n for n in range(7))


def test_what_a_task_raises_is_raised():
    with closing(make_engine("processes", 1)) as engine, pytest.raises(UsageError, match="no 49"):
        dict(engine.map(square, [9, 49, 16]))


def test_the_machine_itself_is_no_cluster_and_always_answers():
    assert (is_cluster("processes"), engine_problem("processes", 1)) == (False, "")


def end_elsewhere(own, _tell):
    """A part that ends the process that does it, but for the one that is named."""
    if os.getpid() != own:
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_killed_is_told_with_what_to_do():
    with (
        closing(Processes(2)) as engine,
        pytest.raises(EngineError, match=r"was killed before .* \(--workers 1; LORA_"),
    ):
        list(engine.map(end_elsewhere, [os.getpid()] * 6))
