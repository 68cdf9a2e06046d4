"""Faults to plant into faultless rows: what is done to a row, and every code that its line must then have.

A conversation of turns is written once and rendered in each format of messages, so that a fault of structure is planted
in all of them.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.properties.formats_rows import BY_KIND, KINDS, Kind, text

Row = Any
Turns = list[dict[str, Any]]

# Where a kind keeps its messages: the list's field ("" for a bare list), the role's, the content's.
MESSAGES = {
    "native": ("turns", "role", "content"),
    "openai": ("messages", "role", "content"),
    "openai-bare": ("", "role", "content"),
    "sharegpt": ("conversations", "from", "value"),
    "sharegpt-bare": ("", "from", "value"),
    "dialogue": ("turns", "speaker", "utterance"),
    "chat": ("conversations", "role", "content"),
    "kto-messages": ("messages", "role", "content"),
    "kto-sharegpt": ("conversations", "from", "value"),
    "v1": ("messages", "role", "content"),
}
RICH = ("native", "openai", "openai-bare", "chat", "kto-messages")  # whose messages may carry calls and weights
ROLES = {
    "from": {"user": "human", "assistant": "gpt"},
    "speaker": {"user": "USER", "assistant": "SYSTEM"},
    "role": {},
}
# Fields of text, for formats that have no list of messages; the last one is the answer.
FIELDS = {
    "alpaca": ("instruction", "output"),
    "plain-text": ("text",),
    "kto-prompt": ("prompt", "completion"),
    "preference-alpaca": ("instruction", "chosen"),
}
ANY = tuple(kind.name for kind in KINDS)


@dataclass(frozen=True, slots=True)
class Fault:
    """plant: makes the line of row n of a kind. codes: all that its line must have."""

    name: str
    codes: tuple[str, ...]
    kinds: tuple[str, ...]
    plant: Callable[[Random, Kind, int], bytes] = field(repr=False)


def encoded(row: Row) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode()


def listed(kind: Kind, row: Row) -> list[Any]:
    """The row's messages."""
    name = MESSAGES[kind.name][0]
    return row[name] if name else row


def talk(random: Random, n: int, *roles: str) -> Turns:
    """Turns by these roles, in the words of OpenAI's format."""
    return [{"role": role, "content": text(random, n)} for role in roles]


def rendered(kind: Kind, turns: Turns, n: int) -> bytes:
    """The turns as a row of the kind."""
    name, role, content = MESSAGES[kind.name]
    messages = []
    for turn in turns:
        said = turn["content"]
        if kind.name == "v1":
            said = [{"type": "text", "value": said}]
        others = {key: value for key, value in turn.items() if key not in ("role", "content")}
        if kind.name == "v1":
            others.setdefault("loss_weight", float(turn["role"] == "assistant"))
        messages.append({role: ROLES[role].get(turn["role"], turn["role"]), content: said, **others})
    if not name:
        return encoded(messages)
    row: dict[str, Any] = {name: messages}
    if kind.name == "native":
        row["conversation_id"] = f"c-{n}"
    if kind.name.startswith("kto"):
        row["label"] = True
    return encoded(row)


def on_message(change: Callable[[Random, list[Any], int, Kind], None]) -> Callable[[Random, Kind, int], bytes]:
    """Change one message of a faultless row; any but the first, by which some formats are known."""

    def plant(random: Random, kind: Kind, n: int) -> bytes:
        row = kind.make(random, n)
        messages = listed(kind, row)
        change(random, messages, random.randrange(1, len(messages)), kind)
        return encoded(row)

    return plant


def on_turns(make: Callable[[Random, int], Turns]) -> Callable[[Random, Kind, int], bytes]:
    """A row of these turns."""
    return lambda random, kind, n: rendered(kind, make(random, n), n)


def on_row(change: Callable[[Random, Row, Kind], Row | None]) -> Callable[[Random, Kind, int], bytes]:
    """Change a faultless row, or put another in its place."""

    def plant(random: Random, kind: Kind, n: int) -> bytes:
        row = kind.make(random, n)
        other = change(random, row, kind)
        return encoded(row if other is None else other)

    return plant


def on_bytes(change: Callable[[Random, bytes], bytes]) -> Callable[[Random, Kind, int], bytes]:
    """Change a faultless line."""
    return lambda random, kind, n: change(random, encoded(kind.make(random, n)))


def _set(place: int, value: Any) -> Callable[[Random, list[Any], int, Kind], None]:
    """Give a message's role (1) or content (2) this value."""

    def change(_random: Random, messages: list[Any], index: int, kind: Kind) -> None:
        messages[index][MESSAGES[kind.name][place]] = value

    return change


def _drop(place: int) -> Callable[[Random, list[Any], int, Kind], None]:
    def change(_random: Random, messages: list[Any], index: int, kind: Kind) -> None:
        del messages[index][MESSAGES[kind.name][place]]

    return change


def _replace(value: Any) -> Callable[[Random, list[Any], int, Kind], None]:
    def change(_random: Random, messages: list[Any], index: int, _kind: Kind) -> None:
        messages[index] = value

    return change


def _add(name: str, value: Any) -> Callable[[Random, list[Any], int, Kind], None]:
    def change(_random: Random, messages: list[Any], index: int, _kind: Kind) -> None:
        messages[index][name] = value

    return change


def _list_as(value: Any) -> Callable[[Random, Row, Kind], Row]:
    def change(_random: Random, row: Row, kind: Kind) -> Row:
        name = MESSAGES[kind.name][0]
        return {**row, name: value} if name else value

    return change


def _field(place: int, value: Any) -> Callable[[Random, Row, Kind], None]:
    def change(_random: Random, row: Row, kind: Kind) -> None:
        row[_name(row, kind, place)] = value

    return change


def _without_field(place: int) -> Callable[[Random, Row, Kind], None]:
    def change(_random: Random, row: Row, kind: Kind) -> None:
        del row[_name(row, kind, place)]

    return change


def _name(row: Row, kind: Kind, place: int) -> str:
    name = FIELDS[kind.name][place]
    return name if name in row else "response"


def _with(**fields: Any) -> Callable[[Random, Row, Kind], None]:
    return lambda _random, row, _kind: row.update(fields)


def _cut(random: Random, line: bytes) -> bytes:
    return line[: random.randrange(2, len(line))].decode(errors="ignore").encode()


def _calls(*arguments: Any) -> list[dict[str, Any]]:
    return [
        {"id": f"call-{index}", "type": "function", "function": {"name": "f", "arguments": each}}
        for index, each in enumerate(arguments)
    ]


def _calling(random: Random, n: int, *arguments: Any) -> Turns:
    user, assistant, tool, answer = talk(random, n, "user", "assistant", "tool", "assistant")
    return [user, assistant | {"tool_calls": _calls(*arguments)}, tool | {"tool_call_id": "call-0"}, answer]


def _weighed(random: Random, n: int, user: float | None, assistant: float) -> Turns:
    asked, answered = talk(random, n, "user", "assistant")
    return [asked | ({} if user is None else {"weight": user}), answered | {"weight": assistant}]


def _other_row(random: Random, kind: Kind, n: int) -> bytes:
    """A row of another format, that this one cannot read."""
    others = ("plain-text", "alpaca", "sharegpt", "openai", "native", "preference-prompt")
    fitting = [name for name in others if BY_KIND[name].form.name not in READ_AS[kind.form.name]]
    return encoded(BY_KIND[random.choice(fitting)].make(random, n))


# Whose rows a format reads too, because they have all its fields.
READ_AS = {
    **{kind.form.name: {kind.form.name} for kind in KINDS},
    "llamafactory-v1": {"llamafactory-v1", "openai"},
    "preference": {"preference"},
    "dolly": {"dolly", "alpaca"},
    "guanaco": {"guanaco", "plain-text"},
    "cohere": {"cohere", "openai"},
    "flat-messages": {"flat-messages", "openai"},
}
_ALL, _OBJECTS = tuple(MESSAGES), tuple(name for name, (listed, *_) in MESSAGES.items() if listed)
_NUL = "a\0b"
_NO_ROW = tuple(name for name in ANY if name != "hub-rows")  # in which the word is a field's name
_MANY_VALUES = b"[" + b"0," * 20_000 + b"0]"

FAULTS = (
    # Errors of bytes and values, in every format.
    Fault("cut-off", ("malformed-json",), ANY, on_bytes(_cut)),
    Fault("comma", ("malformed-json",), ANY, on_bytes(lambda _, line: line[:-1] + b"," + line[-1:])),
    Fault("two-values", ("malformed-json",), ANY, on_bytes(lambda _, line: line + b" " + line)),
    Fault("nan", ("malformed-json",), ANY, on_bytes(lambda _, line: line[:-1] + b',"x":NaN' + line[-1:])),
    Fault("latin-1", ("invalid-utf8",), ANY, on_bytes(lambda _, line: line.replace(b"row", b"\xe9", 1))),
    Fault("half", ("lone-surrogate",), ANY, on_bytes(lambda _, line: line.replace(b"row", rb"\ud83d", 1))),
    Fault("nul", ("nul-character",), _NO_ROW, on_bytes(lambda _, line: line.replace(b"row", rb"a\u0000", 1))),
    Fault("number", ("not-an-object",), ANY, lambda *_: b"12"),
    Fault("text", ("not-an-object",), ANY, lambda *_: b'"hello"'),
    Fault(
        "deep",
        ("nesting-too-deep",),
        ANY,
        on_bytes(
            lambda _, line: (line[:-1] + b',"x":' + b"[" * 600 + b"]" * 600 + b"}") if line[:1] == b"{" else b"[" * 600
        ),
    ),
    Fault(
        "full",
        ("too-many-values",),
        ANY,
        on_bytes(lambda _, line: line[:-1] + (b',"x":' if line[:1] == b"{" else b",") + _MANY_VALUES + line[-1:]),
    ),
    Fault("other-format", ("other-format",), ANY, _other_row),
    # Errors of messages.
    Fault("no-role", ("missing-field",), _ALL, on_message(_drop(1))),
    Fault("no-content", ("missing-field",), _ALL, on_message(_drop(2))),
    *(
        Fault(f"role-{name}", ("wrong-type",), _ALL, on_message(_set(1, value)))
        for name, value in (("number", 4), ("null", None), ("list", ["user"]))
    ),
    *(
        Fault(f"content-{name}", ("wrong-type",), _ALL, on_message(_set(2, value)))
        for name, value in (("number", 4), ("null", None), ("object", {"a": 1}), ("boolean", True))
    ),
    Fault("content-list", ("wrong-type",), ("native",), on_message(_set(2, ["a"]))),
    Fault("part-number", ("wrong-type",), tuple(set(_ALL) - {"native"}), on_message(_set(2, [4]))),
    Fault("part-without-type", ("missing-field",), tuple(set(_ALL) - {"native"}), on_message(_set(2, [{"text": "a"}]))),
    Fault("nul-role", ("nul-character",), _ALL, on_message(_set(1, _NUL))),
    *(
        Fault(f"turn-{name}", ("turn-not-an-object",), _ALL, on_message(_replace(value)))
        for name, value in (("text", "hello"), ("null", None), ("list", []))
    ),
    Fault("no-turns", ("empty-turns",), _ALL, on_row(_list_as([]))),
    Fault("list-object", ("wrong-type",), _OBJECTS, on_row(_list_as({}))),
    Fault("list-text", ("wrong-type",), _OBJECTS, on_row(_list_as("hello"))),
    Fault("no-id", ("missing-field",), ("native", "native-rich"), on_row(lambda _, row, __: {"turns": row["turns"]})),
    Fault("empty-id", ("empty-conversation-id",), ("native", "native-rich"), on_row(_with(conversation_id=""))),
    Fault("number-id", ("wrong-type",), ("native", "native-rich"), on_row(_with(conversation_id=4))),
    # Errors of what messages carry beside their text; the native format takes them for other fields.
    *(
        Fault(f"{name}-type", ("wrong-type",), tuple(set(_ALL) - {"native"}), on_message(_add(name, value)))
        for name, value in (
            ("tool_calls", "f"),
            ("weight", "1"),
            ("weight", True),
            ("weight", -1),
            ("name", 4),
            ("tool_call_id", 4),
            ("tool_calls", [4]),
            ("function_call", "f"),
        )
    ),
    Fault("call-without-name", ("missing-field",), ("openai",), on_message(_add("tool_calls", [{"function": {}}]))),
    Fault(
        "tools-text", ("wrong-type",), ("openai", "sharegpt", "alpaca", "prompt-completion"), on_row(_with(tools="f"))
    ),
    Fault(
        "tools-number", ("wrong-type",), ("openai", "sharegpt", "alpaca", "preference-prompt"), on_row(_with(tools=4))
    ),
    Fault(
        "system-number", ("wrong-type",), ("openai", "sharegpt", "alpaca", "prompt-completion"), on_row(_with(system=4))
    ),
    Fault("label-text", ("wrong-type",), ("kto-messages", "kto-sharegpt", "kto-prompt"), on_row(_with(label="yes"))),
    Fault(
        "no-call",
        ("malformed-tool-call",),
        ("sharegpt", "sharegpt-bare", "kto-sharegpt"),
        on_turns(
            lambda random, n: [
                {"role": "user", "content": "a"},
                {"role": "function_call", "content": "f()"},
                *talk(random, n, "tool", "assistant"),
            ]
        ),
    ),
    # Errors of fields.
    Fault("two-outputs", ("ambiguous-answer",), ("alpaca",), on_row(_with(output="a", response="b"))),
    Fault(
        "two-completions", ("ambiguous-answer",), ("prompt-completion",), on_row(_with(completion="a", response="b"))
    ),
    Fault("no-answer", ("missing-field",), ("alpaca",), on_row(_without_field(-1))),
    Fault("no-question", ("missing-field",), ("alpaca",), on_row(_without_field(0))),
    *(
        Fault(f"answer-{name}", ("wrong-type",), tuple(FIELDS), on_row(_field(-1, value)))
        for name, value in (("number", 4), ("null", None), ("boolean", True))
    ),
    Fault("input-list", ("wrong-type",), ("alpaca",), on_row(_with(input=["a"]))),
    Fault("history-triple", ("wrong-type",), ("alpaca",), on_row(_with(history=[["a", "b", "c"]]))),
    Fault("history-text", ("wrong-type",), ("alpaca",), on_row(_with(history="a"))),
    Fault("history-number", ("wrong-type",), ("alpaca",), on_row(_with(history=[["a", 4]]))),
    Fault("prompt-number", ("wrong-type",), ("prompt-completion", "preference-prompt"), on_row(_with(prompt=4))),
    Fault("no-prompt", ("empty-turns",), ("prompt-completion", "preference-prompt"), on_row(_with(prompt=[]))),
    Fault(
        "no-rejected",
        ("missing-field",),
        ("preference-prompt", "preference-alpaca"),
        on_row(lambda _, row, __: {name: value for name, value in row.items() if name != "rejected"}),
    ),
    Fault(
        "rejected-null",
        ("wrong-type",),
        ("preference-prompt", "preference-sharegpt", "preference-implicit"),
        on_row(_with(rejected=None)),
    ),
    Fault(
        "no-rejected-turns", ("empty-turns",), ("preference-implicit", "preference-prompt"), on_row(_with(rejected=[]))
    ),
    Fault("no-v1-turns", ("empty-turns",), ("v1-preference",), on_row(_with(chosen_messages=[]))),
    # Warnings of conventions.
    Fault("narrator", ("unknown-role",), _ALL, on_turns(lambda random, n: talk(random, n, "narrator", "assistant"))),
    Fault("Human", ("unknown-role",), _ALL, on_turns(lambda random, n: talk(random, n, "Human", "assistant"))),
    Fault(
        "silent-user",
        ("empty-content",),
        _ALL,
        on_turns(lambda random, n: [{"role": "user", "content": " \n"}, *talk(random, n, "assistant")]),
    ),
    Fault(
        "silent-assistant",
        ("empty-content", "nothing-supervised"),
        _ALL,
        on_turns(lambda random, n: [*talk(random, n, "user"), {"role": "assistant", "content": ""}]),
    ),
    Fault("silent-answer", ("empty-content", "nothing-supervised"), ("kto-prompt",), on_row(_field(-1, ""))),
    Fault(
        "silent-output",
        ("empty-content", "nothing-supervised"),
        ("alpaca",),
        on_row(lambda _, row, __: {"instruction": row["instruction"], "output": ""}),
    ),
    Fault("silent-text", ("empty-content",), ("plain-text",), on_row(_with(text=" "))),
    Fault("silent-chosen", ("empty-content",), ("preference-prompt", "preference-alpaca"), on_row(_with(chosen=""))),
    Fault(
        "unanswered",
        ("no-assistant-turn", "last-turn-not-assistant"),
        _ALL,
        on_turns(lambda random, n: talk(random, n, "user")),
    ),
    Fault("twice", ("roles-not-alternating",), _ALL, on_turns(lambda r, n: talk(r, n, "user", "user", "assistant"))),
    Fault("open", ("last-turn-not-assistant",), _ALL, on_turns(lambda r, n: talk(r, n, "user", "assistant", "user"))),
    # Warnings of structure.
    Fault(
        "late-system",
        ("system-not-first",),
        tuple(set(_ALL) - {"dialogue"}),
        on_turns(lambda r, n: talk(r, n, "user", "assistant", "system", "user", "assistant")),
    ),
    Fault(
        "two-systems",
        ("system-not-first", "several-system-turns"),
        tuple(set(_ALL) - {"dialogue"}),
        on_turns(lambda r, n: talk(r, n, "system", "developer", "user", "assistant")),
    ),
    Fault(
        "assistant-begins",
        ("first-turn-not-user",),
        _ALL,
        on_turns(lambda r, n: talk(r, n, "assistant", "user", "assistant")),
    ),
    Fault(
        "orphan", ("tool-result-without-call",), _ALL, on_turns(lambda r, n: talk(r, n, "user", "tool", "assistant"))
    ),
    Fault(
        "parallel",
        ("consecutive-tool-results",),
        _ALL,
        on_turns(lambda r, n: talk(r, n, "user", "assistant", "tool", "tool", "assistant")),
    ),
    Fault(
        "unheard",
        ("tool-call-without-result", "roles-not-alternating"),
        RICH,
        on_turns(lambda r, n: [turn for turn in _calling(r, n, "{}") if turn["role"] != "tool"]),
    ),
    Fault("double", ("double-encoded-arguments",), RICH, on_turns(lambda r, n: _calling(r, n, '"{}"'))),
    Fault("prose", ("arguments-not-json",), RICH, on_turns(lambda r, n: _calling(r, n, "what: tea"))),
    Fault("list", ("arguments-not-json",), RICH, on_turns(lambda r, n: _calling(r, n, "[1]"))),
    Fault("half-weight", ("partial-weight",), RICH, on_turns(lambda r, n: _weighed(r, n, None, 0.5))),
    Fault("user-weight", ("weight-on-non-assistant",), RICH, on_turns(lambda r, n: _weighed(r, n, 1, 1))),
    Fault("weightless", ("nothing-supervised",), RICH, on_turns(lambda r, n: _weighed(r, n, None, 0))),
    Fault(
        "image",
        ("unsupported-content-part",),
        ("openai", "openai-bare", "chat", "kto-messages"),
        on_turns(
            lambda r, n: [
                {
                    "role": "user",
                    "content": [{"type": "text", "text": text(r, n)}, {"type": "image_url", "image_url": {"url": "x"}}],
                },
                *talk(r, n, "assistant"),
            ]
        ),
    ),
)
CASES = [(BY_KIND[name], fault) for fault in FAULTS for name in sorted(fault.kinds)]
