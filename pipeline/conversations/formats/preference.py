"""Formats of judgements: a better and a worse answer to one prompt, or one answer that was liked or not."""

from dataclasses import dataclass, replace

from pipeline.conversations.faults import Faults, Json, field
from pipeline.conversations.formats.chat import OPENAI, SHAREGPT, SHAREGPT_KEYS, identity_of
from pipeline.conversations.formats.fields import (
    ALPACA,
    PROMPT_COMPLETION,
    FieldFormat,
    as_object,
    either,
    system_turn,
    text_or_messages,
    unsupervised,
)
from pipeline.conversations.formats.format import Format
from pipeline.conversations.formats.messages import Keys, read_message, read_messages, require_turns, tools_of
from pipeline.conversations.formats.shapes import IDENTITIES, SYSTEM, Segment, Shape
from pipeline.conversations.model import Branch, FullConversation, FullTurn

_ALTERNATIVES = (("chosen", "rejected"), ("preferred_output", "non_preferred_output"))


@dataclass(frozen=True, slots=True)
class Preference(FieldFormat):
    """A chosen and a rejected answer, as TRL, OpenAI, ShareGPT's and Alpaca's users write them."""

    name: str = "preference"
    title: str = "preference: a chosen and a rejected answer"

    def fits(self, row: Json) -> bool:
        """Whether it has both alternatives."""
        return isinstance(row, dict) and any(better in row and worse in row for better, worse in _ALTERNATIVES)

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The prompt's turns, then the better answer's, then the worse one's."""
        if (fields := as_object(row, faults)) is None:
            return None
        better, worse = _ALTERNATIVES[1] if "preferred_output" in fields else _ALTERNATIVES[0]
        prompt = [unsupervised(turn) for turn in _prompt(fields, faults)]
        chosen = _answer(fields, better, Branch.CHOSEN, faults)
        rejected = _answer(fields, worse, Branch.REJECTED, faults)
        if not prompt:
            prompt, chosen, rejected = without_common(chosen, rejected)
        tools = fields["input"] if isinstance(fields.get("input"), dict) else fields
        turns = [*prompt, *chosen, *rejected]
        return FullConversation(identity_of(fields, IDENTITIES), turns, tools_of(dict(tools), faults))  # type: ignore[arg-type]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """A prompt of any kind with two answers; not two whole conversations, whose common beginning must be found."""
        return _PREFERENCES


_PROMPT_FIELDS = ("conversations", "messages", "instruction")  # the first of them that is there is the prompt


def _answers(names: tuple[str, str], as_kind: int) -> tuple[Segment, ...]:
    branches = (Branch.CHOSEN, Branch.REJECTED)
    named = zip(names, branches, strict=True)
    return tuple(either(name, "assistant", branch=branch)[as_kind] for name, branch in named)


_MESSAGES, _TEXTS = (_answers(_ALTERNATIVES[0], as_kind) for as_kind in (0, 1))
_PREFERENCES = (
    *(
        Shape((SYSTEM, prompt, *answers), null=("input",), absent=(*_PROMPT_FIELDS, "preferred_output"))
        for answers in (_MESSAGES, _TEXTS)
        for prompt in either("prompt", "user", is_learned=False)
    ),
    Shape(
        (SYSTEM, Segment("question", "text", "user"), *_TEXTS),
        null=("input", "prompt"),
        absent=(*_PROMPT_FIELDS, "preferred_output"),
    ),
    Shape(
        (
            SYSTEM,
            Segment("history", "pairs", is_learned=False),
            Segment("instruction", "text", "user", added="input"),
            *_TEXTS,
        ),
        absent=("conversations", "messages", "preferred_output"),
    ),
    Shape(
        (
            SYSTEM,
            Segment("conversations", keys=SHAREGPT_KEYS, is_learned=False),
            *(replace(answer, kind="message", keys=SHAREGPT_KEYS) for answer in _MESSAGES),
        ),
        null=("input",),
        absent=("preferred_output",),
    ),
    Shape(
        (SYSTEM, Segment("messages", within="input", is_learned=False), *_answers(_ALTERNATIVES[1], 0)),
        absent=_PROMPT_FIELDS,
    ),
)


def _prompt(row: dict[str, Json], faults: Faults) -> list[FullTurn]:
    turns = system_turn(row, faults)
    if "conversations" in row:
        listed = field(row, "conversations", list, "$", faults)
        return turns + read_messages(listed, "$.conversations", SHAREGPT_KEYS, faults)
    if "messages" in row:
        return turns + read_messages(field(row, "messages", list, "$", faults), "$.messages", Keys(), faults)
    if "instruction" in row:
        return turns + _instruction(row, faults)
    if isinstance(row.get("input"), dict):
        request = row["input"]
        listed = field(request, "messages", list, "$.input", faults)  # type: ignore[arg-type]
        require_turns(listed, "$.input.messages", faults)
        return turns + read_messages(listed, "$.input.messages", Keys(), faults)
    name = next((name for name in ("prompt", "question", "input") if row.get(name) is not None), None)
    return turns + (text_or_messages(row, name, "user", faults) if name else [])


def _instruction(row: dict[str, Json], faults: Faults) -> list[FullTurn]:
    kept: dict[str, Json] = {name: row[name] for name in ("instruction", "input", "history") if name in row}
    read = ALPACA.read({**kept, "output": ""}, faults)
    return read.turns[:-1] if read else []


def _answer(row: dict[str, Json], name: str, branch: Branch, faults: Faults) -> list[FullTurn]:
    value = row.get(name)
    if isinstance(value, dict):
        keys = SHAREGPT_KEYS if "value" in value else Keys()
        turn = read_message(value, f"$.{name}", keys, dict(keys.aliases), faults, branch)
        return [turn] if turn else []
    if isinstance(value, list) and value and isinstance(value[0], dict) and "value" in value[0]:
        return read_messages(value, f"$.{name}", SHAREGPT_KEYS, faults, branch)
    return text_or_messages(row, name, "assistant", faults, branch)


def without_common(
    chosen: list[FullTurn], rejected: list[FullTurn]
) -> tuple[list[FullTurn], list[FullTurn], list[FullTurn]]:
    """The turns that both alternatives begin with, as their prompt, and what is left of each."""
    shared = 0
    for left, right in zip(chosen, rejected, strict=False):
        if (left.role, left.content, left.tool_calls) != (right.role, right.content, right.tool_calls):
            break
        shared += 1
    shared = min(shared, len(chosen) - 1, len(rejected) - 1) if chosen and rejected else 0
    prompt = [unsupervised(turn) for turn in chosen[:shared]]
    for turn in prompt:
        turn.branch = Branch.NONE
    return prompt, chosen[shared:], rejected[shared:]


@dataclass(frozen=True, slots=True)
class Judged(FieldFormat):
    """A conversation with a label that says whether its answer was liked, as KTO takes it."""

    name: str = "kto"
    title: str = "KTO: a conversation and a label"

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
            faults.add("missing-field", "$.messages", "expected messages, conversations, or prompt and completion")
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


_JUDGED: tuple[tuple[Format, tuple[str, ...]], ...] = (
    (OPENAI, ("messages",)),
    (SHAREGPT, ("conversations",)),
    (PROMPT_COMPLETION, ("prompt", "completion")),
)


def _judged_as(row: dict[str, Json]) -> Format | None:
    for form, names in _JUDGED:
        if all(name in row for name in names):
            return form
    return None


@dataclass(frozen=True, slots=True)
class LlamaFactory(FieldFormat):
    """LLaMA-Factory v1: messages whose content is a list of parts, with a loss weight; or two lists to choose from."""

    name: str = "llamafactory-v1"
    title: str = "LLaMA-Factory v1: messages of parts with a loss weight"

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
            chosen = _messages(fields, "chosen_messages", Branch.CHOSEN, faults)
            rejected = _messages(fields, "rejected_messages", Branch.REJECTED, faults)
            prompt, chosen, rejected = without_common(chosen, rejected)
            turns = [*prompt, *chosen, *rejected]
        else:
            turns = _messages(fields, "messages", Branch.NONE, faults)
        return FullConversation(identity_of(fields, IDENTITIES), turns, tools_of(fields, faults))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Messages of one part of text each."""
        return (Shape((Segment("messages", has_parts=True),), absent=("chosen_messages", "rejected_messages")),)


def _messages(row: dict[str, Json], name: str, branch: Branch, faults: Faults) -> list[FullTurn]:
    listed = field(row, name, list, "$", faults)
    require_turns(listed, f"$.{name}", faults)
    return read_messages(listed, f"$.{name}", Keys(), faults, branch)


PREFERENCE, KTO, LLAMAFACTORY_V1 = Preference(), Judged(), LlamaFactory()
