"""Collects why each value is what it is, in the order in which values are chosen."""

from typing import TypeVar

from pipeline.trainers.job import Explanation
from pipeline.training.jobs.preset_rules import Chosen

T = TypeVar("T")
BY_HAND = "set by hand"
"""How the reason of a value that was set by hand begins."""


class Explanations:
    """own: keys that were set by hand."""

    def __init__(self, own: frozenset[str]) -> None:
        self._own = own
        self._all: dict[str, Explanation] = {}

    def add(self, setting: str, chosen: Chosen[T]) -> T:
        """Note a value and give it back."""
        because = chosen.because
        if setting.rpartition(".")[2] in self._own:
            because = f"{BY_HAND}; {because}" if setting == "max_length" else BY_HAND
        self._all[setting] = Explanation(setting=setting, value=_shown(chosen.value), because=because)
        return chosen.value

    def drop(self, setting: str) -> None:
        """Forget a value that the job does not have after all."""
        self._all.pop(setting, None)

    def all(self) -> tuple[Explanation, ...]:
        """All of them."""
        return tuple(self._all.values())


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
