"""The report of `lora-pipeline check`, for a terminal: the verdict and the figures, then what is wrong and where.

Pure: it gets the public profile (`Profile.as_dict`) and the grouped findings, and returns styled text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from rich.cells import cell_len
from rich.text import Text

from pipeline.cli.excerpt import Excerpt
from pipeline.cli.places import Group, Place
from pipeline.cli.shown import shown
from pipeline.conversations.findings import CATALOGUE, Scope, Severity
from pipeline.conversations.model import KNOWN_ROLES

INDENT = "  "
GUTTER = f"{INDENT}│ "
MAX_PROSE_WIDTH = 100
MAX_ROLES = 6
MAX_ROLE_CHARACTERS = 24
_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}
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


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of several files together; `unread` ones could not be checked."""

    ready: int = 0
    not_ready: int = 0
    unread: int = 0
    errors: int = 0
    warnings: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(
            self.ready + other.ready,
            self.not_ready + other.not_ready,
            self.unread + other.unread,
            self.errors + other.errors,
            self.warnings + other.warnings,
        )


def excerpt_width(width: int) -> int:
    """Cells that are left for a piece of a line in a terminal of `width` cells."""
    return width - cell_len(GUTTER)


def render(name: str, figures: Figures, groups: Sequence[Group], max_rejected_share: float, width: int) -> Text:
    """The report of one file, line breaks included. name: as it was named; width: cells of the terminal."""
    lines = [_verdict(name, figures, max_rejected_share)]
    if figures["lines"]:
        lines += [Text(), *_figures(figures, width)]
    for group in groups:
        lines += [Text(), *_group(name, group, width)]
    if groups:
        lines += [Text(), Text(f"Found {_found(tally_of(figures))} in {shown(name)}.")]
    return Text("\n").join(lines)


def tally_of(figures: Figures) -> Tally:
    """One file, as a tally."""
    counts = dict.fromkeys(Severity, 0)
    for code, count in figures["finding_counts"].items():
        counts[CATALOGUE[code].severity] += count
    is_ready = figures["status"] == "ready"
    return Tally(is_ready, not is_ready, 0, counts[Severity.ERROR], counts[Severity.WARNING])


def render_tally(tally: Tally) -> Text:
    """The closing line over several files."""
    counts = [(tally.ready, "ready", "green"), (tally.not_ready, "not ready", "red"), (tally.unread, "not read", "red")]
    stated = [Text(f"{count:,} {what}", style=f"bold {color}") for count, what, color in counts if count]
    files = tally.ready + tally.not_ready + tally.unread
    return Text.assemble(f"Checked {_count(files, 'file')}: ", Text(", ").join(stated), f"; {_found(tally)}.")


def _verdict(name: str, figures: Figures, max_rejected_share: float) -> Text:
    is_ready = figures["status"] == "ready"
    line = Text()
    line.append("✓ " if is_ready else "✗ ", style="bold green" if is_ready else "bold red")
    line.append(shown(name), style="bold")
    line.append(" is ready" if is_ready else " is not ready", style="bold green" if is_ready else "bold red")
    line.append(_reason(figures, max_rejected_share))
    if is_ready and (warnings := tally_of(figures).warnings):
        line.append(f", with {_count(warnings, 'warning')}", style="yellow")
    return line


def _reason(figures: Figures, max_rejected_share: float) -> str:
    rejected, judged = figures["rejected_lines"], figures["rejected_lines"] + figures["conversations"]
    if not figures["conversations"]:
        of_file = [CATALOGUE[code] for code in figures["finding_counts"] if CATALOGUE[code].scope is Scope.FILE]
        return f": {of_file[0].title}" if of_file else ": every line is rejected"
    if rejected:
        share = f"{rejected:,} of {judged:,} lines rejected"
        return f": {share}" + (f", up to {max_rejected_share * 100:.6g}% may be" if max_rejected_share else "")
    return ""


def _figures(figures: Figures, width: int) -> list[Text]:
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
    return ", ".join(_count(count, what) for count, what in repeats if count) or "no duplicates"


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


def _group(name: str, group: Group, width: int) -> list[Text]:
    kind, color = group.kind, _COLORS[group.kind.severity]
    heading = Text.assemble((f"{kind.severity}[{kind.code}]", f"bold {color}"), (f": {kind.title}", "bold"))
    advice = [*_prose("why: ", kind.why, width), *_prose("fix: ", kind.remedy, width)]
    if kind.scope is Scope.FILE:
        return [heading, *(line for place in group.places for line in _prose("", place.detail, width)), *advice]
    count = Text(f"{INDENT}({_count(group.count, 'line')})", style="dim")
    fits = heading.cell_len + count.cell_len <= width
    lines = [*([heading.append_text(count)] if fits else [heading, count]), *advice]
    for place in group.places:
        lines += [Text(), *_place(name, place, color, width)]
    if hidden := group.count - len(group.places):
        lines += [Text(), Text(f"{INDENT}… and {_count(hidden, 'more line')}; --findings OUT.jsonl names them all")]
    return lines


def _place(name: str, place: Place, color: str, width: int) -> list[Text]:
    column = f":{place.column}" if place.column else ""
    where = Text.assemble(INDENT, (f"{shown(name)}:{place.line}{column}", "cyan"))
    if place.path != "$":
        where.append(f"  {shown(place.path)}", style="dim")
    if place.excerpt is None:
        return [where, *_noted(place.detail, width)]
    return [where, *_excerpt(place.excerpt, place.detail, color, width)]


def _excerpt(excerpt: Excerpt, detail: str, color: str, width: int) -> list[Text]:
    line = Text.assemble((GUTTER, "dim"), excerpt.before, (excerpt.marked, f"bold {color}"), excerpt.after)
    if not excerpt.is_marked:
        return [line, *_noted(detail, width)]
    carets = Text.assemble((GUTTER, "dim"), (excerpt.carets, f"bold {color}"))
    if carets.cell_len + 1 + cell_len(shown(detail)) <= width:
        return [line, carets.append(f" {shown(detail)}")]
    return [line, carets, *_noted(detail, width)]


def _noted(detail: str, width: int) -> list[Text]:
    """What was expected and found, below a place."""
    wrapped = _wrapped(shown(detail), min(width, MAX_PROSE_WIDTH) - cell_len(GUTTER))
    return [Text.assemble((GUTTER, "dim"), line) for line in wrapped]


def _prose(label: str, text: str, width: int) -> list[Text]:
    indent = INDENT + label
    first, *others = _wrapped(shown(text), min(width, MAX_PROSE_WIDTH) - len(indent))
    return [Text.assemble((indent, "dim"), first), *(Text(" " * len(indent) + line) for line in others)]


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` cells; a longer word stays whole, so that a path can be copied."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and cell_len(line) + 1 + cell_len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def _found(tally: Tally) -> str:
    counts = [(tally.errors, "error"), (tally.warnings, "warning")]
    return " and ".join(_count(count, what) for count, what in counts if count) or "no findings"


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _size(size_bytes: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.3g} {unit}"
    return _count(size_bytes, "byte")
