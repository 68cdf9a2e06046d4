"""What is written has a version of its own: other rows, or other files of jobs, raise `CODE_VERSION`."""

from dataclasses import replace

import pytest

from tests.flow.written import Written, as_json, problems, recorded, written


@pytest.fixture(scope="module")
def now():
    return written()


def test_what_is_written_is_what_is_recorded_for_its_version(now):
    """Where this fails: raise the version that it names, then `python -m tests.flow.written`."""
    assert problems(now, recorded()) == []
    assert as_json(now) == recorded(), "python -m tests.flow.written"


BEFORE = Written("validation.py", "4", {"a.jsonl": "11", "b.jsonl": "22"})


@pytest.mark.parametrize(
    ("after", "sentences"),
    [
        (BEFORE, []),
        (replace(BEFORE, digests={**BEFORE.digests, "c.jsonl": "33"}), []),
        (replace(BEFORE, digests={"a.jsonl": "11"}), []),
        (replace(BEFORE, digests={"a.jsonl": "12"}, code_version="5"), []),
        (
            replace(BEFORE, digests={"a.jsonl": "12", "b.jsonl": "22"}),
            ["other rows are written for a.jsonl: raise CODE_VERSION in validation.py"],
        ),
    ],
    ids=["same", "new input", "input gone", "raised", "not raised"],
)
def test_a_change_under_the_same_version_is_named(after, sentences):
    assert problems({"rows": after}, as_json({"rows": BEFORE})) == sentences
