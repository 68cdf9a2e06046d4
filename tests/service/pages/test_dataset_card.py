"""What a dataset looks like in the list."""

from dataclasses import replace

import pytest

from pipeline.service.pages.dataset_card import Badge, Problem, Stat, dataset_card, problem, stats
from pipeline.state.catalog.statuses import STATUSES
from tests.service.pages import cases
from tests.service.pages.attempt_cases import NOW
from tests.service.pages.dataset_cases import (
    ERROR,
    GIVEN_UP,
    INTERRUPTED,
    READY_DATASET,
    UNREADABLE,
    UPLOADING,
    VALIDATING,
)


@pytest.mark.parametrize(
    ("dataset", "badge", "is_live", "can_train"),
    [
        (UPLOADING, Badge("Uploading", "info"), True, False),
        (VALIDATING, Badge("Validating", "warning", is_moving=True), True, False),
        (READY_DATASET, Badge("Ready", "good"), False, True),
        (ERROR, Badge("Error", "bad"), False, False),
        (replace(READY_DATASET, deleted_at=NOW), Badge("Ready", "good"), False, False),
        (replace(READY_DATASET, superseded_by="newer-1"), Badge("Ready", "good"), False, False),
    ],
)
def test_a_badge_and_what_one_can_do(dataset, badge, is_live, can_train):
    card = dataset_card(dataset, NOW)

    assert (card.badge, card.is_live, card.can_train) == (badge, is_live, can_train)


def test_figures_of_a_ready_dataset():
    assert stats(READY_DATASET) == (
        Stat("conversations", "3,000", "3,000"),
        Stat("answers to learn", "4,189", "4,189"),
        Stat("tokens", "128k", "128,044"),
    )


@pytest.mark.parametrize("dataset", [UPLOADING, VALIDATING, UNREADABLE])
def test_no_figures_where_nothing_was_counted(dataset):
    assert stats(dataset) == ()


@pytest.mark.parametrize(
    ("dataset", "said"),
    [
        (READY_DATASET, None),
        (
            ERROR,
            Problem(
                "All 6 lines are rejected.",
                "Line 1: expected a value, found ] after a comma; remove the comma.",
                "malformed-json",
            ),
        ),
        (replace(ERROR, rejected_line_count=1, validation_errors=None), Problem("1 of 6 lines is rejected.")),
        (
            replace(ERROR, line_count=1, rejected_line_count=1, validation_errors=None),
            Problem("The only line is rejected."),
        ),
        (
            UNREADABLE,
            Problem(
                "Expected text, found a ZIP archive; unpack or convert it to JSON Lines (.jsonl) first.",
                code="binary-file",
            ),
        ),
        (
            INTERRUPTED,
            Problem("Validation was interrupted and is tried again.", "The lake at s3://lake could not be reached."),
        ),
        (
            GIVEN_UP,
            Problem(
                f"The service failed, not your file. It is tried again at {GIVEN_UP.retry_at:%H:%M} UTC.",
                "A fault of this program, not of the file: ValueError in pipeline/dataset/profiles/rows.py:41 (row).",
            ),
        ),
        (
            replace(UNREADABLE, validation_errors=None, failure="the upload was never confirmed"),
            Problem("The upload was never confirmed."),
        ),
    ],
)
def test_the_problem_in_words(dataset, said):
    assert problem(dataset) == said


def test_the_cases_have_every_status():
    assert {each.status for each in cases.DATASETS} == set(STATUSES)
