"""Which trainers take a dataset: those that simply accept it share a line, the others get one each. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from textwrap import wrap

from rich.text import Text

from pipeline.cli.acceptance_text import MAX_WIDTH, render_acceptance
from pipeline.cli.figures import INDENT
from pipeline.safe_text import shown
from pipeline.trainers.acceptance import Acceptance, Effect, Verdict
from pipeline.wording import count_of, plural_of

MAX_REASONS = 2


def trainer_lines(rows: Sequence[Acceptance], width: int) -> list[Text]:
    """A heading and the verdicts, with the first reasons of each. width: cells of the terminal."""
    accepting: dict[str | None, list[str]] = defaultdict(list)
    for row in rows:
        if _is_plain(row):
            accepting[row.needs_conversion].append(row.title)
    lines = [Text(f"{INDENT}trainers", style="dim")]
    for target, titles in accepting.items():
        how = f"after lora-pipeline convert --to {shown(target)}" if target else "as it is"
        lines += _accepted(f"{', '.join(titles)}: {plural_of('accepts', len(titles), 'accept')} it {how}", width)
    others = [row for row in rows if not _is_plain(row)]
    if others:
        lines.append(render_acceptance([_shortened(row) for row in others], width))
    if hidden := sum(len(row.reasons) - len(_shortened(row).reasons) for row in others):
        lines.append(Text(f"{INDENT}… and {count_of(hidden, 'more reason')}; --json names them all", style="dim"))
    return lines


def _shortened(row: Acceptance) -> Acceptance:
    """The same verdict with its first reasons; of a refusal those that refuse, whatever it would be converted to."""
    if row.verdict is not Verdict.REFUSED:
        return replace(row, reasons=row.reasons[:MAX_REASONS])
    grave = tuple(reason for reason in row.reasons if reason.effect is Effect.REFUSES)
    return replace(row, reasons=(grave or row.reasons)[:MAX_REASONS], needs_conversion=None)


def _is_plain(row: Acceptance) -> bool:
    return row.verdict is Verdict.ACCEPTED and not row.reasons


def _accepted(sentence: str, width: int) -> list[Text]:
    first, *others = wrap(
        sentence, min(width, MAX_WIDTH) - 2 * len(INDENT), break_long_words=False, break_on_hyphens=False
    )
    return [Text.assemble(INDENT, ("✓ ", "bold green"), first), *(Text(f"{INDENT * 2}{other}") for other in others)]
