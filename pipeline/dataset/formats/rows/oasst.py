"""The messages of OpenAssistant: one a row, each naming the one that it answers, or a whole tree a row.

A tree has many ways from its first message to an end. One is read: at each message the best-ranked reply. Messages that
stand one a row are put together before they are read (`formats/row_groups.py`), the way first.
"""

from dataclasses import dataclass

from pipeline.dataset.findings.faults import Faults, as_object, field, name_of
from pipeline.dataset.formats.rows.beside_text import media_of
from pipeline.dataset.formats.rows.message_lists import ALIASES, Keys, read_list, read_message
from pipeline.dataset.formats.rows.shapes import Segment, Shape, first_name
from pipeline.dataset.model.conversation import FullConversation, FullTurn, Layout
from pipeline.dataset.model.json_text import Json, encoded
from pipeline.dataset.model.printable import printable

TREE_ID, MESSAGES = "message_tree_id", "messages"  # of the row that is made
OTHER_REPLIES = "other_replies"  # there, and in a conversation's annotations: those that the way does not take
MISSING_PARENT = "missing_parent"  # there: the message that its first one answers, where that is nowhere
_KEYS = Keys("role", "text", (("prompter", "user"), *ALIASES.items()))
_ROLES = dict(_KEYS.aliases)
_LAST = float("inf")


@dataclass(frozen=True, slots=True)
class Oasst:
    """Messages, trees, or the rows that are made of messages."""

    name: str = "oasst"
    title: str = "OASST: messages joined by parent_id, or trees of replies"
    example: str = '{"message_id": "m-1", "parent_id": null, "role": "prompter", "text": "Hello"}'
    becomes: str = (
        "one conversation a tree: from its first message the best-ranked reply to each, `prompter` as user; messages "
        "one a row are joined wherever they stand, those of a tree file by `replies`. Where no `rank` is told, the "
        "first reply; never one that was deleted. The other replies are left out, and counted"
    )

    @property
    def layout(self) -> Layout:
        """Paths in the row that is made."""
        return Layout(f"$.{MESSAGES}", f".{_KEYS.role}", f".{_KEYS.content}", f"$.{TREE_ID}")

    def fits(self, row: Json) -> bool:
        """Whether it is a message, a tree, or made of messages."""
        if not isinstance(row, dict):
            return False
        return is_message(row) or _is_tree(row) or (TREE_ID in row and isinstance(row.get(MESSAGES), list))

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The turns on the way by the best replies."""
        if (fields := as_object(row, faults)) is None:
            return None
        if MESSAGES in fields:
            return _of_messages(fields, faults)
        if "prompt" in fields:
            return _of_tree(fields, faults)
        return _alone(fields, faults)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Messages that say no more than texts, of a tree without other replies."""
        return (Shape((Segment(MESSAGES, keys=_KEYS),), (TREE_ID,), absent=(OTHER_REPLIES, MISSING_PARENT)),)


def is_message(row: Json) -> bool:
    """Whether it is a message that says which one it answers."""
    return isinstance(row, dict) and "parent_id" in row and "text" in row and ("message_id" in row or "role" in row)


def _is_tree(row: dict[str, Json]) -> bool:
    prompt = row.get("prompt")
    return isinstance(prompt, dict) and "text" in prompt and ("replies" in prompt or TREE_ID in row)


def _of_messages(row: dict[str, Json], faults: Faults) -> FullConversation:
    if MISSING_PARENT in row:
        _add_missing(row[MISSING_PARENT], f"$.{MESSAGES}[0].parent_id", faults)
    turns = read_list(row, MESSAGES, "$", _KEYS, faults)
    others = row.get(OTHER_REPLIES)
    return _conversation(row, turns, len(others) if isinstance(others, list) else 0)


def _alone(row: dict[str, Json], faults: Faults) -> FullConversation:
    """A message that no other was joined with."""
    field(row, "message_id", str, "$", faults)
    parent = row.get("parent_id")
    if parent is not None:
        _add_missing(parent, "$.parent_id", faults)
    turn = read_message(row, "$", _KEYS, _ROLES, faults)
    return FullConversation(first_name([row.get("message_id")]), [turn] if turn else [], media=media_of(row))


def _add_missing(parent: Json, path: str, faults: Faults) -> None:
    named = (
        printable(parent) if isinstance(parent, str) else str(parent) if isinstance(parent, int) else name_of(parent)
    )
    found = f"{named}, which no row has, or which answers this message itself"
    faults.add("message-without-parent", path, "the message_id of a message of the file", found)


def _of_tree(row: dict[str, Json], faults: Faults) -> FullConversation:
    """Walks from the prompt on. Each reply that is not taken is counted with all below it."""
    turns: list[FullTurn] = []
    left_out, path = 0, "$.prompt"
    node: Json = field(row, "prompt", dict, "$", faults)
    while isinstance(node, dict):
        turn = read_message(node, path, _KEYS, _ROLES, faults)
        turns += [turn] if turn else []
        replies = field(node, "replies", list, path, faults) if node.get("replies") is not None else []
        listed = replies if isinstance(replies, list) else []
        for index, reply in enumerate(listed):
            if not isinstance(reply, dict):
                faults.add("turn-not-an-object", f"{path}.replies[{index}]", "an object", name_of(reply))
        best = _best(listed)
        left_out += sum(_size(reply) for index, reply in enumerate(listed) if index != best)
        node, path = (listed[best], f"{path}.replies[{best}]") if best is not None else (None, path)
    return _conversation(row, turns, left_out)


def _best(replies: list[Json]) -> int | None:
    """The place of the reply to take; None where there is none."""
    ranks = {
        index: _rank(reply)
        for index, reply in enumerate(replies)
        if isinstance(reply, dict) and reply.get("deleted") is not True
    }
    return min(ranks, key=lambda index: (ranks[index], index)) if ranks else None


def _rank(reply: dict[str, Json]) -> float:
    rank = reply.get("rank")  # compared as it is: a whole number may be larger than any double
    return rank if isinstance(rank, int | float) and not isinstance(rank, bool) else _LAST


def _size(node: Json) -> int:
    """How many messages a reply is with those below it."""
    count, left = 0, [node]
    while left:
        each = left.pop()
        count += 1
        replies = each.get("replies") if isinstance(each, dict) else None
        left += replies if isinstance(replies, list) else []
    return count


def _conversation(row: dict[str, Json], turns: list[FullTurn], left_out: int) -> FullConversation:
    prompt = row.get("prompt")
    own = prompt.get("message_id") if isinstance(prompt, dict) else None
    annotations = encoded({OTHER_REPLIES: left_out}) if left_out else None
    name = first_name([row.get(TREE_ID), own])
    return FullConversation(name, turns, media=media_of(row), annotations=annotations)


OASST = Oasst()
