"""What a value may be: for what users set, and for what stands in a trainer's file."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ValueRule:
    """What a value has to be."""

    kind: Literal["integer", "number", "choice", "switch", "text"]
    low: float = 0
    """What a number lies between, both included."""
    high: float = 0
    """What a number lies between, both included."""
    choices: tuple[str, ...] = ()
    """Of a text; empty where any will do."""

    @property
    def expected(self) -> str:
        """What is taken, for a message."""
        if self.kind == "choice":
            return f"one of {', '.join(self.choices)}"
        if self.kind == "switch":
            return "true or false"
        if self.kind == "text":
            return "a text of 1 to 200 characters"
        return f"{'an integer' if self.kind == 'integer' else 'a number'} from {self.low:.10g} to {self.high:.10g}"

    def accepts(self, value: object) -> bool:
        """Whether it is taken."""
        match self.kind:
            case "switch":
                return isinstance(value, bool)
            case "choice":
                return isinstance(value, str) and value in self.choices
            case "text":
                return isinstance(value, str) and 1 <= len(value) <= 200 and value.isprintable()
            case "integer":
                return type(value) is int and self.low <= value <= self.high
            case "number":
                return type(value) in (int, float) and self.low <= value <= self.high  # type: ignore[operator]


def integer(low: int, high: int) -> ValueRule:
    """An integer between two."""
    return ValueRule("integer", low, high)


def number(low: float, high: float) -> ValueRule:
    """A number between two."""
    return ValueRule("number", low, high)


def choice(*choices: str) -> ValueRule:
    """One of some texts."""
    return ValueRule("choice", choices=choices)


SWITCH = ValueRule("switch")
TEXT = ValueRule("text")
