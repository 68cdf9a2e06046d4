"""Where cards come from: the profile of a file, and the catalog with the lake tell the same."""

from dataclasses import asdict, fields, replace
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from pipeline.card.card import Conversation, Figures, Turn
from pipeline.card.card_examples import first_examples
from pipeline.card.sources import card_of_dataset, card_of_profile
from pipeline.dataset.profiles.parallel import profile_path
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.errors import LakeError, UsageError
from pipeline.settings import load_settings
from pipeline.state.lake import make_lake
from pipeline.trainers.acceptance import acceptance_of
from tests.card.places import registered, validated
from tests.dataset.findings.records import record
from tests.installation import bad_file, valid_file

RULES = Rules()


@pytest.fixture
def settings(tmp_path):
    return load_settings(data_dir=tmp_path / "data", settle_s=0)


def _profile(tmp_path, content, rules=RULES):
    file, folder = tmp_path / "file.jsonl", tmp_path / "work"
    file.write_bytes(content)
    folder.mkdir()
    return profile_path(file, folder, rules)


def test_a_file_has_a_card_with_its_samples_and_histograms(tmp_path):
    profile = _profile(tmp_path, valid_file(4))

    card = card_of_profile(profile, "folder/file.jsonl", acceptance_of(profile))

    assert (card.name, card.path, card.dataset_id, card.validated_at) == ("file.jsonl", "folder/file.jsonl", "", None)
    assert (card.figures.status, card.figures.conversations, card.figures.turns) == ("ready", 4, 8)
    assert (card.words_per_turn, card.turns_per_conversation) == ({3: 8}, {2: 4})
    assert card.acceptance == tuple(acceptance_of(profile))
    assert card.samples == tuple(
        Conversation(f"c-{n}", (Turn("user", f"some words {n}-0"), Turn("assistant", f"some words {n}-1")))
        for n in range(3)
    )


def test_every_figure_of_a_card_is_the_reports(tmp_path):
    """Nothing is lost or renamed on the way."""
    profile = _profile(tmp_path, bad_file(2))

    figures, report = card_of_profile(profile, "f", ()).figures, profile.as_dict("f")

    nested = {"words_per_turn", "turns_per_conversation", "tokens_per_conversation", "truncation"}
    assert {name: value for name, value in asdict(figures).items() if name not in nested} == {
        field.name: report[field.name] for field in fields(Figures) if field.name not in nested
    }
    assert asdict(figures.words_per_turn) == report["words_per_turn"]
    assert [asdict(cut) for cut in figures.truncation] == report["truncation"]


def test_a_file_of_which_little_was_asked_has_a_card(tmp_path):
    figures = card_of_profile(_profile(tmp_path, valid_file(4), Rules().structure_only()), "f", ()).figures

    assert (figures.languages, figures.truncation, figures.near_duplicate_conversations) == (None, None, None)


def test_a_file_that_was_not_read_has_a_card(tmp_path):
    card = card_of_profile(_profile(tmp_path, b""), "empty.jsonl", ())

    assert (card.figures.status, card.samples, card.acceptance) == ("error", (), ())
    assert [example.code for example in card.examples] == ["empty-file"]


@pytest.mark.parametrize("content", [valid_file(12), bad_file(5), b""], ids=["valid", "bad", "empty"])
def test_the_lake_tells_what_the_profile_told(settings, content):
    """But for the histograms, which the lake does not keep."""
    dataset, outcome = validated(settings, content, "file.jsonl")
    of_profile = card_of_profile(outcome.profile, dataset.storage_path, outcome.acceptance)

    card = card_of_dataset(dataset, make_lake(settings))

    [validated_at] = make_lake(settings).read_profiles([dataset.id])["validated_at"].to_pylist()
    assert card == replace(
        of_profile,
        name="file",
        words_per_turn=None,
        turns_per_conversation=None,
        dataset_id=dataset.id,
        owner="ana",
        validated_at=validated_at,
    )


def test_findings_beyond_those_kept_in_memory_have_examples_too(tmp_path):
    """A thousand findings of one kind do not hide a later one of another."""
    profile = _profile(tmp_path, b"{not json\n" * 1_100 + b'{"conversation_id": "a"}\n')

    kept = {example.code for example in card_of_profile(profile, "f", ()).examples}
    examples = first_examples(profile.findings_path, profile.finding_counts)

    assert "missing-field" not in kept
    assert card_of_profile(profile, "f", (), examples).examples == examples
    assert [e for e in examples if e.code == "missing-field"] == [
        record("missing-field", 1_101, Mismatch("the field turns", "field conversation_id"), "$.turns", 11_000)
    ]


def test_a_dataset_without_a_verdict_has_no_card(settings):
    dataset = registered(settings, valid_file(1), "file.jsonl")

    with pytest.raises(UsageError) as caught:
        card_of_dataset(dataset, make_lake(settings))

    assert str(caught.value) == f"{dataset.id} has no verdict yet: it is validating; try again in a few seconds"


def test_one_that_failed_says_why_and_when_it_is_tried_again(settings):
    found = registered(settings, valid_file(1), "file.jsonl")
    dataset = replace(found, status="failed", failure="no space left", retry_at=datetime(2026, 3, 1, 12, 5, tzinfo=UTC))

    with pytest.raises(UsageError) as caught:
        card_of_dataset(dataset, make_lake(settings))

    assert str(caught.value) == f"{found.id} has no verdict yet: no space left; it is tried again at 12:05 UTC"


def test_a_profile_of_another_version_says_what_to_do(settings):
    """An older file of the lake has no values in the columns that came later."""
    dataset, outcome = validated(settings, valid_file(1), "file.jsonl")
    place = outcome.lake_uris["profiles"]
    pq.write_table(pq.ParquetFile(place).read().drop_columns(["format_why"]), place)

    with pytest.raises(LakeError) as caught:
        card_of_dataset(dataset, make_lake(settings))

    assert str(caught.value) == (
        f"the profile of {dataset.id} is of another version (Expected `str`, got `null` - at `$.format_why`); "
        "validate the dataset again"
    )
