"""The matrix of trainers, for a terminal: a line each, then why. Pure: values in, styled text out."""

import textwrap
from collections.abc import Sequence

from rich.text import Text

from pipeline.cli.figures import INDENT
from pipeline.safe_text import shown
from pipeline.trainers.acceptance import Acceptance, Effect, Reason, Verdict
from pipeline.wording import count_of

MAX_WIDTH = 100
_SHOWN_LINES = 3
_LOOKS = {
    Verdict.ACCEPTED: ("✓", "accepts it", "green"),
    Verdict.WITH_LOSS: ("~", "accepts it with loss", "yellow"),
    Verdict.REFUSED: ("✗", "refuses it", "red"),
}
_OF_ROWS = {"too-long", "answer-cut-off"}
_COLORS = {Effect.REFUSES: "red", Effect.NOTES: "dim"}


def render_acceptance(rows: Sequence[Acceptance], width: int) -> Text:
    """One paragraph a trainer, line breaks included. width: cells of the terminal."""
    title_cells = max((len(row.title) for row in rows), default=0)
    return Text("\n").join(line for row in rows for line in _paragraph(row, title_cells, min(width, MAX_WIDTH)))


def _paragraph(row: Acceptance, title_cells: int, width: int) -> list[Text]:
    sign, verdict, color = _LOOKS[row.verdict]
    head = Text.assemble(
        INDENT,
        (sign, f"bold {color}"),
        f" {row.title:<{title_cells}}{INDENT}",
        (verdict, color),
        (_losses(row), "dim"),
    )
    lines = [head]
    if row.needs_conversion:
        command = f"lora-pipeline convert --to {shown(row.needs_conversion)}"
        lines += _wrapped("convert first: ", command, width, "cyan")
    for reason in row.reasons:
        lines += _wrapped(
            f"{reason.rule}{_where(reason)}: ", reason.sentence, width, _COLORS.get(reason.effect, "yellow")
        )
    return lines


def _losses(row: Acceptance) -> str:
    if row.verdict is Verdict.REFUSED:
        return ""
    losses = [(row.rows_dropped, "dropped"), (row.rows_truncated, "cut off")]
    stated = ", ".join(f"{count_of(count, 'row')} {what}" for count, what in losses if count)
    return f": {stated}" if stated else ""


def _where(reason: Reason) -> str:
    if not reason.first_lines:
        return f" ({count_of(reason.count, 'row')})" if reason.rule in _OF_ROWS else ""
    first = ", ".join(f"{row:,}" for row in reason.first_lines[:_SHOWN_LINES])
    if reason.count == 1:
        return f" (row {first})"
    return f" ({count_of(reason.count, 'row')}: {first}{', …' if reason.count > _SHOWN_LINES else ''})"


def _wrapped(label: str, text: str, width: int, color: str) -> list[Text]:
    indent = INDENT * 2
    first, *others = textwrap.wrap(
        label + text, width - len(indent + INDENT), break_long_words=False, break_on_hyphens=False
    )
    line = Text(indent + first)
    line.stylize(color, len(indent), len(indent) + min(len(label.rstrip()), len(first)))
    return [line, *(Text(f"{indent}{INDENT}{other}") for other in others)]
