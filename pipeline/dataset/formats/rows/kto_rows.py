"""The format of single judgements: a conversation of another format, and whether its answer was liked."""

from dataclasses import dataclass, replace

from pipeline.dataset.findings.faults import Faults, as_object, field
from pipeline.dataset.formats.rows.declaration import DECLARED
from pipeline.dataset.formats.rows.fields import FieldFormat
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.shapes import Shape
from pipeline.dataset.model.conversation import FullConversation
from pipeline.dataset.model.json_text import Json


@dataclass(frozen=True, slots=True)
class Judged(FieldFormat):
    """A conversation with a label that says whether its answer was liked, as KTO takes it."""

    name: str = "kto"
    title: str = "KTO: a conversation and a label"
    example: str = (
        '{"messages": [{"role": "user", "content": "2+2="}, {"role": "assistant", "content": "4"}], "label": true}'
    )
    becomes: str = "its turns, and the label; also `conversations`, or `prompt` and `completion`"

    def fits(self, row: Json) -> bool:
        """Whether it has a label beside a conversation."""
        return isinstance(row, dict) and "label" in row and _judged_as(row) is not None

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The conversation as its own format reads it, and the label."""
        if (fields := as_object(row, faults)) is None:
            return None
        label = field(fields, "label", bool, "$", faults)
        form = _judged_as(fields)
        if form is None:
            faults.add("missing-field", "$.messages", "messages, conversations, or prompt and completion", None)
            return None
        read = form.read(fields, faults)
        if read is not None and isinstance(label, bool):
            read.label = label
        return read

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Those of the formats that can be judged."""
        before: tuple[str, ...] = ()
        shapes = []
        for form, names in _JUDGED:
            named = [shape for shape in form.shapes if shape.has_all(names)]
            shapes += [replace(shape, has_label=True, absent=before) for shape in named]
            before += names
        return tuple(shapes)


_BY_NAME: dict[str, Format] = {form.name: form for form in reversed(DECLARED)}
_JUDGED: tuple[tuple[Format, tuple[str, ...]], ...] = (
    (_BY_NAME["openai"], ("messages",)),
    (_BY_NAME["sharegpt"], ("conversations",)),
    (_BY_NAME["prompt-completion"], ("prompt", "completion")),
)


def _judged_as(row: dict[str, Json]) -> Format | None:
    for form, names in _JUDGED:
        if all(name in row for name in names):
            return form
    return None


KTO = Judged()
