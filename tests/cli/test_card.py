"""`lora-pipeline card`: of files, and of datasets that were validated for real."""

import os
from pathlib import Path

import pytest

from pipeline.card.page import render_card
from pipeline.card.sources import card_of_dataset, card_of_profile
from pipeline.dataset.profiles.parallel import profile_path
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.settings import load_settings
from pipeline.state.lake import make_lake
from pipeline.trainers.acceptance import acceptance_of
from tests.card.places import registered, validated
from tests.cli.goldens import run
from tests.installation import bad_file, valid_file


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where the command is run."""
    path = tmp_path / "here"
    path.mkdir()
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def settings(tmp_path):
    return load_settings(data_dir=tmp_path / "data", settle_s=0)


@pytest.fixture
def command(settings):
    variables = {"LORA_DATA_DIR": str(settings.data_dir), "LORA_DEFAULT_OWNER": "ana"}
    return lambda *arguments: run(["card", *arguments], variables)


def test_a_file_gets_its_card_beside_whoever_asks(command, folder, tmp_path):
    file, work = tmp_path / "talk.jsonl", tmp_path / "work"
    file.write_bytes(bad_file(5))
    work.mkdir()

    result = command(str(file))

    assert (result.exit_code, result.stdout, result.stderr) == (0, "talk.card.html\n", "")
    profile = profile_path(file, work, Rules())
    expected = render_card(card_of_profile(profile, str(file), acceptance_of(profile)))
    assert (folder / "talk.card.html").read_text("utf-8") == expected


def test_a_dataset_gets_its_card_by_name_and_by_id(command, folder, settings):
    dataset, _ = validated(settings, valid_file(12), "talk.jsonl")
    expected = render_card(card_of_dataset(dataset, make_lake(settings)))

    by_name, by_id = command("talk"), command(dataset.id, "-o", "other.html")

    assert (by_name.exit_code, by_name.stdout, by_id.exit_code, by_id.stdout) == (
        0,
        "talk.card.html\n",
        0,
        "other.html\n",
    )
    assert (folder / "talk.card.html").read_text("utf-8") == expected
    assert (folder / "other.html").read_text("utf-8") == expected


def test_the_page_can_go_to_stdout(command, folder, settings):
    dataset, _ = validated(settings, valid_file(2), "talk.jsonl")

    result = command("talk", "-o", "-")

    assert result.stdout_bytes.decode() == render_card(card_of_dataset(dataset, make_lake(settings)))
    assert list(folder.iterdir()) == []


def test_another_users_dataset_is_not_found(command, folder, settings):
    validated(settings, valid_file(2), "talk.jsonl", owner="ben")

    mine, theirs = command("talk"), command("talk", "--owner", "ben")

    assert (mine.exit_code, mine.stderr, theirs.exit_code) == (
        2,
        "error: there is no file of this name; expected the name or id of a dataset, found 'talk': list the datasets "
        "first\n",
        0,
    )


def test_a_dataset_without_a_verdict_is_wrong_use(command, settings):
    dataset = registered(settings, valid_file(2), "talk.jsonl")

    result = command("talk")

    assert (result.exit_code, result.stderr) == (
        2,
        f"error: {dataset.id} has no verdict yet: it is validating; try again in a few seconds\n",
    )


def test_a_lake_without_the_rows_is_a_failure(command, settings):
    dataset, outcome = validated(settings, valid_file(2), "talk.jsonl")
    Path(outcome.lake_uris["findings"]).unlink()

    result = command("talk")

    assert result.exit_code == 3
    assert dataset.id in result.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["."], ".: expected a file, found a folder or a device; name a file, or add --as-one"),
        (["talk.jsonl", "-o", "."], "--output: expected a file, found the folder ."),
        (["talk.jsonl", "-o", "none/a.html"], "--output: there is no folder none; make it first"),
        (["talk.jsonl", "-o", "./talk.jsonl"], "--output: talk.jsonl is the dataset itself; choose another name"),
    ],
)
def test_wrong_use_is_one_sentence_and_changes_nothing(command, folder, arguments, sentence):
    (folder / "talk.jsonl").write_bytes(valid_file(1))

    result = command(*arguments)

    assert (result.exit_code, result.stderr) == (2, f"error: {sentence}\n")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"talk.jsonl": valid_file(1)}


def test_a_file_name_cannot_lead_elsewhere_or_hide(command, folder):
    """Odd characters of a name are replaced in the page's name; on the page they are shown."""
    name = os.fsdecode(b".<b>\xff \xe2\x80\xae.jsonl")
    (folder / name).write_bytes(valid_file(1))

    result = command(name)

    assert (result.exit_code, result.stdout) == (0, "b-.card.html\n")
    assert "<bdi>.&lt;b&gt;‹U+DCFF› ‹U+202E›.jsonl</bdi>" in (folder / "b-.card.html").read_text("utf-8")
