"""The figures of one file as lines of text: counts, roles, and how lengths are spread. Pure."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from rich.text import Text

from pipeline.cli.shown import shown
from pipeline.conversations.model import KNOWN_ROLES

INDENT = "  "
MAX_ROLES = 6
MAX_ROLE_CHARACTERS = 24
_METHODS = {"words*1.3": "estimated as words × 1.3"}


class Figures(TypedDict):
    """What the report reads of `Profile.as_dict`."""

    status: str
    bytes: int
    lines: int
    blank_lines: int
    conversations: int
    rejected_lines: int
    turns: int
    assistant_turns: int
    training_pairs: int
    words: int
    tokens: int
    token_method: str
    roles: dict[str, int]
    words_per_turn: dict[str, int | None]
    turns_per_conversation: dict[str, int | None]
    duplicate_conversation_ids: int
    exact_duplicate_conversations: int
    finding_counts: dict[str, int]


def figure_lines(figures: Figures, width: int) -> list[Text]:
    """The figures, a text a line. width: cells of the terminal."""
    rejected = f"{figures['rejected_lines']:,} rejected, {figures['blank_lines']:,} blank"
    rows = [("lines", figures["lines"], f"{rejected}; {_size(figures['bytes'])}")]
    if not figures["conversations"]:
        return _numbers(rows)
    rows += [
        ("conversations", figures["conversations"], _repeats(figures)),
        ("turns", figures["turns"], f"{figures['assistant_turns']:,} by the assistant"),
        ("training pairs", figures["training_pairs"], "every turn counts"),
        ("words", figures["words"], ""),
        ("tokens", figures["tokens"], _METHODS.get(figures["token_method"], figures["token_method"])),
    ]
    spreads = {
        "words in a turn": figures["words_per_turn"],
        "turns in a conversation": figures["turns_per_conversation"],
    }
    return [*_numbers(rows), Text(), *_roles(figures["roles"], width), Text(), *_spreads(spreads)]


def _numbers(rows: Sequence[tuple[str, int, str]]) -> list[Text]:
    label_cells = max(len(label) for label, _, _ in rows)
    number_cells = max(len(f"{number:,}") for _, number, _ in rows)
    return [
        Text.assemble(
            f"{INDENT}{label:<{label_cells}}{INDENT}",
            (f"{number:>{number_cells},}", "bold"),
            (f"{INDENT}{note}" if note else "", "dim"),
        )
        for label, number, note in rows
    ]


def _repeats(figures: Figures) -> str:
    repeats = [
        (figures["duplicate_conversation_ids"], "repeated id"),
        (figures["exact_duplicate_conversations"], "exact duplicate"),
    ]
    return ", ".join(count_of(count, what) for count, what in repeats if count) or "no duplicates"


def _spreads(spreads: Mapping[str, Mapping[str, int | None]]) -> list[Text]:
    """How values are spread, as a small table."""
    rows = {label: [f"{value or 0:,}" for value in values.values()] for label, values in spreads.items()}
    label_cells = max(map(len, rows))
    names = list(next(iter(spreads.values())))
    cells = [max(len(name), *(len(row[place]) for row in rows.values())) for place, name in enumerate(names)]

    def aligned(texts: Sequence[str]) -> str:
        return "".join(f"{INDENT}{text:>{width}}" for text, width in zip(texts, cells, strict=True))

    heading = Text(f"{INDENT}{'':<{label_cells}}{aligned(names)}", style="dim")
    return [heading, *(Text(f"{INDENT}{label:<{label_cells}}{aligned(row)}") for label, row in rows.items())]


def _roles(roles: Mapping[str, int], width: int) -> list[Text]:
    """The most frequent roles; those that trainers do not know stand out."""
    total = sum(roles.values())
    entries = [
        Text(f"{_role(role)} {count:,} ({_share(count, total)})", style="" if role in KNOWN_ROLES else "yellow")
        for role, count in list(roles.items())[:MAX_ROLES]
    ]
    if rest := len(roles) - len(entries):
        entries.append(Text(f"{rest:,} more"))
    lead = f"{INDENT}roles{INDENT}"
    lines = [Text.assemble(lead, entries[0])]
    for entry in entries[1:]:
        if lines[-1].cell_len + 3 + entry.cell_len > width:
            lines[-1].append(",")
            lines.append(Text.assemble(" " * len(lead), entry))
        else:
            lines[-1].append(", ").append_text(entry)
    return lines


def _share(count: int, total: int) -> str:
    return f"{count / total:.0%}" if count / total >= 0.005 else "<1%"


def _role(role: str) -> str:
    return shown(role[:MAX_ROLE_CHARACTERS]) + ("…" if len(role) > MAX_ROLE_CHARACTERS else "")


def count_of(count: int, what: str) -> str:
    """`1 line`, `1,200 lines`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _size(size_bytes: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.3g} {unit}"
    return count_of(size_bytes, "byte")
