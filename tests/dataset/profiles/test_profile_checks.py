"""Each check decides from a report, whether it comes from memory or from the lake."""

import json

import pytest

from pipeline.dataset.profiles.profile_checks import CHECKS

REPORT = {
    "status": "ready",
    "lines": 1_200,
    "rejected_lines": 0,
    "conversations": 1_200,
    "duplicate_conversation_ids": 0,
    "exact_duplicate_conversations": 0,
    "finding_counts": {},
}
ROLES_TOLD = "last-turn-not-assistant: 2, unknown-role: 1,000"
ROLES = {"unknown-role": 1_000, "last-turn-not-assistant": 2}


def _decide(**changes):
    return {check.name: check.decide(REPORT | changes) for check in CHECKS}


def test_a_faultless_dataset_passes_every_check():
    assert _decide() == {
        "structure": (True, "0 of 1,200 lines rejected"),
        "duplicates": (True, "0 repeated ids, 0 repeated conversations"),
        "size": (True, "1,200 conversations"),
        "role_order": (True, "roles take turns and end with the assistant"),
    }


@pytest.mark.parametrize(
    ("check", "changes", "expected"),
    [
        ("structure", {"status": "error", "rejected_lines": 1_100}, (False, "1,100 of 1,200 lines rejected")),
        ("duplicates", {"duplicate_conversation_ids": 3}, (False, "3 repeated ids, 0 repeated conversations")),
        ("duplicates", {"exact_duplicate_conversations": 1}, (False, "0 repeated ids, 1 repeated conversations")),
        ("size", {"conversations": 9}, (False, "9 conversations")),
        ("size", {"conversations": 10}, (True, "10 conversations")),
        ("role_order", {"finding_counts": ROLES}, (False, ROLES_TOLD)),
        (
            "role_order",
            {"finding_counts": json.dumps(ROLES)},
            (False, ROLES_TOLD),
        ),
        ("role_order", {"finding_counts": {"blank-line": 5}}, (True, "roles take turns and end with the assistant")),
    ],
)
def test_a_check_fails_for_its_own_reason(check, changes, expected):
    """And says how much of it there is."""
    assert _decide(**changes)[check] == expected


def test_only_the_structure_decides_whether_a_dataset_is_fit():
    """All else is a warning: the dataset can be trained on, only less well."""
    assert [check.name for check in CHECKS if check.is_error] == ["structure"]
    assert all(check.description.endswith(".") for check in CHECKS)
