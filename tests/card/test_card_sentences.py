"""What a card says."""

from dataclasses import replace

import pytest

from pipeline.card import card_sentences
from pipeline.trainers.acceptance import Effect, Reason, Verdict
from tests.card.cards import READY, REJECTED, UNREAD


def _changed(card, **figures):
    return replace(card, figures=replace(card.figures, **figures))


@pytest.mark.parametrize(
    ("card", "headline"),
    [
        (READY, "All 3 lines could be read as conversations."),
        (_changed(READY, container="json-array"), "All 3 rows could be read as conversations."),
        (_changed(READY, lines=1, conversations=1), "Its one conversation could be read."),
        (
            _changed(READY, rejected_lines=1, conversations=2),
            "2 conversations could be read; 1 line of 3 could not, no more than is allowed here.",
        ),
        (
            REJECTED,
            "1,200 of 1,200 lines cannot be read as conversations. The first is line 2: a required field is missing.",
        ),
        (replace(REJECTED, examples=()), "1,200 of 1,200 lines cannot be read as conversations."),
        (UNREAD, "Expected text, found a ZIP archive; unpack or convert it to JSON Lines (.jsonl) first."),
        (replace(UNREAD, examples=()), "It holds no conversations."),
    ],
)
def test_the_headline_gives_the_verdicts_reason(card, headline):
    assert card_sentences.headline(card) == headline


def test_the_trainers_are_counted():
    assert card_sentences.trainers_summary(READY.acceptance) == "3 of 4 trainers take it: 2 without loss, 1 with loss."
    assert card_sentences.trainers_summary(REJECTED.acceptance) == "None of 1 trainers takes it."


def test_losses_are_named_unless_all_is_refused():
    row = replace(READY.acceptance[2], rows_dropped=1, rows_truncated=2_000)

    assert card_sentences.losses(row) == "1 row dropped, 2,000 rows cut off"
    assert card_sentences.losses(replace(row, verdict=Verdict.REFUSED)) == ""
    assert card_sentences.losses(READY.acceptance[0]) == ""


@pytest.mark.parametrize(
    ("rule", "count", "first_lines", "reach"),
    [
        ("empty-content", 1, (4,), "row 4"),
        ("empty-content", 2, (4, 1_005), "2 rows: 4, 1,005"),
        ("empty-content", 9, (1, 2, 3, 4, 5), "9 rows: 1, 2, 3, 4, 5, …"),
        ("role-tool", 2, (), "2 turns"),
        ("too-long", 1, (), "1 row"),
        ("too-few-conversations", 3, (), ""),
        ("rejected-lines", 0, (), ""),
    ],
)
def test_a_reason_says_how_far_it_reaches(rule, count, first_lines, reach):
    assert card_sentences.reach(Reason(rule, Effect.DROPS, count, first_lines, "")) == reach


@pytest.mark.parametrize(
    ("method", "error", "note"),
    [
        ("exact:o200k_base", 0.0, "counted with o200k_base"),
        ("sample:o200k_base", 1519.2, "± 1,519, estimated from a sample with o200k_base"),
        ("words*1.3", None, "estimated: words*1.3"),
    ],
)
def test_tokens_say_how_they_were_counted(method, error, note):
    assert card_sentences.token_note(_changed(READY, token_method=method, tokens_standard_error=error).figures) == note
    assert card_sentences.token_note(UNREAD.figures) == ""


def test_languages_have_names():
    assert (card_sentences.language_name("zh"), card_sentences.language_name("xx")) == ("Chinese", "xx")


def test_every_verdict_and_effect_has_words():
    assert set(card_sentences.VERDICTS) == set(Verdict)
    assert set(card_sentences.EFFECTS) == set(Effect)


def test_words_are_not_counted_where_most_answers_are_in_a_language_without_spaces():
    both = card_sentences.words_note({"zh": 0.4, "ja": 0.2, "en": 0.4})

    assert both == "not counted: Chinese and Japanese are written without spaces"
    assert card_sentences.words_note({"zh": 1.0}) == "not counted: Chinese is written without spaces"
    assert (card_sentences.words_note({"zh": 0.4, "en": 0.6}), card_sentences.words_note(None)) == ("", "")
