"""Every finding, shown: `tests/golden/findings/<case>.jsonl` and, beside it, the whole report as `.json`.

To add a case, add the two files. A case named after a code must show that code.
"""

import io
import json
from pathlib import Path

import pytest

from pipeline.conversations.model import Limits
from pipeline.profiles.rules import Rules
from pipeline.profiles.streams import profile_stream
from tests.properties.slow_definition import CODES

FOLDER = Path(__file__).parent.parent / "golden" / "findings"
CASES = sorted(path.stem for path in FOLDER.glob("*.jsonl"))
RULES = Rules(Limits(max_line_bytes=4_000), max_rejected_share=0.5)


@pytest.mark.parametrize("case", CASES)
def test_a_file_has_exactly_the_findings_beside_it(case, tmp_path):
    data = (FOLDER / f"{case}.jsonl").read_bytes()

    report = profile_stream(io.BytesIO(data), tmp_path, RULES).as_dict(f"{case}.jsonl")

    assert report == json.loads((FOLDER / f"{case}.json").read_text("utf-8"))


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_case_of_its_name(code):
    report = json.loads((FOLDER / f"{code}.json").read_text("utf-8"))

    assert report["finding_counts"][code] >= 1
