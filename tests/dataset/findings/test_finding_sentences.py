"""The sentence of a finding is made of its parts alone."""

import json

import pytest

from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.findings.finding import CATALOGUE
from pipeline.dataset.findings.finding_sentences import fault_of, fault_sentence, message_sentence, mismatch_of
from pipeline.dataset.rules.mismatch import Mismatch
from tests.dataset.findings.findings_goldens import FOLDER
from tests.dataset.findings.records import older_record, record


@pytest.mark.parametrize(
    ("code", "mismatch", "sentence"),
    [
        ("wrong-type", Mismatch("a string", "null"), "expected a string, found null"),
        ("missing-field", Mismatch("messages or conversations", None), "expected messages or conversations"),
        ("wrong-type", Mismatch(None, "null"), "found null"),
        ("email-address", Mismatch("none", "one", "at character 3"), "expected none, found one at character 3"),
        ("blank-line", Mismatch(None, None, "no more is known"), "no more is known"),
        ("nesting-too-deep", Mismatch("at most 2 levels", "more", None, 9), "expected at most 2 levels, found more"),
        (
            "malformed-json",
            Mismatch("one JSON value", "trailing characters", "(a comment)", 5),
            "expected one JSON value, found a fault at column 5: trailing characters (a comment)",
        ),
        (
            "malformed-json",
            Mismatch("one JSON value", "NaN", None, 5),
            "expected one JSON value, found NaN at column 5",
        ),
        ("malformed-json", Mismatch("the array's ']'", "'}'"), "expected the array's ']', found '}'"),
    ],
)
def test_a_sentence_says_its_parts(code, mismatch, sentence):
    assert fault_sentence(code, mismatch) == sentence
    assert message_sentence(code, mismatch, "mend it") == f"{sentence}; mend it"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_the_message_of_every_golden_finding_is_made_of_its_columns(path):
    for row in json.loads(path.read_text("utf-8"))["findings"]:
        mismatch = mismatch_of(FindingRecord.of(row))

        assert mismatch is not None
        assert row["message"] == message_sentence(row["code"], mismatch, CATALOGUE[row["code"]].remedy)


def test_the_fault_is_the_message_without_what_to_do():
    found = record("empty-turns", 3, Mismatch("at least one turn", "none"))

    assert fault_of(found) == "expected at least one turn, found none"
    assert found.message == "expected at least one turn, found none; add the turns, or remove the line"


def test_what_an_older_version_kept_is_told_by_its_message():
    """Nothing is taken out of it, whatever it says."""
    found = older_record("empty-turns", 3, "expected at least one turn, found none; add them", 70)

    assert (fault_of(found), mismatch_of(found)) == ("expected at least one turn, found none; add them", None)
