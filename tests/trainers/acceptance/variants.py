"""Small files as people have them, each with one thing that is odd, made from a seed: what loaders are asked about.

`COUNT` of them are drawn; those about how calls and results belong together are all there.

A file has rows of one format, in one container; what is odd is in one row, or in all. The same seed gives the same
bytes.
"""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

COUNT = 200
_ROWS = 6
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Variant:
    """A file. name: format, oddity and container, and the suffix that people give it; each variant has its own."""

    name: str
    data: bytes


def variants() -> list[Variant]:
    """All of them."""
    made: dict[str, Variant] = {}
    random = Random(14)
    while len(made) < COUNT:
        form, odd, container = (random.choice([*each]) for each in (FORMATS, ODDITIES, CONTAINERS))
        if random.random() < 0.5:
            container = "lines"  # as most files are
        name = f"{len(made):03d}-{form}-{odd}-{container}"
        key = name.partition("-")[2]
        if key not in made:
            rows = [FORMATS[form](n) for n in range(_ROWS)]
            texts = ODDITIES[odd](rows, random.randrange(_ROWS))
            suffix, pack = CONTAINERS[container]
            made[key] = Variant(name + suffix, pack(texts))
    of_calls = (
        Variant(f"calls-{odd}.jsonl", _lines(make([_with_call(n) for n in range(_ROWS)], 2))) for odd, make in CALLS
    )
    return [*made.values(), *of_calls]


def _said(
    n: int, role: str = "role", content: str = "content", names: tuple[str, str] = ("user", "assistant")
) -> list[Row]:
    return [{role: names[k % 2], content: f"What is said in turn {k} of talk {n}."} for k in range(2 + 2 * (n % 2))]


def _with_call(n: int) -> Row:
    call = {"id": f"callid{n:03d}", "type": "function", "function": {"name": "find", "arguments": json.dumps({"n": n})}}
    tool = {"type": "function", "function": {"name": "find", "parameters": {"type": "object", "properties": {}}}}
    return {
        "messages": [
            {"role": "user", "content": f"Find {n}."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "content": f"{n}", "tool_call_id": call["id"]},
            {"role": "assistant", "content": f"It is {n}."},
        ],
        "tools": [tool],
    }


FORMATS: dict[str, Callable[[int], Row]] = {
    "openai": lambda n: {"messages": _said(n)},
    "calls": _with_call,
    "sharegpt": lambda n: {"conversations": _said(n, "from", "value", ("human", "gpt"))},
    "alpaca": lambda n: {"instruction": f"Add {n}.", "input": "", "output": f"It is {n}."},
    "prompt": lambda n: {"prompt": f"Add {n}.", "completion": f"It is {n}."},
    "preference": lambda n: {"prompt": f"Add {n}.", "chosen": f"It is {n}.", "rejected": "No."},
    "text": lambda n: {"text": f"A text of number {n}."},
}


def _changed(change: Callable[[Row, int, bool], None]) -> Callable[[list[Row], int], list[str]]:
    """change: of a row, with its number and whether it is the odd one."""

    def texts(rows: list[Row], odd: int) -> list[str]:
        for number, row in enumerate(rows):
            change(row, number, number == odd)
        return list(map(json.dumps, rows))

    return texts


def _column(usual: Callable[[int], Any], odd: Any) -> Callable[[list[Row], int], list[str]]:
    """A column beside what is read, with another value in one row."""
    return _changed(lambda row, number, is_odd: row.update({"meta": odd if is_odd else usual(number)}))


def _in_text(old: str, new: str) -> Callable[[list[Row], int], list[str]]:
    """One row's line with something else in it."""

    def texts(rows: list[Row], odd: int) -> list[str]:
        made = list(map(json.dumps, rows))
        made[odd] = made[odd].replace(old, new, 1)
        return made

    return texts


def _first(row: Row) -> Any:
    """The first field that is learned from, or its last message."""
    name = next(iter(row))
    return row[name][-1] if isinstance(row[name], list) else row


def _without_field(row: Row, _: int, is_odd: bool) -> None:
    if is_odd:
        holder = _first(row)
        del holder[list(holder)[-1]]


def _null(row: Row, _: int, is_odd: bool) -> None:
    if is_odd:
        holder = _first(row)
        holder[list(holder)[-1]] = None


def _number(row: Row, number: int, is_odd: bool) -> None:
    if is_odd:
        holder = _first(row)
        holder[list(holder)[-1]] = number


def _weights(values: tuple[Any, Any]) -> Callable[[Row, int, bool], None]:
    def weigh(row: Row, _: int, is_odd: bool) -> None:
        holder = _first(row)
        if holder is not row:
            holder["weight"] = values[is_odd]

    return weigh


def _roles(to: str) -> Callable[[Row, int, bool], None]:
    def rename(row: Row, _: int, is_odd: bool) -> None:
        holder = _first(row)
        if is_odd and holder is not row:
            holder[next(iter(holder))] = to

    return rename


def _calls(change: Callable[[Row], None]) -> Callable[[Row, int, bool], None]:
    def changed(row: Row, _: int, is_odd: bool) -> None:
        for message in row.get("messages", []):
            for call in message.get("tool_calls") or []:
                if is_odd:
                    change(call)

    return changed


ODDITIES: dict[str, Callable[[list[Row], int], list[str]]] = {
    "none": _changed(lambda *_: None),
    "column-int-text": _column(lambda n: n, "text"),
    "column-int-float": _column(lambda n: n, 0.5),
    "column-int-null": _column(lambda n: n, None),
    "column-int-bool": _column(lambda n: n, True),
    "column-text-list": _column(lambda n: f"t{n}", ["t"]),
    "column-list-object": _column(lambda n: [n], {"n": 1}),
    "column-object-list": _column(lambda n: {"n": n}, [1]),
    "column-list-mixed": _column(lambda n: [n], [1, "t"]),
    "column-empty-list": _column(lambda n: [n], []),
    "column-object-keys": _column(lambda n: {"n": n}, {"m": n} if (n := 1) else {}),
    "column-nested-drift": _column(lambda n: {"a": {"b": n}}, {"a": {"b": "t"}}),
    "column-dates": _column(lambda n: f"2026-01-0{n + 1}", "soon"),
    "column-once": _changed(lambda row, _, is_odd: row.update({"extra": 1} if is_odd else {})),
    "number-1e999": _in_text("}", ', "score": 1e999}'),
    "integer-of-65-bits": _column(lambda n: n, 2**64 + 1),
    "integer-of-63-bits": _column(lambda n: n, 2**63 - 1),
    "nan": _column(lambda n: float(n), float("nan")),
    "key-twice": _in_text("{", '{"x": 1, "x": 2, '),
    "comma-too-many": _in_text("}", ",}"),
    "cut-off": _in_text("}", ""),
    "single-quotes": _in_text('"', "'"),
    "blank-line": lambda rows, odd: [*map(json.dumps, rows[:odd]), "", *map(json.dumps, rows[odd:])],
    "byte-order-mark": lambda rows, _: ["\ufeff" + json.dumps(rows[0]), *map(json.dumps, rows[1:])],
    "lone-surrogate": _in_text(".", "\\ud800"),
    "line-is-list": lambda rows, odd: [json.dumps([row] if n == odd else row) for n, row in enumerate(rows)],
    "line-is-text": lambda rows, odd: [json.dumps("a text" if n == odd else row) for n, row in enumerate(rows)],
    # No line that is null: pyarrow 26.0.1 ends the process at it, which is an objection as well.
    "field-missing": _changed(_without_field),
    "field-null": _changed(_null),
    "field-number": _changed(_number),
    "weights": _changed(_weights((1, 0))),
    "weight-half": _changed(_weights((1, 0.5))),
    "weight-text": _changed(_weights((1, "high"))),
    "role-system-last": _changed(_roles("system")),
    "role-unknown": _changed(_roles("critic")),
    "role-tool": _changed(_roles("tool")),
    "call-without-id": _changed(_calls(lambda call: call.pop("id"))),
    "call-arguments-object": _changed(_calls(lambda call: call["function"].update(arguments={"n": 1}))),
    "call-arguments-text": _changed(_calls(lambda call: call["function"].update(arguments="n = 1"))),
    "images": _changed(lambda row, number, _: row.update(images=[f"{number}.png"])),
    "empty-answer": _changed(lambda row, _, is_odd: _first(row).update({list(_first(row))[-1]: ""} if is_odd else {})),
}


def _of_call(change: Callable[[list[Row]], None]) -> Callable[[list[Row], int], list[str]]:
    """change: of the messages of one row, which are a question, a call, its result and the answer."""
    return _changed(lambda row, _, is_odd: change(row["messages"]) if is_odd else None)


def _second_call(messages: list[Row]) -> None:
    messages[1]["tool_calls"].append({**messages[1]["tool_calls"][0], "id": "callid999"})


CALLS: list[tuple[str, Callable[[list[Row], int], list[str]]]] = [
    ("result-of-unknown-call", _of_call(lambda messages: messages[2].update(tool_call_id="callid999"))),
    ("answered-twice", _of_call(lambda messages: messages.insert(2, messages[2]))),
    ("not-answered", _of_call(lambda messages: messages.pop(2) and None)),
    ("one-of-two-answered", _of_call(_second_call)),
    ("result-before-call", _of_call(lambda messages: messages.insert(1, messages[2]))),
    ("result-without-id", _of_call(lambda messages: messages[2].pop("tool_call_id"))),
    ("words-beside", _of_call(lambda messages: messages[1].update(content="Let me look."))),
    ("name-of-two-words", _of_call(lambda messages: messages[1]["tool_calls"][0]["function"].update(name="find it"))),
    ("id-of-ten", _of_call(lambda messages: messages[1]["tool_calls"][0].update(id="callid0021"))),
    ("ends-with-call", _of_call(lambda messages: messages.__delitem__(slice(2, None)))),
    ("ends-with-result", _of_call(lambda messages: messages.pop() and None)),
]


def _lines(texts: list[str]) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode("utf-8", "surrogatepass")


def _array(texts: list[str]) -> bytes:
    return ("[" + ",\n".join(text for text in texts if text) + "]").encode("utf-8", "surrogatepass")


CONTAINERS: dict[str, tuple[str, Callable[[list[str]], bytes]]] = {
    "lines": (".jsonl", _lines),
    "no-end": (".jsonl", lambda texts: _lines(texts)[:-1]),
    "windows-ends": (".jsonl", lambda texts: _lines(texts).replace(b"\n", b"\r\n")),
    "array": (".json", _array),
    "array-in-a-line": (".json", lambda texts: _array(texts).replace(b"\n", b"")),
    "array-named-lines": (".jsonl", _array),
    "gzip": (".jsonl.gz", lambda texts: gzip.compress(_lines(texts), mtime=0)),
}
