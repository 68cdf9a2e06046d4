"""Axolotl's format without a template: segments of text, each with a label that says whether it is learned."""

from dataclasses import dataclass

from pipeline.dataset.findings.faults import Faults, as_object, check_nul, field, name_of
from pipeline.dataset.formats.rows.beside_text import media_of
from pipeline.dataset.formats.rows.chat import identity_of
from pipeline.dataset.formats.rows.fields import FieldFormat
from pipeline.dataset.formats.rows.message_lists import require_turns
from pipeline.dataset.formats.rows.shapes import IDENTITIES, Shape
from pipeline.dataset.model.conversation import FullConversation, FullTurn
from pipeline.dataset.model.json_text import Json


@dataclass(frozen=True, slots=True)
class Segments(FieldFormat):
    """Neighbours of one label are one turn, so that the quick reader has no shape of it."""

    name: str = "segments"
    title: str = "Axolotl's input_output: segments of label and text"
    example: str = '{"segments": [{"label": false, "text": "2+2="}, {"label": true, "text": "4"}]}'
    becomes: str = (
        "segments of label true as the assistant's turns, others as the user's, neighbours of one label joined; "
        "marks of a template in the texts stay"
    )

    def fits(self, row: Json) -> bool:
        """Whether it has segments, the first with a text."""
        listed = row.get("segments") if isinstance(row, dict) else None
        first = listed[0] if isinstance(listed, list) and listed else None
        return isinstance(first, dict) and "label" in first and "text" in first

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """A turn for all neighbours of one label."""
        if (fields := as_object(row, faults)) is None:
            return None
        listed = field(fields, "segments", list, "$", faults)
        require_turns(listed, "$.segments", faults)
        turns: list[FullTurn] = []
        for index, segment in enumerate(listed if isinstance(listed, list) else []):
            path = f"$.segments[{index}]"
            if not isinstance(segment, dict):
                faults.add("turn-not-an-object", path, "an object", name_of(segment))
                continue
            label = field(segment, "label", bool, path, faults)
            text = field(segment, "text", str, path, faults)
            check_nul(text, f"{path}.text", faults)
            if not isinstance(label, bool) or not isinstance(text, str):
                continue
            if turns and turns[-1].is_supervised == label:
                turns[-1].content += text
            else:
                turns.append(FullTurn("assistant" if label else "user", text, f"{path}.text", label))
        return FullConversation(identity_of(fields, IDENTITIES), turns, media=media_of(fields))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """None: how many turns there are follows from the labels."""
        return ()


SEGMENTS = Segments()
