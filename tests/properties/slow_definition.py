"""What the engine promises, said once more in the plainest Python: slow, whole in memory, one line at a time.

It imports nothing of the project, so that it can only agree with the engine by meaning the same. It says which
codes stand where; the wording of messages is the engine's own.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field

WHITE = " \t\n\r"  # RFC 8259, section 2
ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
ROLES = {"assistant", "user", "system", "tool", "function", "developer"}

ERRORS = """
    empty-file no-conversations binary-file utf16-file line-too-long invalid-utf8 malformed-json
    nesting-too-deep lone-surrogate not-an-object missing-field wrong-type empty-conversation-id empty-turns
    turn-not-an-object nul-character
""".split()
WARNINGS = """
    byte-order-mark blank-line no-final-newline unknown-role empty-content no-assistant-turn roles-not-alternating
    last-turn-not-assistant duplicate-conversation-id duplicate-conversation
""".split()
CODES = [*ERRORS, *WARNINGS]  # findings of one line stand in this order

MAGIC = [b"PAR1", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c"]
MAGIC += [b"ARROW1", b"SQLite format 3\0", b"Rar!\x1a\x07", b"%PDF-", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"Obj\x01"]
MAGIC += [b"\x89HDF\r\n\x1a\n", b"\x93NUMPY", b"\x7fELF"]


# --- JSON, as RFC 8259 has it ---------------------------------------------------------------------------------------


class Malformed(Exception):
    """The text is not one JSON value."""


class Number:
    """Any number; its value means nothing to us."""


def parse(text: str) -> object:
    """The value of a JSON text; the last of equal keys wins, in the place of the first."""
    value, at = parse_value(text, skip(text, 0))
    if skip(text, at) != len(text):
        raise Malformed
    return value


def skip(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in WHITE:
        at += 1
    return at


def parse_value(text: str, at: int) -> tuple[object, int]:
    """The value that begins at `at`, and where it ends. One Python frame a level, so 512 levels fit."""
    char = text[at : at + 1]
    if char == '"':
        return parse_string(text, at)
    for word, constant in (("true", True), ("false", False), ("null", None)):
        if text.startswith(word, at):
            return constant, at + len(word)
    if char == "[":
        items: list[object] = []
        at = skip(text, at + 1)
        if text[at : at + 1] == "]":
            return items, at + 1
        while True:
            item, at = parse_value(text, skip(text, at))
            items.append(item)
            at = skip(text, at)
            if text[at : at + 1] == "]":
                return items, at + 1
            at = expect(text, at, ",")
    if char == "{":
        fields: dict[str, object] = {}
        at = skip(text, at + 1)
        if text[at : at + 1] == "}":
            return fields, at + 1
        while True:
            name, at = parse_string(text, skip(text, at))
            at = expect(text, skip(text, at), ":")
            fields[name], at = parse_value(text, skip(text, at))
            at = skip(text, at)
            if text[at : at + 1] == "}":
                return fields, at + 1
            at = expect(text, at, ",")
    return Number(), skip_number(text, at)


def expect(text: str, at: int, char: str) -> int:
    if text[at : at + 1] != char:
        raise Malformed
    return at + 1


def skip_number(text: str, at: int) -> int:
    at += text.startswith("-", at)
    after = skip_digits(text, at)
    if text.startswith("0", at) and after > at + 1:
        raise Malformed
    if text.startswith(".", after):
        after = skip_digits(text, after + 1)
    if text[after : after + 1] in ("e", "E"):
        after = skip_digits(text, after + 1 + (text[after + 1 : after + 2] in ("+", "-")))
    return after


def skip_digits(text: str, at: int) -> int:
    start = at
    while text[at : at + 1] and text[at] in "0123456789":
        at += 1
    if at == start:
        raise Malformed
    return at


def parse_string(text: str, at: int) -> tuple[str, int]:
    at = expect(text, at, '"')
    units: list[str] = []
    while True:
        char = text[at : at + 1]
        if char == "" or char < " ":
            raise Malformed
        if char == '"':
            return join_pairs(units), at + 1
        if char != "\\":
            units.append(char)
            at += 1
        elif text[at + 1 : at + 2] == "u":
            digits = text[at + 2 : at + 6]
            if len(digits) < 4 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
                raise Malformed
            units.append(chr(int(digits, 16)))
            at += 6
        else:
            if text[at + 1 : at + 2] not in ESCAPES:
                raise Malformed
            units.append(ESCAPES[text[at + 1]])
            at += 2


def join_pairs(units: list[str]) -> str:
    """Text of UTF-16 units: a high half followed by a low half is one character, any other half stays alone."""
    joined: list[str] = []
    for unit in units:
        if joined and "\ud800" <= joined[-1] <= "\udbff" and "\udc00" <= unit <= "\udfff":
            high, low = ord(joined.pop()) - 0xD800, ord(unit) - 0xDC00
            unit = chr(0x10000 + high * 0x400 + low)
        joined.append(unit)
    return "".join(joined)


def deepest(text: str) -> int:
    """How many brackets outside strings are open at most, whether or not the text is JSON."""
    depth = most = at = 0
    while at < len(text):
        if text[at] == '"':
            at += 1
            while at < len(text) and text[at] != '"':
                at += 2 if text[at] == "\\" else 1
        elif text[at] in "[{":
            depth += 1
            most = max(most, depth)
        elif text[at] in "]}":
            depth -= 1
        at += 1
    return most


# --- one line -------------------------------------------------------------------------------------------------------


@dataclass
class Line:
    """What one line comes to: at most one of a conversation, faults, or being blank. places: all, by code."""

    number: int
    offset: int
    places: dict[str, list[str]] = field(default_factory=dict)
    identity: str = ""
    turns: list[tuple[str, str]] = field(default_factory=list)
    is_blank: bool = False
    first_line: dict[str, int] = field(default_factory=dict)  # of a duplicate, by code

    def add(self, code: str, path: str) -> None:
        self.places.setdefault(code, []).append(path)

    @property
    def is_rejected(self) -> bool:
        return any(code in ERRORS for code in self.places)

    @property
    def is_accepted(self) -> bool:
        return not self.is_rejected and not self.is_blank


def judge(raw: bytes, line: Line, max_line_bytes: int, max_nesting: int) -> None:
    if len(raw) > max_line_bytes:
        line.add("line-too-long", "$")  # it is not read, so nothing else is known of it
        return
    if line.offset == 0 and raw.startswith(b"\xef\xbb\xbf"):
        line.add("byte-order-mark", "$")
        raw = raw[3:]
    if all(byte in b" \t\r" for byte in raw):
        line.add("blank-line", "$")
        line.is_blank = True
        return
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        line.add("invalid-utf8", "$")
        return
    if deepest(text) > max_nesting:
        line.add("nesting-too-deep", "$")
        return
    try:
        value = parse(text)
    except Malformed:
        line.add("malformed-json", "$")
        return
    find_lone_surrogates(value, "$", line)
    check_shape(value, line)
    if line.is_accepted:
        warn(line)


def find_lone_surrogates(value: object, path: str, line: Line) -> None:
    if isinstance(value, str) and has_half(value):
        line.add("lone-surrogate", path)
    if isinstance(value, list):
        for index, item in enumerate(value):
            find_lone_surrogates(item, f"{path}[{index}]", line)
    if isinstance(value, dict):
        for name, item in value.items():
            if has_half(name):
                line.add("lone-surrogate", path)
            find_lone_surrogates(item, f"{path}.{shown(name)}", line)


def has_half(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


def shown(name: str) -> str:
    """A key as a path shows it: no control characters, at most 40 characters."""
    return "".join(char if char.isprintable() else "\ufffd" for char in name[:40]) + ("…" if len(name) > 40 else "")


def check_shape(value: object, line: Line) -> None:
    if not isinstance(value, dict):
        line.add("not-an-object", "$")
        return
    identity = get(value, "conversation_id", str, "$", line)
    if identity == "":
        line.add("empty-conversation-id", "$.conversation_id")
    line.identity = identity or ""
    turns = get(value, "turns", list, "$", line)
    if turns == []:
        line.add("empty-turns", "$.turns")
    for index, turn in enumerate(turns or []):
        path = f"$.turns[{index}]"
        if isinstance(turn, dict):
            role, content = get(turn, "role", str, path, line), get(turn, "content", str, path, line)
            line.turns.append((role or "", content or ""))
        else:
            line.add("turn-not-an-object", path)


def get(owner: dict, name: str, kind: type, path: str, line: Line):
    path = f"{path}.{name}"
    if name not in owner:
        line.add("missing-field", path)
        return None
    if not isinstance(owner[name], kind):
        line.add("wrong-type", path)
        return None
    if kind is str and "\0" in owner[name]:
        line.add("nul-character", path)
    return owner[name]


def warn(line: Line) -> None:
    before = None
    for index, (role, content) in enumerate(line.turns):
        if role not in ROLES:
            line.add("unknown-role", f"$.turns[{index}].role")
        if content.split() == []:
            line.add("empty-content", f"$.turns[{index}].content")
        if role == before and role not in ("tool", "function"):
            line.add("roles-not-alternating", f"$.turns[{index}].role")
        before = role
    if all(role != "assistant" for role, _ in line.turns):
        line.add("no-assistant-turn", "$.turns")
    if before != "assistant":
        line.add("last-turn-not-assistant", f"$.turns[{len(line.turns) - 1}].role")


# --- the whole file -------------------------------------------------------------------------------------------------


@dataclass
class Expected:
    """Everything to compare. findings: (line, offset, code, severity, path); places: by line and code."""

    report: dict[str, object]
    findings: list[tuple[int, int, str, str, str]]
    places: dict[tuple[int, str], list[str]]
    first_lines: dict[tuple[int, str], int]
    conversations: list[tuple[int, int, str, int, int]]  # line, offset, id, turn count, word count
    turns: list[tuple[int, int, str, str, int]]  # line, index, role, content, word count
    samples: list[dict[str, object]]


def define(data: bytes, max_line_bytes: int, max_nesting: int = 512, max_rejected_share: float = 0.0) -> Expected:
    """What the engine must say of a file of these bytes."""
    of_file = refuse(data)
    lines = [] if of_file else read(data, max_line_bytes, max_nesting)
    if not of_file and all(line.is_blank for line in lines):
        of_file = [Line(1, 0, {"no-conversations": ["$"]})]
    accepted = [line for line in lines if line.is_accepted]
    conversations = [
        (line.number, line.offset, line.identity, len(line.turns), sum(words(content) for _, content in line.turns))
        for line in accepted
    ]
    turns = [
        (line.number, index, role, content, words(content))
        for line in accepted
        for index, (role, content) in enumerate(line.turns)
    ]
    findings = [
        (line.number, line.offset, code, "error" if code in ERRORS else "warning", places[0])
        for line in [*of_file, *lines]
        for code, places in line.places.items()
    ]
    findings.sort(key=lambda finding: (finding[0], CODES.index(finding[2])))
    return Expected(
        report=report(data, lines, accepted, turns, findings, max_rejected_share),
        findings=findings,
        places={(line.number, code): places for line in lines for code, places in line.places.items()},
        first_lines={(line.number, code): first for line in lines for code, first in line.first_line.items()},
        conversations=conversations,
        turns=turns,
        samples=[sample(line) for line in accepted[:3]],
    )


def refuse(data: bytes) -> list[Line]:
    """The one fault of a file that is no text in UTF-8."""
    if data == b"":
        return [Line(1, 0, {"empty-file": ["$"]})]
    if any(data.startswith(magic) for magic in MAGIC) or (len(data) >= 16 and not any(data[:64])):
        return [Line(1, 0, {"binary-file": ["$"]})]
    is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"))
    if is_wide or (len(data) >= 16 and (data[0:16:2] == bytes(8) or data[1:16:2] == bytes(8))):
        return [Line(1, 0, {"utf16-file": ["$"]})]
    return []


def read(data: bytes, max_line_bytes: int, max_nesting: int) -> list[Line]:
    lines: list[Line] = []
    offset = 0
    texts = data.split(b"\n")
    is_ended = texts[-1] == b""
    for number, raw in enumerate(texts[:-1] if is_ended else texts, start=1):
        line = Line(number, offset)
        judge(raw, line, max_line_bytes, max_nesting)
        lines.append(line)
        offset += len(raw) + 1
    if not is_ended:
        lines[-1].add("no-final-newline", "$")
    find_repeats(lines)
    return lines


def find_repeats(lines: list[Line]) -> None:
    ids: dict[str, int] = {}
    seen: dict[tuple[tuple[str, str], ...], int] = {}
    for line in lines:
        if not line.is_accepted:
            continue
        if (first := ids.setdefault(line.identity, line.number)) != line.number:
            line.add("duplicate-conversation-id", "$.conversation_id")
            line.first_line["duplicate-conversation-id"] = first
        if (first := seen.setdefault(tuple(line.turns), line.number)) != line.number:
            line.add("duplicate-conversation", "$.turns")
            line.first_line["duplicate-conversation"] = first


def words(text: str) -> int:
    return len(text.split())


def report(data, lines, accepted, turns, findings, max_rejected_share) -> dict[str, object]:
    """The public report but for the findings, which are compared on their own."""
    rejected = sum(line.is_rejected for line in lines)
    word_count = sum(count for *_, count in turns)
    counts = Counter(code for _, _, code, _, _ in findings)
    is_ready = bool(accepted) and rejected / (len(accepted) + rejected) <= max_rejected_share
    roles = Counter(role if len(role) <= 200 else f"{role[:199]}…" for _, _, role, _, _ in turns)
    return {
        "path": "some.jsonl",
        "format": "native",
        "status": "ready" if is_ready else "error",
        "bytes": len(data),
        "lines": len(lines),
        "blank_lines": sum(line.is_blank for line in lines),
        "conversations": len(accepted),
        "rejected_lines": rejected,
        "turns": len(turns),
        "assistant_turns": roles["assistant"],
        "training_pairs": len(turns),
        "words": word_count,
        "tokens": round(word_count * 1.3),
        "token_method": "words*1.3",
        "avg_turns_per_conversation": len(turns) / len(accepted) if accepted else None,
        "avg_tokens_per_turn": round(word_count * 1.3) / len(turns) if turns else None,
        "roles": dict(sorted(roles.items(), key=lambda item: (-item[1], item[0]))),
        "words_per_turn": spread([count for *_, count in turns]),
        "turns_per_conversation": spread([len(line.turns) for line in accepted]),
        "duplicate_conversation_ids": counts["duplicate-conversation-id"],
        "exact_duplicate_conversations": counts["duplicate-conversation"],
        "content_sha256": hashlib.sha256(data).hexdigest(),
        "finding_counts": {code: counts[code] for code in CODES if counts[code]},
        "findings_truncated": len(findings) > 1_000,
    }


def spread(values: list[int]) -> dict[str, int | None]:
    """Nearest rank: the p-th percentile of n values is the one at rank ceil(p / 100 * n)."""
    if not values:
        return dict.fromkeys(("min", "p50", "p95", "p99", "max"))
    ranked = sorted(values)
    at = {f"p{p}": ranked[-(-p * len(ranked) // 100) - 1] for p in (50, 95, 99)}
    return {"min": ranked[0], **at, "max": ranked[-1]}


def sample(line: Line) -> dict[str, object]:
    return {
        "conversation_id": cut(line.identity),
        "turns": [{"role": cut(role), "content": cut(content)} for role, content in line.turns[:20]],
    }


def cut(text: str) -> str:
    return text if len(text) <= 2_000 else text[:1_999] + "…"
