"""Writes the reports beside the golden files of findings anew: python -m tests.dataset.findings.findings_goldens."""

import io
import json
import tempfile
from pathlib import Path

from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.trainers.acceptance import acceptance_of, asking

FOLDER = Path(__file__).resolve().parents[2] / "golden" / "findings"
RULES = Rules(Limits(max_line_bytes=4_000), max_rejected_share=0.5)


def report(path: Path, folder: Path) -> dict[str, object]:
    profile = profile_stream(io.BytesIO(path.read_bytes()), folder, asking(RULES))
    return profile.as_dict(path.name, [each.as_dict() for each in acceptance_of(profile)])


if __name__ == "__main__":
    for path in sorted(FOLDER.glob("*.jsonl")):
        with tempfile.TemporaryDirectory() as folder:
            text = json.dumps(report(path, Path(folder)), ensure_ascii=False, indent=1)
        path.with_suffix(".json").write_text(text + "\n", "utf-8")
