"""What a format is to the engine: a name, a way to recognise a row, and one reader that is the authority on it.

To add a format, write a class with this shape and put it into `FORMATS` in `__init__.py`: see `docs/how-to/format.md`.
"""

from typing import Protocol

from pipeline.dataset.findings.faults import Faults
from pipeline.dataset.formats.rows.shapes import Shape
from pipeline.dataset.model.conversation import FullConversation, Layout
from pipeline.dataset.model.json_text import Json


class Format(Protocol):
    """A shape of rows. Formats are values: equal, hashable and picklable."""

    @property
    def name(self) -> str:
        """Public name, as in reports and on the command line."""

    @property
    def title(self) -> str:
        """What a row is, for people."""

    @property
    def example(self) -> str:
        """A row of it, for people; "" of a variant, whose name another has."""

    @property
    def becomes(self) -> str:
        """What becomes of a row, as Markdown."""

    @property
    def layout(self) -> Layout:
        """Where the rows keep what we read."""

    def fits(self, row: Json) -> bool:
        """Whether a row has the fields that this format goes by; their types may still be wrong."""

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The conversation of a row, or None and every fault of it."""

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Its usual rows, which are read a block at a time. No shape may accept what `read` does not."""
