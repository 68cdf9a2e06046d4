"""What `lora-pipeline mend` says of a file: what was mended, what was put aside, what is left. Pure."""

from collections import Counter
from pathlib import Path

from rich.text import Text

from pipeline.cli.figures import INDENT
from pipeline.dataset.findings.finding import CATALOGUE, ORDER
from pipeline.dataset.mend import REMEDIES, Mending, files_of
from pipeline.safe_text import shown
from pipeline.wording import count_of


def as_dict(mending: Mending, file: str, target: Path | None) -> dict[str, object]:
    """The public shape of what was done. target: None where nothing was written."""
    written = [str(path) for path in files_of(target)] if target and not mending.refusal else [None] * 3
    return {
        "path": file,
        "output": written[0],
        "rejected": written[1],
        "changes": written[2],
        "format": mending.reading.form.name,
        "container": mending.reading.container_name,
        "status": "ready" if mending.is_ready else "error",
        "lines_in": mending.lines_in,
        "lines_out": mending.lines_out,
        "lines_aside": mending.lines_aside,
        "lines_rejected": mending.lines_rejected,
        "lines_changed": mending.lines_changed,
        "mended_counts": _ordered(mending.mended),
        "rejected_counts": _ordered(mending.rejected),
        "remaining_counts": _ordered(mending.remaining),
        "warnings": [finding.as_row() for finding in mending.warnings],
        "refusal": mending.refusal.as_row() if mending.refusal else None,
    }


def render(mending: Mending, file: str, target: Path | None) -> Text:
    """The summary for a terminal, line breaks included. target: None where nothing was written."""
    if mending.refusal:
        title = f": {CATALOGUE[mending.refusal.code].title}"
        head = Text.assemble(("✗ ", "bold red"), (shown(file), "bold"), (" cannot be mended", "bold red"), title)
        return Text("\n").join([head, Text(f"{INDENT}{shown(mending.refusal.message)}")])
    lines = [
        _verdict(mending, file, target),
        Text(),
        Text(
            f"{INDENT}{count_of(mending.lines_in, mending.reading.row_name)}: {mending.lines_out:,} kept, "
            f"{mending.lines_changed:,} of them changed; {mending.lines_aside:,} put aside"
        ),
        *_counted("mended", mending.mended, {code: remedy.action for code, remedy in REMEDIES.items()}, "green"),
        *_counted("rejected", mending.rejected, {code: kind.title for code, kind in CATALOGUE.items()}, "red"),
        *_counted(
            "only a person can decide",
            mending.remaining if mending.lines_out else Counter(),  # of an empty file only that it is empty
            {code: kind.remedy for code, kind in CATALOGUE.items()},
            "yellow",
        ),
        *_warned(mending),
        Text(),
    ]
    if target:
        _, aside, changes = files_of(target)
        lines.append(Text(f"{INDENT}put aside: {shown(str(aside))}", style="dim"))
        lines.append(Text(f"{INDENT}changes:   {shown(str(changes))}", style="dim"))
    else:
        lines.append(Text(f"{INDENT}nothing was written", style="dim"))
    return Text("\n").join(lines)


def _warned(mending: Mending) -> list[Text]:
    """What is to be said of the archive."""
    return [
        Text.assemble("\n", INDENT, (finding.code, "yellow"), f": {shown(finding.message)}")
        for finding in mending.warnings
    ]


def _verdict(mending: Mending, file: str, target: Path | None) -> Text:
    sign, color = ("✓", "bold green") if mending.is_ready else ("✗", "bold red")
    rows = f"{mending.reading.row_name}s"
    if mending.is_ready:
        ready = "ready"
    elif not mending.lines_out:
        ready = f"not ready: no {mending.reading.row_name} is left"
    elif mending.loses_much:
        ready = f"not ready: {mending.lines_rejected / mending.lines_in:.1%} of the {rows} were rejected and put aside"
    else:
        ready = "not ready"
    verdict = f" is {ready}" if target else f", mended, would be {ready}"
    return Text.assemble((f"{sign} ", color), (shown(str(target or file)), "bold"), (verdict, color))


def _counted(title: str, counts: Counter[str], notes: dict[str, str], color: str) -> list[Text]:
    if not counts:
        return []
    code_cells = max(map(len, counts))
    count_cells = max(len(f"{count:,}") for count in counts.values())
    rows = [
        Text.assemble(f"{INDENT}{count:>{count_cells},}  ", (f"{code:<{code_cells}}", color), f"  {notes[code]}")
        for code, count in _ordered(counts).items()
    ]
    return [Text(), Text(f"{INDENT}{title}", style="bold"), *rows]


def _ordered(counts: Counter[str]) -> dict[str, int]:
    return {code: counts[code] for code in sorted(counts, key=ORDER.__getitem__)}
