"""The golden files of the matrix on a terminal, and of what each trainer takes, a file each.

`python -m tests.trainers.acceptance.goldens [NAME…]` writes them anew. A new trainer changes none of those on
a terminal: they show the trainers of `SHOWN`.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.cli.acceptance_text import render_acceptance
from pipeline.dataset.findings.finding import CATALOGUE, Severity
from pipeline.trainers.acceptance import Subject, judge_acceptance, load_targets
from pipeline.trainers.registry import JUDGING
from tests.golden_names import chosen_goldens
from tests.trainers.acceptance.findings import findings_file

FOLDER = Path(__file__).parent / "golden"


@dataclass(frozen=True, slots=True)
class Case:
    """A dataset, the places of its findings, and the width of the terminal."""

    subject: Subject
    places: Sequence[tuple[int, str]]
    width: int


_CLEAN = Subject(format="openai", conversations=2_000, rejected_lines=0, size_bytes=1_000_000)
_FAULTY = Subject(
    format="native",
    conversations=1_500,
    rejected_lines=1,
    size_bytes=1_000_000,
    truncation=[
        {"max_length": 512, "rows_cut": 40, "share_cut": 0.02, "rows_without_supervised_tokens": 3},
        {"max_length": 1024, "rows_cut": 12, "share_cut": 0.01, "rows_without_supervised_tokens": 1},
    ],
    roles={"user": 3_000, "assistant": 3_000, "tool": 30},
)
_UNEVEN = [(line, "roles-not-alternating") for line in range(3, 1_300)]
CASES = {
    "clean-80.txt": Case(_CLEAN, [], 80),
    "faulty-80.txt": Case(_FAULTY, [(1, "malformed-json"), (2, "empty-content"), *_UNEVEN], 80),
    "loss-120.txt": Case(replace(_FAULTY, rejected_lines=0, roles={}), [(2, "no-assistant-turn")], 120),
    "narrow-40.txt": Case(_FAULTY, [(1, "malformed-json")], 40),
}


SHOWN = ("openai", "together", "fireworks", "trl", "axolotl", "llama-factory", "gemma", "mistral")
TAKES = [f"{name}.takes.txt" for name in JUDGING]
_PLAIN = Subject(format="openai", conversations=20, rejected_lines=0, size_bytes=10_000)
_LENGTHS = (512, 1024, 2048, 4096)


def rendered(case: Case) -> str:
    """The matrix of a case, with its last newline."""
    shown = [target for target in load_targets() if target.name in SHOWN]
    with tempfile.TemporaryDirectory() as folder:
        rows = judge_acceptance(case.subject, findings_file(Path(folder), *case.places), shown)
    return render_acceptance(rows, case.width).plain + "\n"


def takes(name: str) -> str:
    """What a trainer does with a plain file of OpenAI's format that differs in one thing; all else it accepts."""
    [target] = [each for each in load_targets() if each.name == name]
    lines = [f"reads {', '.join(target.reads)}; others are converted to {target.convert_to}"]
    lines.append(f"conversations: {target.min_conversations:,} to {target.max_conversations or 'any'}")
    lines.append(f"bytes: to {target.max_bytes or 'any'}")

    def add(differs: str, subject: Subject, *places: tuple[int, str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            [row] = judge_acceptance(subject, findings_file(Path(folder), *places), [target])
        lines.extend(
            f"{differs}: {row.verdict.value}; {reason.effect.value}: {reason.sentence}" for reason in row.reasons
        )

    for rule in target.formats:
        add(f"format {rule.format}", replace(_PLAIN, format=rule.format))
    for role in ("system", "developer", "tool", "function"):
        add(f"role {role}", replace(_PLAIN, roles={role: 20}))
    for length in _LENGTHS:
        cut = {"max_length": length, "rows_cut": 5, "share_cut": 0.25, "rows_without_supervised_tokens": 2}
        add(f"rows over {length:,} tokens", replace(_PLAIN, truncation=[cut]))
    for kind in CATALOGUE.values():
        if kind.severity is Severity.WARNING:
            add(f"code {kind.code}", _PLAIN, (4, kind.code))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for each in chosen_goldens([*CASES, *TAKES]):
        made = takes(each.removesuffix(".takes.txt")) if each in TAKES else rendered(CASES[each])
        (FOLDER / each).write_text(made)
