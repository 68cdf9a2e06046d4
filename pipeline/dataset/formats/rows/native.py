"""The native format: one object a line with conversation_id and turns of role and content.

Other fields are allowed. Those of them that mean something to a trainer (tools, tool calls, weights) are kept when
they have the right type, and are no fault when they have not: to this format they are other fields.
"""

from dataclasses import dataclass, replace

from pipeline.dataset.findings.faults import Faults, LooksWrong, NoFaults, check_nul, field, name_of
from pipeline.dataset.formats.rows.beside_text import MEDIA_FIELDS, REASONING_FIELDS, media_of
from pipeline.dataset.formats.rows.call_rows import tools_of
from pipeline.dataset.formats.rows.message_lists import Keys, read_message
from pipeline.dataset.formats.rows.shapes import Segment, Shape
from pipeline.dataset.model.conversation import NATIVE_LAYOUT, FullConversation, FullTurn, Layout
from pipeline.dataset.model.json_text import Json, encoded

EXTRA_FIELDS = ("tool_calls", "weight", "tool_call_id", "name", *REASONING_FIELDS, *MEDIA_FIELDS)
_NO_FAULTS = NoFaults()
ANNOTATIONS = "annotations"  # of a row, and of a turn: what is said of it that is not learned from
_TURNS = Segment("turns", weights=("weight",), unread=(ANNOTATIONS,))
# As nearly all are; a tenth quicker to read.
_KNOWN_ROLES = Shape((_TURNS,), ("conversation_id",), has_own_id=True, null=(ANNOTATIONS,))
_ANY_ROLE = replace(_KNOWN_ROLES, segments=(replace(_TURNS, has_any_role=True),))


@dataclass(frozen=True, slots=True)
class Native:
    """The format of this system, and what a file is read as when nothing in it is recognised."""

    name: str = "native"
    title: str = "native: conversation_id and turns of role and content"
    example: str = '{"conversation_id": "c-1", "turns": [{"role": "user", "content": "Hello"}]}'
    becomes: str = (
        "its turns; also tools, tool calls, names and weights, where they are of the right type, and `annotations` of "
        "the row and of turns"
    )

    @property
    def layout(self) -> Layout:
        """Paths of the row's fields."""
        return NATIVE_LAYOUT

    def fits(self, row: Json) -> bool:
        """Whether it has turns that are no dialogue's, or the id."""
        if not isinstance(row, dict) or "turns" not in row:
            return False
        turns = row["turns"]
        first = turns[0] if isinstance(turns, list) and turns else None
        return not isinstance(first, dict) or "role" in first or "content" in first

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The conversation; every field that is read must be there."""
        if not isinstance(row, dict):
            faults.add("not-an-object", "$", "an object", name_of(row))
            return None
        identity = field(row, "conversation_id", str, "$", faults)
        if identity == "":
            faults.add("empty-conversation-id", "$.conversation_id", "at least one character", "none")
        check_nul(identity, "$.conversation_id", faults)
        listed = field(row, "turns", list, "$", faults)
        if listed == []:
            faults.add("empty-turns", "$.turns", "at least one turn", "none")
        turns = []
        for index, turn in enumerate(listed if isinstance(listed, list) else []):
            path = f"$.turns[{index}]"
            if not isinstance(turn, dict):
                faults.add("turn-not-an-object", path, "an object", name_of(turn))
                continue
            role, content = (field(turn, name, str, path, faults) for name in ("role", "content"))
            check_nul(role, f"{path}.role", faults)
            check_nul(content, f"{path}.content", faults)
            if isinstance(role, str) and isinstance(content, str):
                turns.append(_with_extras(turn, role, content, path))
        return FullConversation(
            identity if isinstance(identity, str) else "",
            turns,
            _tools(row),
            media=media_of(row),
            annotations=_annotations(row),
        )

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Turns of role, content and perhaps a weight."""
        return (_KNOWN_ROLES, _ANY_ROLE)


def _with_extras(turn: dict[str, Json], role: str, content: str, path: str) -> FullTurn:
    read = _read_extras(turn, role, content, path)
    if ANNOTATIONS in turn:
        read.annotations = _annotations(turn)
    return read


def _annotations(owner: dict[str, Json]) -> str | None:
    """JSON of what is said of a row or of a turn; None where nothing is."""
    said = owner.get(ANNOTATIONS) if ANNOTATIONS in owner else None
    return None if said is None else encoded(said)


def _read_extras(turn: dict[str, Json], role: str, content: str, path: str) -> FullTurn:
    if any(name in turn for name in EXTRA_FIELDS):
        usable = {name: turn[name] for name in EXTRA_FIELDS if name in turn}
        try:
            read = read_message({"role": role, "content": content, **usable}, path, Keys(), {}, _NO_FAULTS)
        except LooksWrong:
            read = None
        if read is not None:
            return read
    return FullTurn(role, content, f"{path}.content", role == "assistant")


def _tools(row: dict[str, Json]) -> str | None:
    try:
        return tools_of(row, _NO_FAULTS) if "tools" in row else None
    except LooksWrong:
        return None


NATIVE = Native()
