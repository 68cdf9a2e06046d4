"""Which golden files a command writes: those it names, or all; so one new one is written without touching others."""

import sys
from collections.abc import Iterable, Sequence


def chosen_goldens(names: Iterable[str], arguments: Sequence[str] | None = None) -> list[str]:
    """The names asked for, each as it is or without its ending; all where none is.

    arguments: those of the command line by default.
    """
    every = list(names)
    asked = sys.argv[1:] if arguments is None else arguments
    if not asked:
        return every
    found = {each: [name for name in every if each in (name, name.partition(".")[0])] for each in asked}
    if unknown := [each for each, those in found.items() if not those]:
        raise SystemExit(f"no golden named {', '.join(unknown)}; there are {', '.join(every)}")
    return [name for those in found.values() for name in those]
