"""What each trainer would do with a dataset: refused as a whole, accepted with loss, or accepted as it is."""

from dataclasses import replace

import pytest

from pipeline.trainers.acceptance import Acceptance, Effect, Reason, Subject, Verdict, judge_acceptance, load_targets
from tests.trainers.acceptance.findings import findings_file
from tests.trainers.acceptance.goldens import SHOWN

GOOD = Subject(format="openai", conversations=20, rejected_lines=0, size_bytes=10_000)


def judged(folder, subject, *places) -> dict[str, Acceptance]:
    """By the trainers whose rules the tests are about; what every trainer takes is in `golden/`."""
    shown = [target for target in load_targets() if target.name in SHOWN]
    return {row.target: row for row in judge_acceptance(subject, findings_file(folder, *places), shown)}


def refusing(rows) -> set[str]:
    return {name for name, row in rows.items() if row.verdict is Verdict.REFUSED}


def test_a_clean_file_of_openais_format_is_taken_by_all_as_it_is(tmp_path):
    expected = [Acceptance(target.name, target.title, Verdict.ACCEPTED, 0, 0, (), None) for target in load_targets()]

    assert judge_acceptance(GOOD, findings_file(tmp_path)) == expected


def test_the_native_format_is_converted_first(tmp_path):
    rows = judged(tmp_path, replace(GOOD, format="native"))

    assert {name: row.needs_conversion for name, row in rows.items()} == {
        **dict.fromkeys(rows, "openai"),
        "llama-factory": "sharegpt",
    }


def test_dropped_rows_are_lines_not_findings(tmp_path):
    """Line 4 has two faults for which LLaMA-Factory skips the row, and is one row."""
    places = [(2, "roles-not-alternating"), (4, "roles-not-alternating"), (4, "last-turn-not-assistant")]

    row = judged(tmp_path, GOOD, *places)["llama-factory"]

    skipped = "The row is skipped: turns must alternate between user or tool and assistant or call."
    uneven = "The row is skipped: the number of turns must be even, the last by the assistant."
    assert row == Acceptance(
        "llama-factory",
        "LLaMA-Factory",
        Verdict.WITH_LOSS,
        2,
        0,
        (
            Reason("roles-not-alternating", Effect.DROPS, 2, (2, 4), skipped),
            Reason("last-turn-not-assistant", Effect.DROPS, 1, (4,), uneven),
        ),
        None,
    )


def test_consecutive_tool_results_are_skipped_in_sharegpt_and_merged_in_openai(tmp_path):
    place = (3, "consecutive-tool-results")

    dropped = {
        form: judged(tmp_path, replace(GOOD, format=form), place)["llama-factory"].rows_dropped
        for form in ("openai", "sharegpt", "native")
    }

    assert dropped == {"openai": 0, "sharegpt": 1, "native": 1}


def test_a_preference_may_end_with_the_user(tmp_path):
    rows = judged(tmp_path, replace(GOOD, format="preference"), (1, "last-turn-not-assistant"))

    assert {name: row.verdict.value for name, row in rows.items()} == dict.fromkeys(SHOWN, "accepted")


def test_a_file_that_no_conversion_helps_is_refused(tmp_path):
    rows = judged(tmp_path, replace(GOOD, format="kto"))

    assert refusing(rows) == {"openai", "together", "fireworks"}
    assert {row.needs_conversion for row in rows.values()} == {None}


def test_rejected_lines_refuse_the_file_as_it_is(tmp_path):
    places = [(1, "malformed-json"), (1, "invalid-utf8"), (3, "wrong-type"), (4, "empty-content")]

    row = judged(tmp_path, replace(GOOD, rejected_lines=2), *places)["trl"]

    assert row.verdict is Verdict.REFUSED
    assert row.reasons[0] == Reason(
        "rejected-lines",
        Effect.REFUSES,
        2,
        (1, 3),
        "The dataset loader stops at a line that is no JSON, or whose fields change their type.",
    )


def test_an_empty_file_is_refused_by_all(tmp_path):
    rows = judged(tmp_path, replace(GOOD, conversations=0), (1, "empty-file"))

    assert refusing(rows) == set(rows)


@pytest.mark.parametrize(("conversations", "is_refused"), [(9, True), (10, False)])
def test_a_small_file_is_refused_by_who_has_a_minimum(tmp_path, conversations, is_refused):
    row = judged(tmp_path, replace(GOOD, conversations=conversations))["openai"]

    assert (row.verdict is Verdict.REFUSED) is is_refused


def test_a_limit_is_stated_with_what_was_found(tmp_path):
    rows = judged(tmp_path, replace(GOOD, conversations=3_000_001, size_bytes=512_000_001))

    assert {name: row.reasons for name, row in rows.items() if row.reasons} == {
        "openai": (
            Reason(
                "file-too-large",
                Effect.REFUSES,
                3_000_001,
                (),
                "It takes files of up to 512,000,000 bytes, found 512,000,001.",
            ),
        ),
        "fireworks": (
            Reason(
                "too-many-conversations",
                Effect.REFUSES,
                3_000_001,
                (),
                "It takes up to 3,000,000 conversations, found 3,000,001.",
            ),
        ),
    }


def test_a_file_of_which_every_row_is_dropped_is_refused(tmp_path):
    places = [(1, "no-assistant-turn"), (2, "no-assistant-turn")]

    row = judged(tmp_path, replace(GOOD, conversations=2), *places)["axolotl"]

    assert row.reasons[0].sentence == "It takes 1 or more conversations, found 2, of which 2 are dropped."
    assert (row.verdict, row.rows_dropped) == (Verdict.REFUSED, 2)


def test_rows_longer_than_a_trainers_default_are_cut_or_dropped(tmp_path):
    truncation = [
        {"max_length": length, "rows_cut": cut, "share_cut": cut / 20, "rows_without_supervised_tokens": empty}
        for length, cut, empty in [(512, 9, 4), (1024, 5, 2), (2048, 0, 0)]
    ]

    rows = judged(tmp_path, replace(GOOD, truncation=truncation))

    losses = {name: (row.rows_dropped, row.rows_truncated) for name, row in rows.items() if row.reasons}
    assert losses == {"trl": (0, 5), "axolotl": (9, 0)}
    assert [(reason.rule, reason.count) for reason in rows["trl"].reasons] == [("too-long", 5), ("answer-cut-off", 2)]


def test_a_role_that_a_trainer_does_not_know_refuses_and_a_condition_is_only_noted(tmp_path):
    rows = judged(tmp_path, replace(GOOD, roles={"system": 20, "tool": 3, "user": 40}))

    assert {name: [reason.rule for reason in row.reasons] for name, row in rows.items() if row.reasons} == {
        "gemma": ["role-tool", "role-system"],
    }
    assert refusing(rows) == {"gemma"}


def test_the_public_shape(tmp_path):
    row = judged(tmp_path, replace(GOOD, format="native"), (4, "no-assistant-turn"))["fireworks"]

    assert row.as_dict() == {
        "target": "fireworks",
        "title": "Fireworks fine-tuning",
        "verdict": "accepted-with-loss",
        "rows_dropped": 0,
        "rows_truncated": 0,
        "reasons": [
            {
                "rule": "no-assistant-turn",
                "effect": "harms",
                "count": 1,
                "first_lines": [4],
                "sentence": "There is no answer to learn from.",
            }
        ],
        "needs_conversion": "openai",
    }


@pytest.mark.parametrize(
    ("wrapping", "refusing"),
    [
        ("json-array", {"openai", "together", "fireworks"}),
        ("csv", {"openai", "together", "fireworks", "trl", "axolotl", "llama-factory"}),
        ("parquet", {"openai", "together", "fireworks"}),
        ("json-objects", {"openai", "together", "fireworks"}),
        ("json-field", {"openai", "together", "fireworks", "trl", "axolotl", "llama-factory"}),
        ("gzip", {"openai", "together", "fireworks"}),
        ("zip", {"openai", "together", "fireworks", "trl", "axolotl", "llama-factory"}),
        ("tar", {"openai", "together", "fireworks", "trl", "axolotl", "llama-factory"}),
        ("lists", {"openai", "together", "fireworks", "trl", "axolotl", "llama-factory"}),
    ],
)
def test_what_stands_around_the_rows_is_converted_away_first(tmp_path, wrapping, refusing):
    rows = judged(tmp_path, replace(GOOD, wrappings=frozenset({wrapping})))

    assert {name for name, row in rows.items() if row.needs_conversion} == refusing
    assert {row.reasons[0].rule for row in rows.values() if row.reasons} == {f"wrapped-in-{wrapping}"}


def test_what_a_conversion_mends_is_told_of_the_file_as_it_is(tmp_path):
    places = [(row, "arguments-object") for row in range(1, 4)]

    as_it_is = judged(tmp_path, GOOD, *places)["openai"]
    converted = judged(tmp_path, replace(GOOD, format="native"), *places)["openai"]

    assert (as_it_is.verdict, converted.verdict) == (Verdict.REFUSED, Verdict.ACCEPTED)
