"""The golden files of `lora-pipeline check`; `python -m tests.cli.goldens [NAME…]` writes them anew.

`tests/golden/check/<case>.jsonl` is an input, `<case>.txt` its report. To add a case, add the input and run
`python -m tests.cli.goldens <case>`; then read the report as a user would.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner, Result

from pipeline.cli.command_line import app_of, asked
from tests.golden_names import chosen_goldens

FOLDER = Path(__file__).resolve().parent.parent / "golden" / "check"
CASES = sorted(path.name for path in FOLDER.glob("*.jsonl"))


@dataclass(frozen=True, slots=True)
class Rendering:
    """A golden file, and the command that makes its stdout."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]


_PLAIN = {"COLUMNS": "80", "NO_COLOR": "1"}
_COLORED = {"COLUMNS": "120", "NO_COLOR": "", "FORCE_COLOR": "1"}
RENDERINGS = [
    *(Rendering(name.replace(".jsonl", ".txt"), [name], _PLAIN) for name in CASES),
    Rendering("errors.colored.txt", ["errors.jsonl"], _COLORED),
    Rendering("warnings.colored.txt", ["warnings.jsonl"], _COLORED),
    Rendering("narrow.txt", ["errors.jsonl", "wide.jsonl"], {**_PLAIN, "COLUMNS": "40"}),
    Rendering("several.txt", ["valid.jsonl", "empty.jsonl", "missing.jsonl", "warnings.jsonl"], _PLAIN),
    Rendering("share.txt", ["errors.jsonl", "--max-rejected-share", "0.95"], _PLAIN),
    Rendering("short-lines.txt", ["valid.jsonl", "--max-line-bytes", "100"], _PLAIN),
    Rendering("report.json", ["--json", *CASES], _PLAIN),
]


def run(arguments: Sequence[str], environment: Mapping[str, str | None] = _PLAIN, stdin: bytes = b"") -> Result:
    """Run `lora-pipeline` in this process; as there, only the command that is asked for is put together.

    environment: what is added to ours; None for what is taken out of it.
    """
    runner = CliRunner(env=dict(environment))
    return runner.invoke(app_of(asked(arguments)), list(arguments), input=stdin)


def rendered(rendering: Rendering) -> bytes:
    """What the command prints on stdout, run beside the inputs."""
    before = Path.cwd()
    os.chdir(FOLDER)
    try:
        return run(["check", *rendering.arguments], rendering.environment).stdout_bytes
    finally:
        os.chdir(before)


if __name__ == "__main__":
    by_name = {rendering.name: rendering for rendering in RENDERINGS}
    for name in chosen_goldens(by_name):
        (FOLDER / name).write_bytes(rendered(by_name[name]))
