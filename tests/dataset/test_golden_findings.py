"""Every finding, shown: `tests/golden/findings/<case>.jsonl` and, beside it, the whole report as `.json`.

To add a case, add the first and run `python -m tests.dataset.findings.findings_goldens`. A case named after
a code must show that code.
"""

import json

import pytest

from pipeline.dataset.frames.warnings import WARNING_RULES
from pipeline.dataset.quality.quality_findings import TEXT_RULES
from pipeline.dataset.rules.answer_rules import ANSWER_RULES
from tests.dataset.findings.findings_goldens import FOLDER, report
from tests.properties.slow_definition import CODES

RULES = [rule.kind.code for rule in (*WARNING_RULES, *TEXT_RULES, *ANSWER_RULES)]
CASES = sorted(path.stem for path in FOLDER.glob("*.jsonl"))


@pytest.mark.parametrize("case", CASES)
def test_a_file_has_exactly_the_findings_beside_it(case, tmp_path):
    assert report(FOLDER / f"{case}.jsonl", tmp_path) == json.loads((FOLDER / f"{case}.json").read_text("utf-8"))


@pytest.mark.parametrize("code", dict.fromkeys([*CODES, *RULES]))
def test_every_code_has_a_case_of_its_name(code):
    golden = json.loads((FOLDER / f"{code}.json").read_text("utf-8"))

    assert golden["finding_counts"][code] >= 1
