"""The format of preferences: a better and a worse answer to one prompt."""

import re
from dataclasses import dataclass, replace
from functools import cache

from msgspec.structs import replace as replace_struct

from pipeline.dataset.findings.faults import Faults, as_object, field
from pipeline.dataset.formats.rows.beside_text import media_of
from pipeline.dataset.formats.rows.call_rows import tools_of
from pipeline.dataset.formats.rows.chat import SHAREGPT_KEYS, identity_of
from pipeline.dataset.formats.rows.fields import (
    FieldFormat,
    either,
    optional_turn,
    pairs_of_texts,
    text_or_messages,
    text_turn,
    unsupervised,
)
from pipeline.dataset.formats.rows.message_lists import Keys, read_list, read_message, read_messages
from pipeline.dataset.formats.rows.shapes import IDENTITIES, SYSTEM, Segment, Shape
from pipeline.dataset.formats.rows.spoken_texts import said_in_turn
from pipeline.dataset.model.conversation import Branch, FullConversation, FullTurn
from pipeline.dataset.model.json_text import Json
from pipeline.dataset.model.printable import printable

_ALTERNATIVES = (("chosen", "rejected"), ("preferred_output", "non_preferred_output"))
# The names that others give to both answers: ms-swift the last two, whose chosen one may be the end of the messages.
_OTHER_ALTERNATIVES = (
    ("chosen_response", "rejected_response"),
    ("response_chosen", "response_rejected"),
    ("answer_chosen", "answer_rejected"),
    ("chosen_answer", "rejected_answer"),
    ("accepted", "rejected"),
    ("preferred", "dispreferred"),
    ("response_j", "response_k"),
    ("response", "rejected_response"),
    ("messages", "rejected_response"),
)
_PROMPTS = ("prompt", "question", "query", "input")
# How hh-rlhf writes a chat as one text. Each content is what stands between two marks, byte for byte.
_SPEAKER = re.compile(r"\n\n(Human|Assistant): ")


@dataclass(frozen=True, slots=True)
class Preference(FieldFormat):
    """A chosen and a rejected answer, as TRL, OpenAI, ShareGPT's and Alpaca's users write them."""

    name: str = "preference"
    title: str = "preference: a chosen and a rejected answer"
    example: str = '{"prompt": "2+2=", "chosen": "4", "rejected": "5"}'
    becomes: str = (
        "the prompt's turns, then those of both branches; also without a prompt, OpenAI's `input`, `preferred_output`, "
        "`non_preferred_output`, and ShareGPT or Alpaca rows with both; `rejected_response` beside "
        "`response` or `messages`, and both answers under other names; of two texts without a prompt that are chats of "
        "Human and Assistant, as in hh-rlhf, the turns that they name"
    )
    alternatives: tuple[tuple[str, str], ...] = _ALTERNATIVES
    """Names of both answers, of which a row has one pair."""

    def fits(self, row: Json) -> bool:
        """Whether it has both alternatives."""
        return isinstance(row, dict) and any(better in row and worse in row for better, worse in self.alternatives)

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The prompt's turns, then the better answer's, then the worse one's."""
        if (fields := as_object(row, faults)) is None:
            return None
        better, worse = self.alternatives["preferred_output" in fields and len(self.alternatives) > 1]
        prompt = [unsupervised(turn) for turn in _prompt(fields, faults)]
        if better == "messages":
            prompt, chosen = _answered(prompt, faults)
        else:
            chosen = _answer(fields, better, Branch.CHOSEN, faults)
        rejected = _answer(fields, worse, Branch.REJECTED, faults)
        if not prompt and (chats := _chats(chosen, rejected)):
            chosen, rejected = chats
        if not prompt or (_begins_anew(chosen) and _begins_anew(rejected)):
            shared, chosen, rejected = without_common(chosen, rejected)
            prompt = [*_not_in(shared, prompt), *shared]
        inner = fields.get("input")
        turns = [*prompt, *chosen, *rejected]
        listed = tools_of(inner if isinstance(inner, dict) else fields, faults)
        return FullConversation(identity_of(fields, IDENTITIES), turns, listed, media=media_of(fields))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """A prompt of any kind with two answers; not two whole conversations, whose common beginning must be found."""
        return _PREFERENCES if len(self.alternatives) > 1 else _renamed(self.alternatives[0])


_PROMPT_FIELDS = ("conversations", "messages", "instruction")  # the first of them that is there is the prompt


def _answers(names: tuple[str, str], as_kind: int) -> tuple[Segment, ...]:
    branches = (Branch.CHOSEN, Branch.REJECTED)
    named = zip(names, branches, strict=True)
    return tuple(either(name, "assistant", branch=branch, first_role="assistant")[as_kind] for name, branch in named)


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


@cache
def _renamed(names: tuple[str, str]) -> tuple[Shape, ...]:
    """Shapes of a prompt and two texts under other names."""
    if names[0] == "messages":
        return ()
    answers = _answers(names, 1)
    history = Segment("history", "pairs", is_learned=False)
    prompts = (*((Segment(name, "text", "user"),) for name in _PROMPTS), (history, Segment("query", "text", "user")))
    others = tuple(
        tuple(name for name in (*_PROMPTS, "history") if name not in {segment.field for segment in prompt})
        for prompt in prompts
    )
    return tuple(
        Shape((SYSTEM, *prompt, *answers), null=unsaid, absent=(*_PROMPT_FIELDS, "preferred_output"))
        for prompt, unsaid in zip(prompts, others, strict=True)
    )


def _chats(*answers: list[FullTurn]) -> list[list[FullTurn]] | None:
    """The turns of texts that are chats from their first character to the last; None where one of them is none."""
    chats = [_chat(answer[0]) if len(answer) == 1 else [] for answer in answers]
    return chats if all(chats) else None


def _chat(text: FullTurn) -> list[FullTurn]:
    """Its turns, the user's first and in turn; none where it is anything else."""
    said = said_in_turn(_SPEAKER, text.content)
    if len(said) % 2:
        return []
    return [
        replace_struct(text, role=role, content=content, is_supervised=role == "assistant") for role, content in said
    ]


def _answered(turns: list[FullTurn], faults: Faults) -> tuple[list[FullTurn], list[FullTurn]]:
    """The prompt and the chosen answer of messages that end with it."""
    if not turns or turns[-1].role != "assistant":
        found = f"one by {printable(turns[-1].role)}" if turns else "none"
        faults.add("missing-field", "$.messages", "a last message by the assistant, which is the chosen one", found)
        return turns, []
    last = turns[-1]
    last.branch, last.is_supervised = Branch.CHOSEN, last.weight != 0
    return turns[:-1], [last]


def _prompt(row: dict[str, Json], faults: Faults) -> list[FullTurn]:
    turns = optional_turn(row, ("system",), "system", faults)
    if "conversations" in row:
        listed = field(row, "conversations", list, "$", faults)
        return turns + read_messages(listed, "$.conversations", SHAREGPT_KEYS, faults)
    if "messages" in row and not ("prompt" in row and row["messages"] in (row.get("chosen"), None)):
        return turns + read_messages(field(row, "messages", list, "$", faults), "$.messages", Keys(), faults)
    if "instruction" in row:
        return turns + _instruction(row, faults)
    if isinstance(row.get("input"), dict):
        return turns + read_list(row["input"], "messages", "$.input", Keys(), faults)  # type: ignore[arg-type]
    if "query" in row and row.get("history") is not None:
        turns += pairs_of_texts(row, "history", faults)
    name = next((name for name in _PROMPTS if row.get(name) is not None), None)
    return turns + (text_or_messages(row, name, "user", faults) if name else [])


def _instruction(row: dict[str, Json], faults: Faults) -> list[FullTurn]:
    history = pairs_of_texts(row, "history", faults) if row.get("history") is not None else []
    return history + text_turn(row, "instruction", "user", faults, "input")


def _begins_anew(turns: list[FullTurn]) -> bool:
    """Whether an alternative is a whole conversation, and not an answer."""
    return bool(turns) and turns[0].role != "assistant"


def _not_in(shared: list[FullTurn], prompt: list[FullTurn]) -> list[FullTurn]:
    """The turns of a prompt that both alternatives do not repeat, as those of UltraFeedback do."""
    said = {turn.content.strip() for turn in shared}
    return [turn for turn in prompt if turn.content.strip() not in said]


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
OTHER_PREFERENCES = tuple(
    Preference(title=f"preference: {better} and {worse}", alternatives=((better, worse),))
    for better, worse in _OTHER_ALTERNATIVES
)
