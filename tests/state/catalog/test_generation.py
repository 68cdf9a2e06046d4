"""Batches, submissions, conversations and training files in the catalog, on both databases."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import BatchNotFound, Conflicting, ConversationNotFound, TrainingFileNotFound
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.generation_records import (
    Batch,
    Item,
    Made,
    MadeQuery,
    Member,
    NewBatch,
    NewCall,
    NewConversation,
    NewFailure,
    NewItem,
    NewSubmission,
    NewTrainingFile,
    ScaffoldRow,
    Selected,
    Step,
    Submission,
    TrainingFile,
    Version,
)
from pipeline.state.catalog.generation_tables import (
    batch_items,
    batch_jobs,
    conversation_versions,
    generated_conversations,
    llm_submissions,
    scaffolds,
    training_files,
)
from tests.how_many import examples
from tests.state.catalog.examples import NOON

LATER = NOON + timedelta(minutes=5)


def new_batch(batch_id="b1", user_id="ann", items=3, budget=1_000, **more):
    listed = [
        NewItem(n, "maren", "worry", "rent", "explaining", "template", n, 4, "short", "rain")
        for n in range(1, items + 1)
    ]
    usual = {"annotating_model": None, "judging_model": None, "is_batched": True}
    return NewBatch(
        batch_id, user_id, f"batch {batch_id}", {"wish": {}}, {}, "openai", "writer",
        budget_nano_usd=budget, items=listed, **{**usual, **more},
    )  # fmt: skip


def running(catalog, **more):
    batch = catalog.create_batch(new_batch(**more), NOON)
    return catalog.move_batch(batch.id, "running", NOON)


def prepared(catalog, batch, numbers, submission_id="s1", bound=100, purpose="generate"):
    bounds = {f"{batch.id}.{number}": bound for number in numbers}
    return catalog.prepare_submission(NewSubmission(submission_id, batch.id, purpose, "writer", True, bounds), NOON)


def written(number, batch="b1", **more):
    content = {"title": f"about {number}", "system": "s", "turns": [{"role": "user", "content": "x"}] * 4}
    findings = more.pop("findings", ())
    return Step(
        f"{batch}.{number}",
        "judged",
        conversation=NewConversation(content["title"], content, "raw", findings, 4),
        **more,
    )


def made(catalog, numbers=(1, 2, 3), **more):
    """A batch whose conversations are selected; returns it."""
    batch = running(catalog, **more)
    prepared(catalog, batch, numbers)
    assert catalog.open_submission("s1", NOON) == "open"
    catalog.note_sent("s1", "e1", NOON)
    catalog.note_answered("s1", NOON)
    steps = [written(n, findings=[{"code": "email", "severity": "warning"}] if n == 2 else []) for n in numbers]
    catalog.take_answers(
        "s1", [NewCall(f"s1-{n}", f"b1.{n}", "succeeded", 7) for n in numbers], steps, NOON, is_last=True
    )
    catalog.select_items(batch.id, [Selected(f"b1.{n}", "accepted", None, "seed", "train") for n in numbers], NOON)
    return catalog.move_batch(batch.id, "completed", NOON)


@pytest.mark.parametrize(
    ("record", "table"),
    [
        (ScaffoldRow, scaffolds),
        (Batch, batch_jobs),
        (Item, batch_items),
        (Submission, llm_submissions),
        (Made, generated_conversations),
        (Version, conversation_versions),
        (TrainingFile, training_files),
    ],
)
def test_records_have_the_columns_of_their_tables_in_their_order(record, table):
    assert [field.name for field in fields(record)] == [column.name for column in table.columns]


def test_a_batch_goes_from_planned_to_its_end_and_others_do_not_see_it(catalog):
    batch = catalog.create_batch(new_batch(), NOON)
    assert catalog.create_batch(new_batch(), LATER) == batch
    assert [item.state for item in catalog.items_of("b1")] == ["planned"] * 3
    with pytest.raises(BatchNotFound):
        catalog.get_batch("b1", "bob")
    with pytest.raises(Conflicting, match="expected a batch that is running"):
        catalog.move_batch("b1", "paused", NOON)
    assert catalog.find_batch("ann", "batch b1").id == "b1"
    assert catalog.move_batch("b1", "running", NOON, user_id="ann").started_at == NOON
    catalog.hold_batch("b1", LATER, "patience", NOON)
    assert catalog.batches_to_work_on(NOON) == []
    assert [each.id for each in catalog.batches_to_work_on(LATER)] == ["b1"]
    assert catalog.move_batch("b1", "cancelled", NOON, "enough").status_reason == "enough"
    assert catalog.progress_of("b1").by_state == {"failed": 3}
    assert [each.id for each in catalog.batches_to_report(5)] == ["b1"]
    catalog.note_reported("b1", LATER)
    assert catalog.batches_to_report(5) == []


def test_money_is_kept_back_before_and_one_submission_a_provider_is_sent_at_a_time(catalog):
    batch = running(catalog, items=4, budget=250)
    prepared(catalog, batch, [1], "s1")
    prepared(catalog, batch, [2], "s2")
    prepared(catalog, batch, [3], "s3")
    with pytest.raises(Conflicting, match="items that nobody asks for"):
        prepared(catalog, batch, [1], "s4")

    assert catalog.open_submission("s1", NOON) == "open"
    assert catalog.open_submission("s2", NOON) == "busy"
    assert catalog.note_sent("s1", "e1", NOON)
    assert not catalog.note_sent("s1", "e2", NOON)
    assert catalog.open_submission("s2", NOON) == "open"
    assert catalog.take_back("s2", NOON)
    assert catalog.open_submission("s2", NOON) == "open"
    catalog.note_sent("s2", "e2", NOON)
    assert catalog.open_submission("s3", NOON) == "over_budget"
    assert catalog.spending_of(batch.id).reserved_nano_usd == 200
    assert catalog.known_external_ids("openai", "s1") == ["e2"]


def test_answers_are_booked_once_and_the_rest_of_the_money_is_free_again(catalog):
    batch = running(catalog)
    prepared(catalog, batch, [1, 2, 3])
    catalog.open_submission("s1", NOON)
    catalog.note_sent("s1", "e1", NOON)
    catalog.note_answered("s1", NOON)
    failure = NewFailure("refusal", "it said no", "end_turn", "no")
    steps = [written(1), Step("b1.2", "planned", "no", is_new_draw=True, failure=failure)]
    calls = [NewCall("s1-1", "b1.1", "succeeded", 40, 1, 2), NewCall("s1-2", "b1.2", "refused", 5)]

    assert catalog.take_answers("s1", calls, steps, NOON, is_last=False)
    assert catalog.take_answers("s1", calls, steps, NOON, is_last=False)
    money = catalog.spending_of("b1")
    assert (money.spent_nano_usd, money.reserved_nano_usd) == (45, 100)
    catalog.take_answers("s1", [], [], NOON, is_last=True)
    assert not catalog.take_answers("s1", calls, steps, NOON, is_last=True)

    assert catalog.spending_of("b1").reserved_nano_usd == 0
    assert [(item.state, item.draw, item.submission_id) for item in catalog.items_of("b1")] == [
        ("judged", 0, None),
        ("planned", 1, None),
        ("planned", 0, None),
    ]
    [failed] = catalog.failed_draws("b1")
    assert (failed.failure_type, failed.raw_response, failed.number) == ("refusal", "no", 2)
    assert catalog.failures_by_type("b1") == {"refusal": 1}


def test_conversations_are_found_by_what_is_known_of_them(catalog):
    made(catalog)

    def found(**asked):
        return [each.id for each in catalog.list_conversations("ann", MadeQuery(**asked)).items]

    assert found() == ["b1.1", "b1.2", "b1.3"]
    assert found(finding="email") == ["b1.2"]
    assert found(text="ABOUT 3") == ["b1.3"]
    assert found(score_min=1.0) == []
    assert found(status="accepted", quality_tier="seed", persona="maren") == ["b1.1", "b1.2", "b1.3"]
    assert catalog.list_conversations("bob", MadeQuery()).total == 0
    second = catalog.get_conversation("b1.2", "ann")
    assert catalog.neighbours_of(second, "ann", MadeQuery()) == ("b1.1", "b1.3")
    with pytest.raises(ConversationNotFound):
        catalog.get_conversation("b1.2", "bob")


def test_a_person_decides_on_what_they_read_and_an_edit_is_a_version(catalog):
    made(catalog)
    rejected = catalog.review("b1.1", 1, "reject", "ann", "ann", LATER, "too long")
    assert (rejected.status, rejected.reviewed_by) == ("rejected", "ann")
    content = {"title": "better", "system": "s", "turns": [{"role": "user", "content": "y"}] * 2}
    edited = catalog.edit("b1.1", 1, "ann", content, [], "ann", LATER)
    assert (edited.version, edited.title, edited.status, edited.turn_count) == (2, "better", "needs_review", 2)
    with pytest.raises(Conflicting, match="expected version 2"):
        catalog.review("b1.1", 1, "approve", "ann", "ann", LATER)
    assert catalog.review("b1.1", 2, "approve", "ann", "ann", LATER).status == "accepted"
    assert [(each.action, each.version) for each in catalog.reviews_of("b1.1")] == [
        ("approve", 2),
        ("edit", 2),
        ("reject", 1),
    ]
    assert [each.source for each in catalog.versions_of("b1.1")] == ["person", "model"]
    assert sum(catalog.progress_of("b1").by_state.values()) == 3
    with pytest.raises(Conflicting, match="expected 2 conversations as shown, found 3"):
        catalog.review_many(MadeQuery(), 2, "reject", "ann", "ann", LATER)
    assert catalog.review_many(MadeQuery(), 3, "reject", "ann", "ann", LATER) == 3
    assert catalog.progress_of("b1").by_state == {"rejected": 3}


def test_training_files_of_a_name_are_versions_with_their_share_of_the_cost(catalog):
    made(catalog)
    members = [Member("b1.1", 1, {"split": "train"}), Member("b1.3", 1, {})]
    new = NewTrainingFile("talks", 1, {"batch_id": "b1"}, members, 4, "lake/f1", {}, "0" * 64)
    first = catalog.add_training_file("f1", "ann", new, NOON)
    assert (first.version, first.conversation_count, first.cost_nano_usd) == (1, 2, 14)
    assert catalog.add_training_file("f1", "ann", new, LATER) == first
    with pytest.raises(Conflicting, match="expected version 2 of talks"):
        catalog.add_training_file("f2", "ann", new, LATER)
    second = catalog.add_training_file("f2", "ann", replace(new, version=2), LATER)
    assert catalog.find_training_file("ann", "talks") == second
    assert catalog.conversations_of_file("f1") == members
    assert [each.id for each in catalog.files_with("b1.3")] == ["f2", "f1"]
    with pytest.raises(TrainingFileNotFound):
        catalog.get_training_file("f1", "bob")


def test_a_scaffold_that_says_something_else_is_another_version(catalog):
    row = ScaffoldRow(
        "", "persona", "maren", 0, "Maren", None, {"key": "maren", "name": "Maren"}, True, "packaged", NOON
    )
    own = replace(row, user_id="ann", name="My Maren", content={"key": "maren", "name": "My Maren"}, origin="ann")

    assert [catalog.put_scaffolds([row], NOON), catalog.put_scaffolds([row], NOON)] == [1, 0]
    assert catalog.put_scaffolds([replace(row, is_active=False)], NOON) == 1
    assert catalog.put_scaffolds([own], NOON) == 1
    assert [(each.name, each.version) for each in catalog.scaffolds_of("ann")] == [("My Maren", 1)]
    assert [(each.name, each.version, each.is_active) for each in catalog.scaffolds_of("bob")] == [("Maren", 2, False)]
    [old] = catalog.scaffolds_in_versions([("", "persona", "maren", 1)])
    assert old.is_active
    assert catalog.count_scaffold_versions() == 3


@given(
    st.lists(st.sampled_from(["prepare", "open", "sent", "back", "answered", "take", "refuse", "cancel"]), max_size=25)
)
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_in_any_order_money_and_items_add_up(tmp_path_factory, events):
    with Catalog.open(f"sqlite:///{tmp_path_factory.mktemp('any') / 'c.db'}") as catalog:
        batch = running(catalog, items=4, budget=350)
        number = 0
        for event in events:
            number += event == "prepare"
            current = f"s{number}"
            known = {each.id: each for each in catalog.submissions_of("b1")}
            if event == "prepare":
                idle = [i.number for i in catalog.items_of("b1") if i.submission_id is None and i.state == "planned"][
                    :2
                ]
                if idle and catalog.get_batch("b1").status == "running":
                    prepared(catalog, batch, idle, current)
            elif event == "cancel":
                catalog.move_batch("b1", "cancelled", NOON)
            elif current in known:
                items = catalog.items_under_way(current)
                calls = [NewCall(f"{current}-{i.number}", i.id, "succeeded", 60) for i in items]
                {
                    "open": lambda c=current: catalog.open_submission(c, NOON),
                    "sent": lambda c=current: catalog.note_sent(c, f"e-{c}", NOON),
                    "back": lambda c=current: catalog.take_back(c, NOON),
                    "answered": lambda c=current: catalog.note_answered(c, NOON),
                    "take": lambda c=current, k=calls, i=items: catalog.take_answers(
                        c, k, [written(each.number) for each in i], NOON, is_last=True
                    ),
                    "refuse": lambda c=current: catalog.give_up(c, "refused", "no", NOON, pauses=False),
                }[event]()
            money = catalog.spending_of("b1")
            assert money.spent_nano_usd + money.reserved_nano_usd <= 350
            assert sum(catalog.progress_of("b1").by_state.values()) == 4
            if catalog.get_batch("b1").status == "cancelled":
                under_way = {
                    i.id for s in catalog.submissions_of("b1", only_open=True) for i in catalog.items_under_way(s.id)
                }
                assert all(i.id in under_way or i.state in ("failed", "needs_review") for i in catalog.items_of("b1"))
