"""The golden files of findings; `python -m tests.dataset.findings.findings_goldens [CASE…]` writes the reports anew.

What trainers do with the files is not among them: a new trainer changes no finding.
"""

import io
import json
import tempfile
from pathlib import Path

from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from tests.golden_names import chosen_goldens

FOLDER = Path(__file__).resolve().parents[2] / "golden" / "findings"
RULES = Rules(Limits(max_line_bytes=4_000), max_rejected_share=0.5)


def report(path: Path, folder: Path) -> dict[str, object]:
    return profile_stream(io.BytesIO(path.read_bytes()), folder, RULES).as_dict(path.name)


if __name__ == "__main__":
    for case in chosen_goldens(sorted(path.stem for path in FOLDER.glob("*.jsonl"))):
        path = FOLDER / f"{case}.jsonl"
        with tempfile.TemporaryDirectory() as folder:
            text = json.dumps(report(path, Path(folder)), ensure_ascii=False, indent=1)
        path.with_suffix(".json").write_text(text + "\n", "utf-8")
