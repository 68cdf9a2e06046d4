"""What is set by hand is read strictly, and every mistake is named at once."""

import pytest

from pipeline.errors import UsageError
from pipeline.trainers.overrides import KEYS, parse_overrides


def test_values_are_read_as_what_they_are():
    given = {"epochs": "2", "learning_rate": "1e-4", "is_packed": "yes", "schedule": "linear", "adapter.rank": "8"}

    assert parse_overrides(given).values == {
        "epochs": 2,
        "learning_rate": 1e-4,
        "is_packed": True,
        "schedule": "linear",
        "rank": 8,
    }


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        (
            "learn_rate",
            "1",
            "settings: learn_rate is not a setting; did you mean learning_rate or loss_kernel or warmup_share?",
        ),
        ("epochs", "0", "settings: epochs: expected an integer from 1 to 50, found '0'"),
        ("epochs", "2.5", "settings: epochs: expected an integer from 1 to 50, found '2.5'"),
        ("learning_rate", "nan", "settings: learning_rate: expected a number from 1e-08 to 0.01, found 'nan'"),
        ("schedule", "step", "settings: schedule: expected one of cosine, linear, constant, found 'step'"),
        ("is_packed", "perhaps", "settings: is_packed: expected true or false, found 'perhaps'"),
        ("openai_model", "a\nb", "settings: openai_model: expected a text of 1 to 200 characters, found 'a\\nb'"),
    ],
)
def test_a_mistake_says_what_was_expected(key, text, message):
    with pytest.raises(UsageError) as caught:
        parse_overrides({key: text})

    assert str(caught.value) == message


def test_all_mistakes_are_named_at_once():
    with pytest.raises(UsageError) as caught:
        parse_overrides({"rank": "0", "dropout": "2"})

    assert str(caught.value) == (
        "settings: rank: expected an integer from 1 to 1024, found '0'; "
        "dropout: expected a number from 0 to 0.9, found '2'"
    )


def test_a_key_that_is_like_none_lists_them_all():
    with pytest.raises(UsageError, match=f"zzzz is not a setting; known are {', '.join(KEYS)}"):
        parse_overrides({"zzzz": "1"})
