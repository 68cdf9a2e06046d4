"""Conversations one by one, out of the engine's columns: what each target format writes from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.dataset.formats.rows.oasst import TREE_ID
from pipeline.dataset.model.conversation import TEXT_ROLE, Branch
from pipeline.dataset.model.media_marks import has_media_mark
from pipeline.dataset.reading.columns import Columns


@dataclass(frozen=True, slots=True)
class Said:
    """One turn."""

    role: str
    content: str
    is_supervised: bool
    weight: float | None = None
    """None where the format leaves it open."""
    tool_calls: str | None = None
    """JSON text in OpenAI's shape."""
    parts: str | None = None
    """JSON text in OpenAI's shape."""
    tool_call_id: str | None = None
    name: str | None = None
    reasoning: str | None = None
    """What was thought before the content, where it is kept apart."""
    annotations: str | None = None
    """JSON text of what is said of the turn beside its text."""

    @property
    def learning_weight(self) -> float | None:
        """The weight; 0 for an answer that is not learned from because it stands in a prompt."""
        return 0.0 if self.role == "assistant" and not self.is_supervised else self.weight


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation, of a preference the chosen branch."""

    row: int
    """Its place in the file, from 1."""
    line: int
    identity: str
    """As in the file, else the row's name."""
    turns: list[Said]
    tools: str | None
    """JSON text."""
    lost: frozenset[str]
    """What no target holds, already left out."""
    rejected: tuple[Said, ...] = ()
    """The other branch of a preference, and whether a judged answer was liked."""
    label: bool | None = None
    """The other branch of a preference, and whether a judged answer was liked."""
    annotations: str | None = None
    """JSON text of what is said of the conversation beside its turns."""

    @property
    def has_own_identity(self) -> bool:
        """Whether the file gave it its id."""
        is_older = self.identity.partition("-byte-")[0] == f"line-{self.line}"  # as versions before 4 named a row
        return self.identity != f"row-{self.row}" and not is_older


def talks(columns: Columns) -> Iterator[Talk]:
    """The conversations of a block, in order."""
    turns = _turns(columns)
    branches = columns.branches.tolist()
    nothing: Sequence[None] = [None] * len(columns.ids)
    tools: Sequence[str | None] = columns.extras.tools or nothing
    labels: Sequence[bool | None] = columns.extras.labels or nothing
    media: Sequence[str | None] = columns.extras.media or nothing
    annotations: Sequence[str | None] = columns.extras.conversation_annotations or nothing
    starts = columns.turn_starts.tolist()
    places = zip(columns.rows.tolist(), columns.lines.tolist(), columns.ids.to_pylist(), strict=True)
    for index, (row, line, identity) in enumerate(places):
        start, stop = starts[index], starts[index + 1]
        kept = [turns[turn] for turn in range(start, stop) if branches[turn] != Branch.REJECTED]
        rejected = tuple(turns[turn] for turn in range(start, stop) if branches[turn] == Branch.REJECTED)
        lost = set()
        if len(kept) < stop - start:
            lost.add("rejected-answers")
        if labels[index] is not None:
            lost.add("labels")
        lost |= lost_media(media[index], kept)
        if columns.layout.identity == f"$.{TREE_ID}" and annotations[index]:
            lost.add("other-replies")
        if index in columns.repeated:
            lost.add("repeated-fields")
        if kept[0].role == TEXT_ROLE:
            kept = [Said("assistant", kept[0].content, is_supervised=True)]
            lost.add("plain-texts")
        said = annotations[index]
        yield Talk(row, line, identity, kept, tools[index], frozenset(lost), rejected, labels[index], said)


def lost_media(media: str | None, turns: Sequence[Said]) -> set[str]:
    """What is lost of a row's pictures and sounds where only texts are kept. media: JSON of its fields."""
    lost = {"media"} if media else set()
    if any(has_media_mark(said.content) for said in turns if said.role != "assistant"):
        lost.add("media-marks")
    return lost


def _turns(columns: Columns) -> list[Said]:
    roles = [columns.role_names[code] for code in columns.roles.tolist()]
    contents, supervised = columns.contents.to_pylist(), columns.is_supervised.tolist()
    extras = columns.extras
    weights = (
        None if extras.weights is None else [None if weight != weight else weight for weight in extras.weights.tolist()]
    )
    nothing: list[None] = [None] * len(roles)
    calls = (extras.tool_calls, extras.parts, extras.tool_call_ids, extras.names)
    others = (weights, *calls, extras.reasoning, extras.turn_annotations)
    return list(map(Said, roles, contents, supervised, *(each or nothing for each in others)))
