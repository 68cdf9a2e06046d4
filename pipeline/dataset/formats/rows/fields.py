"""Formats whose row is a handful of fields: Alpaca, prompt and completion, plain text."""

from dataclasses import dataclass
from typing import Any

from pipeline.dataset.findings.faults import Faults, as_object, check_nul, field, keys_of, name_of
from pipeline.dataset.formats.rows.beside_text import media_of
from pipeline.dataset.formats.rows.call_rows import tools_of
from pipeline.dataset.formats.rows.chat import identity_of
from pipeline.dataset.formats.rows.message_lists import Keys, optional_text, read_messages, require_turns
from pipeline.dataset.formats.rows.shapes import IDENTITIES, SYSTEM, Segment, Shape
from pipeline.dataset.model.conversation import TEXT_ROLE, FullConversation, FullTurn, Layout
from pipeline.dataset.model.json_text import Json

_OPENAI_KEYS = Keys()
_PARENTS = ("parent_id", "message_id", "message_tree_id", "conversation_id")
_TEXT = Segment(TEXT_ROLE, "text", role=TEXT_ROLE, is_learned=True)


class FieldFormat:
    """What formats of fields have in common: no list of turns."""

    __slots__ = ()

    @property
    def layout(self) -> Layout:
        """Findings of the whole row point at the row."""
        return Layout("$", "", "", "$.id")


def text_or_messages(row: dict[str, Json], name: str, role: str, faults: Faults, branch: int = 0) -> list[FullTurn]:
    """The turns of a field that is a text by one role, a message, or a list of messages."""
    value = row.get(name)
    if isinstance(value, list):
        require_turns(value, f"$.{name}", faults)
        return read_messages(value, f"$.{name}", _OPENAI_KEYS, faults, branch)
    if isinstance(value, str):
        check_nul(value, f"$.{name}", faults)
        return [FullTurn(role, value, f"$.{name}", role == "assistant", branch=branch)]
    found = name_of(value) if name in row else keys_of(row)
    code = "wrong-type" if name in row else "missing-field"
    faults.add(code, f"$.{name}", "a string or a list of messages", found)
    return []


def one_of(row: dict[str, Json], names: tuple[str, ...], faults: Faults) -> str:
    """The one of several fields that holds the answer."""
    present = [name for name in names if row.get(name) is not None]
    if len(present) > 1 and len({str(row[name]) for name in present}) > 1:
        expected = f"one of {' and '.join(names)}"
        faults.add("ambiguous-answer", f"$.{present[1]}", expected, "both with different values")
    return next((name for name in (*present, *names) if name in row), names[0])


@dataclass(frozen=True, slots=True)
class Alpaca(FieldFormat):
    """An instruction, perhaps an input, and an output (or response); earlier turns in history."""

    name: str = "alpaca"
    title: str = "Alpaca: instruction, input and output"
    example: str = '{"instruction": "Add", "input": "2+2", "output": "4"}'
    becomes: str = "`system`, the pairs of `history`, instruction and input as the question, `output` or `response`"

    def fits(self, row: Json) -> bool:
        """Whether it has an instruction and an answer."""
        return isinstance(row, dict) and "instruction" in row and ("output" in row or "response" in row)

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The system turn, the history, the question and the answer."""
        if (fields := as_object(row, faults)) is None:
            return None
        turns = system_turn(fields, faults)
        if fields.get("history") is not None:
            turns += _history(fields, faults)
        question = field(fields, "instruction", str, "$", faults)
        check_nul(question, "$.instruction", faults)
        added = optional_text(fields, "input", "$", faults)
        if isinstance(question, str):
            text = f"{question}\n{added}" if added and question else added or question
            turns.append(FullTurn("user", text, "$.instruction", False))
        name = one_of(fields, ("output", "response"), faults)
        answer = field(fields, name, str, "$", faults)
        check_nul(answer, f"$.{name}", faults)
        if isinstance(answer, str):
            turns.append(FullTurn("assistant", answer, f"$.{name}", True))
        return FullConversation(
            identity_of(fields, IDENTITIES), turns, tools_of(fields, faults), media=media_of(fields)
        )

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """With either name of the answer."""
        question = (SYSTEM, Segment("history", "pairs"), Segment("instruction", "text", "user", added="input"))
        return tuple(
            Shape((*question, Segment(name, "text", "assistant")), null=(other,))
            for name, other in (("output", "response"), ("response", "output"))
        )


def system_turn(row: dict[str, Json], faults: Faults) -> list[FullTurn]:
    """The turn of the row's system field, if it says anything."""
    system = optional_text(row, "system", "$", faults)
    return [FullTurn("system", system, "$.system", False)] if system else []


def _history(row: dict[str, Json], faults: Faults) -> list[FullTurn]:
    """Pairs of question and answer."""
    turns: list[FullTurn] = []
    listed = field(row, "history", list, "$", faults)
    for index, pair in enumerate(listed if isinstance(listed, list) else []):
        path = f"$.history[{index}]"
        if not (isinstance(pair, list) and len(pair) == 2):
            found = f"{len(pair)} items" if isinstance(pair, list) else name_of(pair)
            faults.add("wrong-type", path, "a pair of question and answer", found)
            continue
        for place, (role, text) in enumerate(zip(("user", "assistant"), pair, strict=True)):
            if not isinstance(text, str):
                faults.add("wrong-type", f"{path}[{place}]", "a string", name_of(text))
                continue
            check_nul(text, f"{path}[{place}]", faults)
            turns.append(FullTurn(role, text, f"{path}[{place}]", role == "assistant"))
    return turns


@dataclass(frozen=True, slots=True)
class PromptCompletion(FieldFormat):
    """A prompt and its completion (or response), each a text or a list of messages."""

    name: str = "prompt-completion"
    title: str = "prompt and completion"
    example: str = '{"prompt": "2+2=", "completion": "4"}'
    becomes: str = "texts or lists of messages; only the completion (or `response`) is learned from"

    def fits(self, row: Json) -> bool:
        """Whether it has both, and no alternatives."""
        return isinstance(row, dict) and "prompt" in row and ("completion" in row or "response" in row)

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The prompt's turns, not learned from, and the completion's."""
        if (fields := as_object(row, faults)) is None:
            return None
        turns = system_turn(fields, faults)
        turns += [unsupervised(turn) for turn in text_or_messages(fields, "prompt", "user", faults)]
        turns += text_or_messages(fields, one_of(fields, ("completion", "response"), faults), "assistant", faults)
        return FullConversation(
            identity_of(fields, IDENTITIES), turns, tools_of(fields, faults), media=media_of(fields)
        )

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Texts or messages, and either name of the answer."""
        return tuple(
            Shape((SYSTEM, prompt, answer), null=(other,))
            for name, other in (("completion", "response"), ("response", "completion"))
            for prompt in either("prompt", "user", is_learned=False)
            for answer in either(name, "assistant")
        )


def either(name: str, role: str, **more: Any) -> tuple[Segment, Segment]:
    """A field that is messages, and one that is a text."""
    return Segment(name, **more), Segment(name, "text", role, **more)


def unsupervised(turn: FullTurn) -> FullTurn:
    """A turn of a prompt: trainers learn from the completion alone."""
    turn.is_supervised = False
    return turn


@dataclass(frozen=True, slots=True)
class PlainText(FieldFormat):
    """A text, for continued pre-training: one turn, all of it learned."""

    name: str = "plain-text"
    title: str = "plain text"
    example: str = '{"text": "Once upon a time"}'
    becomes: str = "one turn, all of it learned"

    def fits(self, row: Json) -> bool:
        """Whether it has a text, and is no message of a conversation that other rows go on with."""
        return isinstance(row, dict) and "text" in row and not ("role" in row and not row.keys().isdisjoint(_PARENTS))

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """One turn by nobody."""
        if (fields := as_object(row, faults)) is None:
            return None
        text = field(fields, "text", str, "$", faults)
        check_nul(text, "$.text", faults)
        if not isinstance(text, str):
            return None
        turns = [FullTurn(TEXT_ROLE, text, "$.text", True)]
        return FullConversation(identity_of(fields, IDENTITIES), turns, media=media_of(fields))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """A text."""
        return (Shape((_TEXT,), silent=()),)


ALPACA, PROMPT_COMPLETION, PLAIN_TEXT = Alpaca(), PromptCompletion(), PlainText()
