"""LLaMA-Factory's own format: messages of parts with a loss weight, alone or as two lists to choose from."""

from dataclasses import dataclass

from pipeline.dataset.findings.faults import Faults, as_object
from pipeline.dataset.formats.rows.beside_text import media_of
from pipeline.dataset.formats.rows.call_rows import tools_of
from pipeline.dataset.formats.rows.chat import identity_of
from pipeline.dataset.formats.rows.fields import FieldFormat
from pipeline.dataset.formats.rows.message_lists import Keys, read_list
from pipeline.dataset.formats.rows.preference import without_common
from pipeline.dataset.formats.rows.shapes import IDENTITIES, Segment, Shape
from pipeline.dataset.model.conversation import Branch, FullConversation
from pipeline.dataset.model.json_text import Json


@dataclass(frozen=True, slots=True)
class LlamaFactory(FieldFormat):
    """LLaMA-Factory v1: messages whose content is a list of parts, with a loss weight; or two lists to choose from."""

    name: str = "llamafactory-v1"
    title: str = "LLaMA-Factory v1: messages of parts with a loss weight"
    example: str = (
        '{"messages": [{"role": "user", "content": [{"type": "text", "value": "Hello"}], "loss_weight": 0.0}]}'
    )
    becomes: str = (
        "its turns with their weights; of `chosen_messages` and `rejected_messages` the common beginning is the prompt"
    )

    def fits(self, row: Json) -> bool:
        """Whether it has such messages."""
        if not isinstance(row, dict):
            return False
        if "chosen_messages" in row and "rejected_messages" in row:
            return True
        messages = row.get("messages")
        first = messages[0] if isinstance(messages, list) and messages else None
        content = first.get("content") if isinstance(first, dict) else None
        part = content[0] if isinstance(content, list) and content else None
        return isinstance(first, dict) and ("loss_weight" in first or (isinstance(part, dict) and "value" in part))

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The messages; of a preference what both lists begin with, then the rest of each."""
        if (fields := as_object(row, faults)) is None:
            return None
        if "chosen_messages" in fields or "rejected_messages" in fields:
            chosen = read_list(fields, "chosen_messages", "$", Keys(), faults, Branch.CHOSEN)
            rejected = read_list(fields, "rejected_messages", "$", Keys(), faults, Branch.REJECTED)
            prompt, chosen, rejected = without_common(chosen, rejected)
            turns = [*prompt, *chosen, *rejected]
        else:
            turns = read_list(fields, "messages", "$", Keys(), faults)
        return FullConversation(
            identity_of(fields, IDENTITIES), turns, tools_of(fields, faults), media=media_of(fields)
        )

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Messages of one part of text each."""
        return (Shape((Segment("messages", text_part="value"),), absent=("chosen_messages", "rejected_messages")),)


LLAMAFACTORY_V1 = LlamaFactory()
