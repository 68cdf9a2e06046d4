"""Rows whose fields a mapping names: how they are read. What a person may say of them is `mapping.py`, which nothing
here imports: a file that needs no mapping is read without pydantic.
"""

from dataclasses import dataclass, replace

from pipeline.dataset.findings.faults import Faults, as_object, check_nul, field, keys_of
from pipeline.dataset.formats.rows.beside_text import media_of
from pipeline.dataset.formats.rows.call_rows import tools_of
from pipeline.dataset.formats.rows.chat import identity_of
from pipeline.dataset.formats.rows.decoders import usable
from pipeline.dataset.formats.rows.fields import FieldFormat, pairs_of
from pipeline.dataset.formats.rows.message_lists import Keys, read_messages, require_turns
from pipeline.dataset.formats.rows.shapes import SYSTEM, Segment, Shape
from pipeline.dataset.model.conversation import FullConversation, FullTurn, Layout
from pipeline.dataset.model.json_text import Json

CUSTOM = "custom"
AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Mapped(FieldFormat):
    """Rows whose fields are named by paths."""

    keys: Keys
    turns: str | None
    """Of the list; else prompt and answer: of texts."""
    prompt: str | None
    answer: str | None
    system: str | None
    identity: str | None
    history: str | None = None
    name: str = CUSTOM
    example: str = ""
    becomes: str = ""

    @property
    def title(self) -> str:
        """What the mapping says."""
        return f"a mapping: {self.turns or f'{self.prompt} and {self.answer}'}"

    @property
    def layout(self) -> Layout:
        """Paths of the row's fields."""
        if self.turns is None:
            return Layout("$", "", "", f"$.{self.identity or 'id'}")
        return Layout(f"$.{self.turns}", f".{self.keys.role}", f".{self.keys.content}", f"$.{self.identity or 'id'}")

    def fits(self, row: Json) -> bool:
        """Whether it has what the mapping names first."""
        return find(row, self.turns or self.prompt or "") is not None

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The conversation that the paths lead to."""
        if (fields := as_object(row, faults)) is None:
            return None
        turns = self._text(fields, self.system, "system", faults) if self.system and find(fields, self.system) else []
        if self.history and (listed := find(fields, self.history)) is not None:
            turns += pairs_of(listed, f"$.{self.history}", faults)
        if self.turns is not None:
            listed = find(fields, self.turns)
            self._check(fields, self.turns, list, faults)
            require_turns(listed, f"$.{self.turns}", faults)
            turns += read_messages(listed, f"$.{self.turns}", self.keys, faults)
        else:
            turns += self._text(fields, self.prompt or "", "user", faults)
            turns += self._text(fields, self.answer or "", "assistant", faults)
        named = find(fields, self.identity) if self.identity else None
        return FullConversation(
            identity_of({"id": named}, ("id",)), turns, tools_of(fields, faults), media=media_of(fields)
        )

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Fields of the row itself; what lies deeper is read row by row."""
        named = [name for name in (self.system, self.turns, self.prompt, self.answer, self.identity) if name]
        if any("." in name for name in named):
            return ()
        system = (replace(SYSTEM, field=self.system),) if self.system else ()
        if self.history is not None:
            return ()
        if self.turns is not None:
            turns: tuple[Segment, ...] = (Segment(self.turns, keys=self.keys),)
        else:
            turns = (Segment(self.prompt or "", "text", "user"), Segment(self.answer or "", "text", "assistant"))
        return usable(Shape((*system, *turns), (self.identity,) if self.identity else ()))

    def _text(self, row: dict[str, Json], path: str, role: str, faults: Faults) -> list[FullTurn]:
        text = find(row, path)
        self._check(row, path, str, faults)
        check_nul(text, f"$.{path}", faults)
        return [FullTurn(role, text, f"$.{path}", role == "assistant")] if isinstance(text, str) else []

    def _check(self, row: dict[str, Json], path: str, kind: type, faults: Faults) -> None:
        """Report a place that is not there, or holds something else."""
        *parents, name = path.split(".")
        owner = find(row, ".".join(parents)) if parents else row
        place = "$" + "".join(f".{parent}" for parent in parents)
        if not isinstance(owner, dict):
            faults.add("missing-field", f"$.{path}", f"the field {path}", keys_of(row))
            return
        field(owner, name, kind, place, faults)


def find(row: Json, path: str) -> Json:
    """The value at a path of names; None where there is none."""
    for name in path.split("."):
        if not isinstance(row, dict):
            return None
        row = row.get(name)
    return row


AUTO_MAPPED = Mapped(Keys(), None, None, None, None, None, name=AUTO)
"""No format of its own: says that a mapping which fits is taken, where the rows are of no format that is known."""
