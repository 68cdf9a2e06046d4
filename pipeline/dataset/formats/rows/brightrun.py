"""The format of the replaced system's training files, brightrun-lora-v4: pairs that repeat their conversation.

A row is a conversation with its `training_pairs`, or one pair. Pairs that stand on lines of their own are put together
before they are read (`formats/row_groups.py`), so that a row is a whole conversation.
"""

from dataclasses import dataclass

from pipeline.dataset.findings.faults import Faults, as_object, check_nul, field, name_of
from pipeline.dataset.formats.rows.beside_text import media_of
from pipeline.dataset.formats.rows.brightrun_pairs import (
    PAIRS,
    Object,
    Pair,
    annotations_of,
    first_difference,
    is_pair,
    read_pair,
    system_turn,
)
from pipeline.dataset.formats.rows.shapes import Shape, first_name
from pipeline.dataset.model.conversation import FullConversation, Layout
from pipeline.dataset.model.json_text import Json, encoded
from pipeline.dataset.model.printable import printable

META = "_meta"  # on the first line of training.jsonl: what the file is
TRAINING_FILE = "training_file"  # in a conversation's annotations: what its training.json says beside the rows
_OWNERS = ("conversation_metadata", "dataset_metadata", "input_parameters")  # which may name the conversation, too


@dataclass(frozen=True, slots=True)
class BrightrunV4:
    """A conversation of training pairs, or a pair that stands alone."""

    name: str = "brightrun-v4"
    title: str = "brightrun-lora-v4: training pairs of a conversation"
    example: str = (
        '{"training_pairs": [{"id": "p-1", "conversation_id": "c-1", "turn_number": 1, "conversation_history": [], '
        '"current_user_input": "Hello", "target_response": "Hi!"}]}'
    )
    becomes: str = (
        "one conversation of all pairs with one `conversation_id`, wherever they stand: the longest history with its "
        "input and answer, the question once; shorter ones must be its beginning. `system_prompt` is its system turn. "
        "Pairs without `target_response` are left out; all else is kept as annotations"
    )

    @property
    def layout(self) -> Layout:
        """Paths of the row's fields."""
        return Layout(f"$.{PAIRS}", "", "", f"$.{PAIRS}[0].conversation_id")

    def fits(self, row: Json) -> bool:
        """Whether it is a pair, or has pairs."""
        if not isinstance(row, dict):
            return False
        listed = row.get(PAIRS)
        return is_pair(row) or (isinstance(listed, list) and (not listed or is_pair(listed[0])))

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The conversation of the pairs."""
        if (fields := as_object(row, faults)) is None:
            return None
        pairs = _pairs_of(fields, faults)
        if not pairs:
            return FullConversation("", [])
        identity = _identity(fields, pairs, faults)
        longest = max([pair for pair in pairs if pair.has_target] or pairs, key=lambda pair: len(pair.turns))
        for pair in pairs:
            number = first_difference(pair, longest) if pair.has_target else None
            if number is not None:
                expected = f"what {longest.path} says there, as shorter pairs are beginnings of the longest"
                faults.add("contradicting-pairs", pair.turns[number].path, expected, "something else", _named(pair))
        if not longest.turns:
            faults.add("empty-turns", longest.path, "at least one turn", "none")
        system = system_turn(longest)
        said = system[0].content if system else ""
        of_conversation, of_turns = annotations_of(longest, pairs, identity, said)
        for number, annotation in of_turns.items():
            if number < len(longest.turns):
                longest.turns[number].annotations = encoded(annotation)
        of_conversation |= {name: value for name, value in fields.items() if name != PAIRS} if PAIRS in fields else {}
        annotations = encoded(of_conversation) if of_conversation else None
        return FullConversation(identity, [*system, *longest.turns], media=media_of(fields), annotations=annotations)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """None: a row says more than texts."""
        return ()


def _pairs_of(row: Object, faults: Faults) -> list[Pair]:
    if PAIRS not in row:
        return [read_pair(row, "$", 0, faults)]
    listed = field(row, PAIRS, list, "$", faults)
    if listed == []:
        faults.add("empty-turns", f"$.{PAIRS}", "at least one pair", "none")
    pairs = []
    for index, pair in enumerate(listed if isinstance(listed, list) else []):
        path = f"$.{PAIRS}[{index}]"
        if isinstance(pair, dict):
            pairs.append(read_pair(pair, path, index, faults))
        else:
            faults.add("wrong-type", path, "an object", name_of(pair))
    return pairs


def _identity(row: Object, pairs: list[Pair], faults: Faults) -> str:
    """The conversation's id, which all pairs share."""
    identity = ""
    for pair in pairs:
        check_nul(pair.fields.get("conversation_id"), f"{pair.path}.conversation_id", faults)
        own = first_name([pair.fields.get("conversation_id")])
        if own and identity and own != identity:
            expected = f"{printable(identity)}, as in the pair before"
            faults.add("contradicting-pairs", f"{pair.path}.conversation_id", expected, printable(own), _named(pair))
        identity = identity or own
    owners = [owner for name in _OWNERS if isinstance(owner := row.get(name), dict)]
    return identity or first_name([row.get("conversation_id"), *(owner.get("conversation_id") for owner in owners)])


def _named(pair: Pair) -> str | None:
    name = first_name([pair.fields.get("id")])
    return f"(pair {printable(name)})" if name else None


BRIGHTRUN_V4 = BrightrunV4()
