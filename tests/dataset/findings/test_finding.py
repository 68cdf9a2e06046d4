"""The catalogue is complete and its codes are stable; a finding says all a person needs."""

import re

import pytest

from pipeline.dataset.findings.finding import CATALOGUE, ORDER, Finding, Scope, Severity, elsewhere
from pipeline.dataset.rules.mismatch import Mismatch
from tests.properties.slow_definition import CODES, ERRORS

NOT_FROM_READING = {
    "upload-too-large", "takes-too-long", "upload-missing", "upload-changed", "bad-manifest", "shard-missing",
    "shard-changed",
}  # fmt: skip


def test_the_catalogue_has_the_codes_of_the_definition_in_their_order():
    """A code is public for ever; renaming or moving one breaks a report that someone keeps."""
    assert [code for code in CATALOGUE if code in CODES] == CODES


def test_errors_are_errors_and_all_else_are_warnings():
    severities = {code: kind.severity for code, kind in CATALOGUE.items() if code in CODES}

    assert severities == {code: Severity.ERROR if code in ERRORS else Severity.WARNING for code in CODES}


def test_what_reading_does_not_find_rejects_the_whole_file():
    kinds = {code: (CATALOGUE[code].severity, CATALOGUE[code].scope) for code in NOT_FROM_READING}

    assert kinds == dict.fromkeys(NOT_FROM_READING, (Severity.ERROR, Scope.FILE))


@pytest.mark.parametrize("code", CATALOGUE)
def test_an_entry_says_what_why_and_what_to_do(code):
    kind = CATALOGUE[code]

    assert kind.code == code
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)
    assert kind.title
    assert kind.title == kind.title.strip().removesuffix(".")
    assert kind.why.endswith(".")
    assert kind.remedy
    assert not kind.remedy.endswith(".")


def test_a_finding_is_one_flat_row_whose_message_ends_with_the_remedy():
    finding = Finding(41, 3_200, "empty-turns", "$.turns", Mismatch("at least one turn", "none"))

    assert finding.as_row() == {
        "row": 41,
        "line": 41,
        "byte_offset": 3_200,
        "column": None,
        "code": "empty-turns",
        "severity": "error",
        "path": "$.turns",
        "expected": "at least one turn",
        "found": "none",
        "detail": None,
        "message": "expected at least one turn, found none; add the turns, or remove the line",
    }


def test_findings_stand_in_line_order_and_within_a_line_in_the_catalogues():
    codes = ("empty-content", "malformed-json")
    findings = [Finding(line, 0, code, "$", Mismatch("x", None)) for line in (2, 1) for code in codes]

    ranked = sorted(findings, key=lambda finding: finding.sort_key)

    assert [(finding.line, finding.code) for finding in ranked] == [
        (1, "malformed-json"),
        (1, "empty-content"),
        (2, "malformed-json"),
        (2, "empty-content"),
    ]
    assert ORDER["malformed-json"] < ORDER["empty-content"]


@pytest.mark.parametrize(
    ("further", "expected"),
    [
        (["$.a"], "(for y?) (also at $.a)"),
        (["$.a", "$.b", "$.c"], "(for y?) (also at $.a, $.b, $.c)"),
        (["$.a", "$.b", "$.c", "$.d"], "(for y?) (also at $.a, $.b, $.c and 1 more place)"),
        (["$.a", "$.b", "$.c", "$.d", "$.e"], "(for y?) (also at $.a, $.b, $.c and 2 more places)"),
    ],
)
def test_a_fault_names_three_further_places_and_counts_the_rest(further, expected):
    assert elsewhere(Mismatch("x", "z", "(for y?)"), further, len(further)) == Mismatch("x", "z", expected)


def test_further_places_are_a_detail_where_there_is_no_other():
    assert elsewhere(Mismatch("x", "z"), ["$.a"], 1) == Mismatch("x", "z", "(also at $.a)")
