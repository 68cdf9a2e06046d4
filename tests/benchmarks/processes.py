"""Runs a program of this folder as a process of its own and measures it from outside.

The process that runs the benchmarks imports nothing but the standard library: on Linux a child's peak memory starts
with the size of its parent, so the parent has to stay small.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
_MAXRSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that ended well. output: the JSON it printed; cpu_s: user and system, with its own processes."""

    output: dict[str, Any]
    wall_s: float
    cpu_s: float
    peak_bytes: int


def environment() -> dict[str, str]:
    """What a measured process inherits: no settings of ours, and modules compiled once, as on anybody's machine.

    One OpenBLAS thread for every program, as ours asks for: what they cost others would flatter the comparison.
    """
    dropped = ("LORA_", "DAGSTER_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, "OPENBLAS_NUM_THREADS": "1"}


def run(program: str, *arguments: object) -> Ran:
    """Run `tests.benchmarks.<program>` to its end.

    Raises:
        RuntimeError: it failed; or it was smaller than this process, so that its peak says nothing.
    """
    return run_module(f"tests.benchmarks.{program}", *arguments)


def run_module(module: str, *arguments: object, good_codes: Collection[int] = (0,), is_json: bool = True) -> Ran:
    """Run any module to its end; is_json: whether it prints JSON, which is the outcome's `output`, else that is empty.

    Raises:
        RuntimeError: it failed; or it was smaller than this process, so that its peak says nothing.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    with tempfile.TemporaryFile() as output:
        start_s = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, env=environment())
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start_s
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in good_codes:
            raise RuntimeError(f"{' '.join(command[1:])} ended with {process.returncode}")
        output.seek(0)
        printed = json.loads(output.read() or b"{}") if is_json else {}
    peak_bytes = usage.ru_maxrss * _MAXRSS_UNIT_BYTES
    if peak_bytes <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT_BYTES:
        raise RuntimeError(f"{module}: expected a peak above this process's own, found {peak_bytes:,} bytes")
    return Ran(printed, wall_s, usage.ru_utime + usage.ru_stime, peak_bytes)
