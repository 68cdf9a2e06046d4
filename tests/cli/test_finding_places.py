"""Where findings are marked follows from their columns: were every sentence another, the marks would stay."""

from pathlib import Path

import pytest

from pipeline.cli.finding_places import grouped
from pipeline.dataset.findings import finding, finding_sentences
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
FILES = [GOLDEN / "check" / "errors.jsonl", *sorted((GOLDEN / "findings").glob("*.jsonl"))]


def marks(path: Path, folder: Path):
    folder.mkdir()
    with path.open("rb") as stream:
        profile = profile_stream(stream, folder, Rules())
    groups = grouped(profile.finding_counts, profile.findings_path, path, 80)
    return [
        (group.kind.code, place.finding.line, place.column, place.excerpt) for group in groups for place in group.places
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_other_words_leave_the_marks_where_they_are(path, tmp_path, monkeypatch):
    as_worded = marks(path, tmp_path / "worded")
    monkeypatch.setattr(finding, "message_sentence", lambda *_: "in other words")
    monkeypatch.setattr(finding_sentences, "fault_sentence", lambda *_: "in other words")

    assert marks(path, tmp_path / "reworded") == as_worded
