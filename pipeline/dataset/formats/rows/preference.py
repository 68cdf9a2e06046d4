"""The format of preferences: a better and a worse answer to one prompt."""

from dataclasses import dataclass, replace

from pipeline.dataset.findings.faults import Faults, as_object, field
from pipeline.dataset.formats.rows.beside_text import media_of
from pipeline.dataset.formats.rows.call_rows import tools_of
from pipeline.dataset.formats.rows.chat import SHAREGPT_KEYS, identity_of
from pipeline.dataset.formats.rows.fields import (
    ALPACA,
    FieldFormat,
    either,
    system_turn,
    text_or_messages,
    unsupervised,
)
from pipeline.dataset.formats.rows.message_lists import Keys, read_list, read_message, read_messages
from pipeline.dataset.formats.rows.shapes import IDENTITIES, SYSTEM, Segment, Shape
from pipeline.dataset.model.conversation import Branch, FullConversation, FullTurn
from pipeline.dataset.model.json_text import Json

_ALTERNATIVES = (("chosen", "rejected"), ("preferred_output", "non_preferred_output"))


@dataclass(frozen=True, slots=True)
class Preference(FieldFormat):
    """A chosen and a rejected answer, as TRL, OpenAI, ShareGPT's and Alpaca's users write them."""

    name: str = "preference"
    title: str = "preference: a chosen and a rejected answer"
    example: str = '{"prompt": "2+2=", "chosen": "4", "rejected": "5"}'
    becomes: str = (
        "the prompt's turns, then those of both branches; also without a prompt, OpenAI's `input`, `preferred_output`, "
        "`non_preferred_output`, and ShareGPT or Alpaca rows with both"
    )

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
        listed = tools_of(dict(tools), faults)  # type: ignore[arg-type]
        return FullConversation(identity_of(fields, IDENTITIES), turns, listed, media=media_of(fields))

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
        return turns + read_list(row["input"], "messages", "$.input", Keys(), faults)  # type: ignore[arg-type]
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


PREFERENCE = Preference()
