"""A name that users meet comes and goes with a line in the changelog."""

import pytest

from tests import public_names as names


def test_every_public_name_is_recorded():
    """Where this fails: tell users in CHANGELOG.md, then `python -m tests.public_names`."""
    assert names.public_names() == names.RECORD.read_text("utf-8").splitlines(), "python -m tests.public_names"


@pytest.mark.parametrize(
    ("changed", "changelog", "untold"),
    [
        ([], "", []),
        (["trainer mlx-lm"], "- Jobs for mlx-lm (`--target mlx-lm`).", []),
        (["trainer mlx-lm"], "- Jobs for mlx.", ["trainer mlx-lm"]),
        (["field Dataset.note"], "- A dataset has a `note`.", []),
        (["page /jobs"], "- The page `/jobs` lists them.", []),
        (["field Dataset.note"], "- Datasets are noted.", ["field Dataset.note"]),
    ],
)
def test_what_the_changelog_does_not_say_is_named(changed, changelog, untold):
    assert names.untold(changed, changelog) == untold


def test_nothing_is_recorded_before_users_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(names, "RECORD", tmp_path / "names.txt")
    monkeypatch.setattr(names, "CHANGELOG", tmp_path / "CHANGELOG.md")
    names.RECORD.write_text("trainer trl\n")
    names.CHANGELOG.write_text("- Nothing.\n")
    monkeypatch.setattr(names, "public_names", lambda: ["trainer mlx-lm", "trainer trl"])

    with pytest.raises(SystemExit, match=r"CHANGELOG\.md says nothing of trainer mlx-lm"):
        names.record()

    assert names.RECORD.read_text() == "trainer trl\n"
