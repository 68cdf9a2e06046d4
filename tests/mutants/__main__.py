"""`python -m tests.mutants [WORD…]`: is each lost behaviour noticed? Of those with a word in the name, or all."""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.mutants import LIMIT_S, copy_tree, load_mutants, mutated, run


@contextmanager
def stop_watch() -> Iterator[Callable[[], str]]:
    """Says how long the block took, and how long processors worked for it, in seconds."""
    started, worked = time.monotonic(), _worked_s()
    yield lambda: f"{time.monotonic() - started:.0f} | {_worked_s() - worked:.0f}"


def _worked_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--limit", type=float, default=LIMIT_S, metavar="SECONDS", help="for each; the default is 60")
    options = parser.parse_args()
    mutants = load_mutants()
    chosen = [each for each in mutants if not options.words or any(word in each.name for word in options.words)]
    alive = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        copy_tree(tree)
        print("| behaviour that is lost | fate | seconds | of them worked |\n|---|---|---|---|", flush=True)
        for mutant in chosen:
            with mutated(tree, mutant), stop_watch() as took:
                fate = run(tree, mutant.tests, options.limit)
            alive += fate != "killed"
            print(f"| {mutant.name} | {fate} | {took()} |", flush=True)
    print(f"{len(chosen) - alive} of {len(chosen)} killed")
    return 1 if alive else 0


if __name__ == "__main__":
    raise SystemExit(main())
