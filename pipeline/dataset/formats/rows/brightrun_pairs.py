"""The training pairs of a brightrun-lora-v4 conversation: what they say of its turns, kept so that nothing is lost.

Each pair repeats the conversation up to its answer. What follows from the turns is left out of a pair's annotation and
put back by `restored_pairs`; whatever does not follow from them stays there as it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.dataset.findings.faults import Faults, field
from pipeline.dataset.formats.rows.message_lists import ALIASES, Keys, optional_text, read_messages
from pipeline.dataset.model.conversation import FullTurn
from pipeline.dataset.model.json_text import Json

Object = dict[str, Json]

PAIRS = "training_pairs"
PAIR = "training_pair"  # in a turn's annotations: the pair whose answer it is
REPEATED, UNANSWERED = "repeated_pairs", "pairs_without_target"  # in a conversation's annotations
_PLACE = "_place"  # in a kept pair: its index among the pairs, the turns of its history, and fields that it lacks
_KEYS = Keys("role", "content", tuple(ALIASES.items()))
_HISTORY, ASKED, _ANSWER, _SYSTEM = "conversation_history", "current_user_input", "target_response", "system_prompt"


@dataclass(frozen=True, slots=True)
class Pair:
    """One pair as it was read."""

    fields: Object
    path: str
    index: int
    turns: list[FullTurn]
    """Its history, the question once, and the answer where it has one."""
    has_target: bool


def is_pair(row: Json) -> bool:
    """Whether it has the fields that a pair goes by."""
    return isinstance(row, dict) and ASKED in row and (_HISTORY in row or _ANSWER in row)


def read_pair(fields: Object, path: str, index: int, faults: Faults) -> Pair:
    """The turns of a pair. A question that already ends the history, as the replaced system writes it, stands once."""
    turns: list[FullTurn] = []
    if fields.get(_HISTORY) is not None:
        turns = read_messages(field(fields, _HISTORY, list, path, faults), f"{path}.{_HISTORY}", _KEYS, faults)
    answer = optional_text(fields, _ANSWER, path, faults)
    has_target = bool(answer and answer.strip())
    asked = optional_text(fields, ASKED, path, faults)
    optional_text(fields, _SYSTEM, path, faults)
    if asked is None and has_target:
        field(fields, ASKED, str, path, faults)
    if asked is not None and not (turns and turns[-1].role == "user" and _is_same(turns[-1].content, asked)):
        turns.append(FullTurn("user", asked, f"{path}.{ASKED}", False))
    if answer is not None and has_target:
        turns.append(FullTurn("assistant", answer, f"{path}.{_ANSWER}", True))
    return Pair(fields, path, index, turns, has_target)


def system_turn(pair: Pair) -> list[FullTurn]:
    """The system text of a pair as a turn; none where the history begins with one."""
    text = pair.fields.get(_SYSTEM)
    if not isinstance(text, str) or not text or (pair.turns and pair.turns[0].role == "system"):
        return []
    return [FullTurn("system", text, f"{pair.path}.{_SYSTEM}", False)]


def first_difference(pair: Pair, longest: Pair) -> int | None:
    """The first turn in which a pair is no beginning of the longest one; None where it is one."""
    for number, turn in enumerate(pair.turns):
        if number >= len(longest.turns):
            return number
        other = longest.turns[number]
        if turn.role != other.role or not _is_same(turn.content, other.content):
            return number
    return None


def _is_same(text: str, other: str) -> bool:
    return text == other or text.strip() == other.strip()


def annotations_of(
    longest: Pair, pairs: Sequence[Pair], identity: str, system: str
) -> tuple[Object, dict[int, Object]]:
    """What the pairs say beside the turns: of the conversation, and of each turn by its number in the longest pair."""
    listed = longest.fields.get(_HISTORY)
    history = listed if isinstance(listed, list) else []
    of_turns: dict[int, Object] = {}
    for number, (entry, turn) in enumerate(zip(history, longest.turns, strict=False)):
        extras = _beside(entry, turn) if isinstance(entry, dict) else {}
        if extras:
            of_turns[number] = extras
    said = [(turn.role, turn.content) for turn in longest.turns]
    entries = _entries(said, of_turns)
    of_conversation: Object = {}
    for pair in pairs:
        kept = _kept(pair, said, entries, identity, system)
        target = of_turns.setdefault(len(pair.turns) - 1, {}) if pair.has_target else {}
        if pair.has_target and PAIR not in target:
            target[PAIR] = kept
        else:
            others = of_conversation.setdefault(REPEATED if pair.has_target else UNANSWERED, [])
            if isinstance(others, list):
                others.append(kept)
    return of_conversation, of_turns


def _beside(entry: Object, turn: FullTurn) -> Object:
    """What an entry of a history says beside the role and the content of its turn."""
    said: Object = {"role": turn.role, "content": turn.content}
    return {name: value for name, value in entry.items() if name not in said or said[name] != value}


def _entries(said: Sequence[tuple[str, str]], of_turns: Mapping[int, Object]) -> list[Object]:
    """The turns as entries of a history."""
    return [
        {
            "role": role,
            "content": content,
            **{key: each for key, each in of_turns.get(number, {}).items() if key != PAIR},
        }
        for number, (role, content) in enumerate(said)
    ]


def _kept(pair: Pair, said: Sequence[tuple[str, str]], entries: list[Object], identity: str, system: str) -> Object:
    """A pair without what follows from the turns of its conversation."""
    kept: Object = dict(pair.fields)
    place: Object = {"index": pair.index}
    listed = kept.get(_HISTORY)
    if isinstance(listed, list) and listed == entries[: len(listed)]:
        del kept[_HISTORY]
        place["history_turns"] = len(listed)
    follows: Object = {"conversation_id": identity, _SYSTEM: system or None}
    if pair.has_target:
        follows |= {ASKED: said[len(pair.turns) - 2][1], _ANSWER: said[len(pair.turns) - 1][1]}
        place["target"] = len(pair.turns) - 1
    lacking: list[Json] = [name for name, value in follows.items() if value is not None and name not in kept]
    for name, value in follows.items():
        if value is not None and kept.get(name) == value:
            del kept[name]
    if lacking:
        place["lacks"] = lacking
    return {**kept, _PLACE: place}


def restored_pairs(
    identity: str,
    system: str,
    said: Sequence[tuple[str, str]],
    of_conversation: Mapping[str, Json],
    of_turns: Mapping[int, Object],
) -> list[Object]:
    """The pairs that `annotations_of` kept, whole again and in their order; none where nothing was kept.

    said: role and content of each turn but the system text. of_turns: annotations by the turn's number.
    """
    kept = [pair for each in of_turns.values() if isinstance(pair := each.get(PAIR), dict)]
    for name in (REPEATED, UNANSWERED):
        listed = of_conversation.get(name)
        kept += [pair for pair in (listed if isinstance(listed, list) else []) if isinstance(pair, dict)]
    entries = _entries(said, of_turns)
    pairs = [_restored(pair, identity, system, said, entries) for pair in kept]
    return [pair for _, pair in sorted(pairs, key=lambda item: item[0])]


def _restored(
    kept: Object, identity: str, system: str, said: Sequence[tuple[str, str]], entries: list[Object]
) -> tuple[int, Object]:
    pair = dict(kept)
    place = _place_of(kept)
    pair.pop(_PLACE, None)
    lacks = place.get("lacks")
    lacking = set(map(str, lacks)) if isinstance(lacks, list) else set()
    whole: Object = {name: pair.pop(name) for name in ("id", "conversation_id", "turn_number") if name in pair}
    follows: Object = {"conversation_id": identity, _SYSTEM: system or None}
    history, target = place.get("history_turns"), place.get("target")
    if isinstance(history, int):
        follows[_HISTORY] = list(entries[:history])
    if isinstance(target, int) and 0 < target < len(said):
        follows |= {ASKED: said[target - 1][1], _ANSWER: said[target][1]}
    for name, value in follows.items():
        if value is not None and name not in lacking and name not in pair:
            whole.setdefault(name, value)
    return index_of(kept), whole | pair


def index_of(kept: Mapping[str, object]) -> int:
    """The place of a kept pair among the pairs of its conversation, from 0."""
    index = _place_of(kept).get("index")
    return index if type(index) is int and 0 <= index < 2**63 else 0


def _place_of(kept: Mapping[str, object]) -> dict[str, object]:
    place = kept.get(_PLACE)
    return place if isinstance(place, dict) else {}


def made_pairs(identity: str, system: str, said: Sequence[tuple[str, str]], learned: Sequence[bool]) -> list[Object]:
    """Pairs of a conversation that came without any: one for each answer that is learned and follows a question."""
    entries = [{"turn": number + 1} | entry for number, entry in enumerate(_entries(said, {}))]
    pairs: list[Object] = []
    for number, (role, content) in enumerate(said):
        if number == 0 or role != "assistant" or not learned[number] or said[number - 1][0] != "user":
            continue
        turn_number = len(pairs) + 1
        pair: Object = {"id": f"{identity}_turn{turn_number}", "conversation_id": identity, "turn_number": turn_number}
        pair |= {_SYSTEM: system} if system else {}
        pair |= {_HISTORY: list(entries[: number - 1]), ASKED: said[number - 1][1], _ANSWER: content}
        pairs.append(pair)
    return pairs
