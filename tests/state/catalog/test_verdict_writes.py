"""Promises of `pipeline.state.catalog.verdict_writes`."""

from dataclasses import replace

import pytest

from pipeline.errors import CatalogError, DatasetNotFound, ObjectChanged
from pipeline.state.catalog.dataset_records import Notification
from tests.state.catalog.examples import LATER, MUCH_LATER, NOON, READY, REJECTED, upload


def test_a_verdict_writes_the_figures_and_tells_the_owner(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    registered = catalog.get("d1")

    changed = catalog.record_verdict(READY, LATER)

    expected = replace(
        registered,
        status="ready",
        format="messages",
        total_training_pairs=6_000_000_000,
        total_validation_pairs=None,
        total_tokens=7_000_000_000,
        training_ready=True,
        validated_at=LATER,
        validation_errors=[{"code": "empty_line", "line": 7}],
        sample_data=[{"messages": [{"role": "user", "content": "Grüß Gott 🙂"}]}],
        avg_turns_per_conversation=2.5,
        avg_tokens_per_turn=11.25,
        updated_at=LATER,
        content_sha256="ab12",
        answers_to_learn=5_000_000_000,
        line_count=6_000_000_001,
        rejected_line_count=1,
        conversation_count=6_000_000_000,
        token_method="words",
        run_id="run-1",
    )
    (told,) = catalog.notifications("ann")
    assert changed is True
    assert catalog.get("d1") == expected
    assert told == Notification(
        id=told.id,
        user_id="ann",
        dataset_id="d1",
        kind="dataset_ready",
        dedupe_key="verdict-1",
        title="d1 is ready",
        message="All is well.",
        created_at=LATER,
        read_at=None,
        webhook_attempt=0,
        webhook_due_at=None,
        webhook_sent_at=None,
    )


def test_a_rejected_dataset_is_not_ready_for_training(catalog):
    catalog.register_uploads([upload("d1")], NOON)

    catalog.record_verdict(REJECTED, LATER)

    dataset = catalog.get("d1")
    assert (dataset.status, dataset.training_ready) == ("error", False)
    assert [n.kind for n in catalog.notifications("ann")] == ["dataset_error"]


def test_the_row_keeps_the_first_findings_and_samples(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    many = [{"line": number} for number in range(20)]

    catalog.record_verdict(replace(READY, validation_errors=many, sample_data=many), LATER)

    dataset = catalog.get("d1")
    assert (dataset.validation_errors, dataset.sample_data) == (many[:10], many[:3])


def test_the_same_verdict_again_changes_nothing(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    catalog.record_verdict(READY, LATER)
    before = catalog.get("d1")

    changed = catalog.record_verdict(READY, MUCH_LATER)

    assert changed is False
    assert catalog.get("d1") == before
    assert len(catalog.notifications("ann")) == 1


def test_a_revalidation_with_the_same_outcome_tells_nobody(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    catalog.record_verdict(READY, LATER)

    changed = catalog.record_verdict(replace(READY, run_id="run-3", total_tokens=5), MUCH_LATER)

    dataset = catalog.get("d1")
    assert changed is True
    assert (dataset.run_id, dataset.total_tokens, dataset.validated_at) == ("run-3", 5, MUCH_LATER)
    assert len(catalog.notifications("ann")) == 1


def test_an_outcome_that_turns_and_turns_back_is_news_each_time(catalog):
    catalog.register_uploads([upload("d1")], NOON)

    for verdict in (READY, REJECTED, READY):
        catalog.record_verdict(verdict, LATER)

    kinds = [n.kind for n in catalog.notifications("ann")]
    assert kinds == ["dataset_ready", "dataset_error", "dataset_ready"]


def test_a_verdict_on_other_bytes_is_refused(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    before = catalog.get("d1")

    with pytest.raises(ObjectChanged) as caught:
        catalog.record_verdict(replace(READY, content_version="v9"), LATER)

    expected = (
        "uploads/ann/d1.jsonl: expected a verdict on the content version bytes-of-d1 of 'd1' (id d1), found one on "
        "v9: nothing was written, the new bytes are validated as a dataset of their own"
    )
    assert str(caught.value) == expected
    assert (catalog.get("d1"), catalog.notifications("ann")) == (before, [])


def test_a_verdict_on_an_unknown_dataset_is_refused(catalog):
    with pytest.raises(DatasetNotFound) as caught:
        catalog.record_verdict(READY, LATER)

    assert str(caught.value) == "expected the id of a dataset, found 'd1': list the datasets first"


def test_a_verdict_whose_notification_fails_is_not_written(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    before = catalog.get("d1")

    with pytest.raises(CatalogError):
        catalog.record_verdict(replace(READY, title=None), LATER)

    assert (catalog.get("d1"), catalog.notifications("ann")) == (before, [])
