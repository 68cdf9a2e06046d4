"""The report of `lora-pipeline check`, for a terminal: the verdict and the figures, then what is wrong and where.

Pure: it gets the public profile (`Profile.as_dict`) and the grouped findings, and returns styled text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.text import Text

from pipeline.cli.figures import INDENT, Figures, figure_lines
from pipeline.cli.finding_places import Group, Place
from pipeline.cli.trainers import trainer_lines
from pipeline.dataset.findings.excerpt import Excerpt
from pipeline.dataset.findings.finding import CATALOGUE, Scope, Severity
from pipeline.dataset.findings.finding_sentences import fault_of
from pipeline.dataset.findings.groups import MAX_LISTED
from pipeline.dataset.formats.container_names import CONTAINER_NAMES
from pipeline.safe_text import shown
from pipeline.trainers.acceptance import Acceptance
from pipeline.wording import count_of

GUTTER = f"{INDENT}│ "
MAX_PROSE_WIDTH = 100
_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "blue"}


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of several files together; `unread` ones could not be checked."""

    ready: int = 0
    not_ready: int = 0
    unread: int = 0
    errors: int = 0
    warnings: int = 0
    notes: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(
            self.ready + other.ready,
            self.not_ready + other.not_ready,
            self.unread + other.unread,
            self.errors + other.errors,
            self.warnings + other.warnings,
            self.notes + other.notes,
        )


def excerpt_width(width: int) -> int:
    """Cells that are left for a piece of a line in a terminal of `width` cells."""
    return width - cell_len(GUTTER)


def render(
    name: str,
    figures: Figures,
    groups: Sequence[Group],
    acceptance: Sequence[Acceptance],
    max_rejected_share: float,
    width: int,
) -> Text:
    """The report of one file, line breaks included. name: as it was named; width: cells of the terminal."""
    lines = [render_verdict(name, figures, max_rejected_share)]
    if figures["lines"]:
        lines += [Text(), *figure_lines(figures, width)]
    if figures["status"] == "ready" and acceptance:  # before that, every trainer stops at what is named below
        lines += [Text(), *trainer_lines(acceptance, width)]
    for group in groups:
        lines += [Text(), *_group(name, group, width, in_array=figures["container"] in CONTAINER_NAMES)]
    if groups:
        lines += [Text(), Text(f"Found {_found(tally_of(figures))} in {shown(name)}.")]
    return Text("\n").join(lines)


def tally_of(figures: Figures) -> Tally:
    """One file, as a tally."""
    counts = dict.fromkeys(Severity, 0)
    for code, count in figures["finding_counts"].items():
        counts[CATALOGUE[code].severity] += count
    is_ready = figures["status"] == "ready"
    return Tally(is_ready, not is_ready, 0, *(counts[severity] for severity in Severity))


def render_tally(tally: Tally) -> Text:
    """The closing line over several files."""
    counts = [(tally.ready, "ready", "green"), (tally.not_ready, "not ready", "red"), (tally.unread, "not read", "red")]
    stated = [Text(f"{count:,} {what}", style=f"bold {color}") for count, what, color in counts if count]
    files = tally.ready + tally.not_ready + tally.unread
    return Text.assemble(f"Checked {count_of(files, 'file')}: ", Text(", ").join(stated), f"; {_found(tally)}.")


def render_verdict(name: str, figures: Figures, max_rejected_share: float) -> Text:
    """Whether the file is ready, in one line."""
    is_ready = figures["status"] == "ready"
    line = Text()
    line.append("✓ " if is_ready else "✗ ", style="bold green" if is_ready else "bold red")
    line.append(shown(name), style="bold")
    line.append(" is ready" if is_ready else " is not ready", style="bold green" if is_ready else "bold red")
    line.append(_reason(figures, max_rejected_share))
    if is_ready and (findings := replace(tally_of(figures), errors=0)) and (findings.warnings or findings.notes):
        line.append(f", with {_found(findings)}", style="yellow" if findings.warnings else "blue")
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


def _group(name: str, group: Group, width: int, *, in_array: bool) -> list[Text]:
    kind, color = group.kind, _COLORS[group.kind.severity]
    heading = Text.assemble((f"{kind.severity}[{kind.code}]", f"bold {color}"), (f": {kind.title}", "bold"))
    advice = [*_prose("why: ", kind.why, width), *_prose("fix: ", kind.remedy, width)]
    if kind.scope is Scope.FILE:
        return [
            heading,
            *(line for place in group.places for line in _prose("", fault_of(place.finding), width)),
            *advice,
        ]
    row_name = "row" if in_array else "line"
    count = Text(f"{INDENT}({count_of(group.count, row_name)})", style="dim")
    fits = heading.cell_len + count.cell_len <= width
    lines = [*([heading.append_text(count)] if fits else [heading, count]), *advice]
    for place in group.places:
        lines += [Text(), *_place(name, place, color, width, in_array=in_array)]
    if hidden := group.count - len(group.places):
        named = "them all" if group.count <= MAX_LISTED else f"the first {MAX_LISTED:,}; the others are only counted"
        lines += [
            Text(),
            Text(f"{INDENT}… and {count_of(hidden, f'more {row_name}')}; --findings OUT.jsonl names {named}"),
        ]
    return lines


def _place(name: str, place: Place, color: str, width: int, *, in_array: bool) -> list[Text]:
    finding = place.finding
    column = f":{place.column}" if place.column else ""
    where = Text.assemble(INDENT, (f"{shown(name)}:{finding.line}{column}", "cyan"))
    if in_array:
        where.append(f"  row {finding.row}, byte {finding.byte_offset}", style="cyan")
    if finding.path != "$":
        where.append(f"  {shown(finding.path)}", style="dim")
    fault = fault_of(finding)
    if place.excerpt is None:
        return [where, *_noted(fault, width)]
    return [where, *_excerpt(place.excerpt, fault, color, width)]


def _excerpt(excerpt: Excerpt, fault: str, color: str, width: int) -> list[Text]:
    line = Text.assemble((GUTTER, "dim"), excerpt.before, (excerpt.marked, f"bold {color}"), excerpt.after)
    if not excerpt.is_marked:
        return [line, *_noted(fault, width)]
    carets = Text.assemble((GUTTER, "dim"), (excerpt.carets, f"bold {color}"))
    if carets.cell_len + 1 + cell_len(shown(fault)) <= width:
        return [line, carets.append(f" {shown(fault)}")]
    return [line, carets, *_noted(fault, width)]


def _noted(fault: str, width: int) -> list[Text]:
    """What was expected and found, below a place."""
    wrapped = _wrapped(shown(fault), min(width, MAX_PROSE_WIDTH) - cell_len(GUTTER))
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
    counts = [(tally.errors, "error"), (tally.warnings, "warning"), (tally.notes, "note")]
    *others, last = [count_of(count, what) for count, what in counts if count] or ["no findings"]
    return f"{', '.join(others)} and {last}" if others else last
