"""What is read in rows of each format: `tests/golden/formats/NAME.jsonl`, a row and its reading a line.

`python -m tests.dataset.formats.rows.format_goldens [NAME …]` writes the readings anew beside the rows. Write a row as
`{"row": …}`, run it, and read what was written.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.dataset.findings.faults import Faults
from pipeline.dataset.formats.rows import recognise_row
from pipeline.dataset.formats.rows.format import Format

FOLDER = Path(__file__).resolve().parents[3] / "golden" / "formats"


def reading_of(row: Any, form: Format | None = None) -> dict[str, Any]:
    """A row's format, its turns as `role: content` (with `*` where it is learned from), and what is wrong with it."""
    form = form or recognise_row(row)
    if form is None:
        return {"format": None}
    faults = Faults(1, 0)
    read = form.read(row, faults)
    told = {"format": form.name, "title": form.title}
    if found := [f"{finding.code} {finding.path}" for finding in faults.findings()]:
        return {**told, "faults": found}
    turns = [f"{turn.role}{'*' if turn.is_supervised else ''}: {turn.content}" for turn in read.turns]
    others = {
        name: value
        for name, value in {
            "id": read.conversation_id,
            "tools": read.tools,
            "calls": [turn.tool_calls for turn in read.turns if turn.tool_calls],
            "reasoning": [turn.reasoning for turn in read.turns if turn.reasoning],
        }.items()
        if value
    }
    return {**told, "turns": turns, **others}


def cases(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a golden file."""
    return map(json.loads, path.read_text("utf-8").splitlines())


def written(path: Path) -> str:
    """A golden file with its readings written anew."""
    lines = [{"row": case["row"], "read": reading_of(case["row"])} for case in cases(path)]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


if __name__ == "__main__":
    for file in sorted(FOLDER.glob("*.jsonl")):
        if file.stem in sys.argv[1:] or not sys.argv[1:]:
            file.write_text(written(file), "utf-8")
