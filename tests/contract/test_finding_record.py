"""What everyone reads of a finding, also of one that an older version kept."""

import subprocess
import sys

import pytest

from pipeline.contract.finding_record import FindingRecord, FindingRow
from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.rules.mismatch import Mismatch
from tests.dataset.findings.records import older_record


def test_a_record_is_the_row_and_the_row_has_its_fields():
    row = Finding(3, 70, "wrong-type", "$.turns", Mismatch("an array", "a number", "(also at $.x)"), row=9).as_row()

    found = FindingRecord.of(row)

    assert {name: getattr(found, name) for name in FindingRow.__annotations__} == row
    assert list(row) == list(FindingRow.__annotations__) == list(FindingRecord.__slots__)


def test_what_an_older_version_kept_has_no_parts():
    found = older_record("empty-turns", 3, "expected at least one turn, found none; add them", 70)

    assert (found.byte_offset, found.column, found.expected, found.found, found.detail) == (70, None, None, None, None)
    assert found.message == "expected at least one turn, found none; add them"


def test_the_oldest_findings_have_a_line_alone():
    found = FindingRecord.of({"line": 7, "code": "blank-line", "message": "…"})

    assert (found.row, found.line, found.byte_offset, found.path) == (7, 7, 0, "$")


@pytest.mark.parametrize("package", ["numpy", "pyarrow", "pydantic"])
def test_the_record_is_light_to_import(package):
    code = f"import sys, pipeline.contract.finding_record; print({package!r} in sys.modules)"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said == "False\n"
