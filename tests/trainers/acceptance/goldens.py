"""The golden files of the matrix on a terminal; `python -m tests.trainers.acceptance.goldens` writes them anew."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.cli.acceptance_text import render_acceptance
from pipeline.trainers.acceptance import Subject, judge_acceptance
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


def rendered(case: Case) -> str:
    """The matrix of a case, with its last newline."""
    with tempfile.TemporaryDirectory() as folder:
        rows = judge_acceptance(case.subject, findings_file(Path(folder), *case.places))
    return render_acceptance(rows, case.width).plain + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, case in CASES.items():
        (FOLDER / name).write_text(rendered(case))
