"""What is wrong at a place, in parts, as whatever finds it says it; `dataset/findings/` makes the sentence."""

from typing import NamedTuple


class Mismatch(NamedTuple):
    """Something that is not as it should be. A part that does not apply is None."""

    expected: str | None
    """What should be there, as it follows the word "expected"."""
    found: str | None
    """What is there instead, as it follows the word "found"; alike for alike faults, so that it can be counted."""
    detail: str | None = None
    """What else is to be said, as it follows what was found: a place in the text, a likely cause, further places."""
    column: int | None = None
    """Where in the row it is, in characters from 1, where no path tells; of a row without its byte order mark."""
