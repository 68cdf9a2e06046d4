"""Batches from the plan to the selection, against fakes of both providers that keep a bill."""

import json
import sqlite3
import time
from collections import Counter
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import Conflicting, UsageError
from pipeline.flow.budgets import month_of
from pipeline.flow.generation.audit import audit_usage
from pipeline.flow.generation.batch_checks import BATCH_CHECKS
from pipeline.flow.generation.batch_report import report_of_batch
from pipeline.flow.generation.planning import BatchWish, lay_out, start
from pipeline.flow.generation.settling import settle
from pipeline.flow.generation.steps import advance, look_at_all
from pipeline.flow.generation.submitting import MOST_ITEMS, room
from pipeline.generation.wish import PlanWish
from pipeline.state.catalog.generation_records import MadeQuery, NewSubmission, Submission
from pipeline.state.catalog.statuses import ENDED_ITEMS
from tests.fakes.provider import Fault
from tests.flow.generation.places import ENOUGH, opened
from tests.flow.generation.writer import answer


def ledger(place, batch_id):
    """What was booked, by the id under which it was asked."""
    return {row["custom_id"]: row["cost_nano_usd"] for row in calls(place) if row["batch_id"] == batch_id}


def calls(place):
    return [row for batch in place.catalog.export("llm_calls") for row in batch.to_pylist()]


def billed(fake):
    return {row.asked.custom_id: row.nano_usd for row in fake.bill}


def test_a_batch_is_made_and_its_ledger_is_the_bill_by_row(place, fake):
    batch = place.batch(annotating_model=place.models[1])
    place.work()

    found = place.catalog.get_batch(batch.id)
    assert (found.status, place.states(batch.id)) == ("completed", {"accepted": 12})
    assert ledger(place, batch.id) == billed(fake)
    assert place.catalog.spending_of(batch.id).spent_nano_usd == fake.total_nano_usd()
    assert place.catalog.spending_of(batch.id).reserved_nano_usd == 0
    assert fake.paid_twice() == []
    report = report_of_batch(place.catalog, place.making.lake, batch.id)
    assert {check.name: check.decide(report)[0] for check in BATCH_CHECKS} == {
        check.name: True for check in BATCH_CHECKS
    }
    told = [each.kind for each in place.catalog.notifications("ann")]
    assert told == ["generation_completed", "generation_started"]


def test_a_call_that_is_booked_otherwise_than_the_provider_counted_is_found(place, fake, tmp_path):
    batch = place.batch(judging_model=None)
    place.work()
    audit = audit_usage(place.catalog, place.making.lake, batch)
    assert (audit.compared, audit.wrong) == (12, ())

    with sqlite3.connect(tmp_path / "catalog.db") as connection:
        connection.execute("DROP TRIGGER IF EXISTS llm_calls_append_only")
        connection.execute("UPDATE llm_calls SET output_tokens = output_tokens + 1 WHERE custom_id LIKE '%-3'")
        connection.execute("DELETE FROM llm_calls WHERE custom_id LIKE '%-5'")
    audit = audit_usage(place.catalog, place.making.lake, batch)
    assert {each.rpartition("-")[2] for each in audit.wrong} == {"3", "5"}


@pytest.mark.parametrize("fault", ["lost", "cut", "garbled", "hung"])
def test_a_batch_whose_answer_is_lost_is_adopted_and_not_paid_twice(place, fake, fault):
    fake.fail("create", fault)
    batch = place.batch(judging_model=None)
    advance_all(place)
    assert [each.state for each in place.catalog.submissions_of(batch.id)] == ["sending"]

    place.work(step_s=400)

    assert place.states(batch.id) == {"accepted": 12}
    assert len(fake.bill) == 12
    assert fake.paid_twice() == []
    assert ledger(place, batch.id) == billed(fake)


def test_a_batch_that_never_reached_the_provider_is_sent_again_with_the_same_body(place, fake):
    batch = place.batch(judging_model=None)
    submission = sent_by_one_that_died(place, batch)
    place.work(step_s=400)

    assert place.states(batch.id) == {"accepted": 12}
    assert [each.id for each in place.catalog.submissions_of(batch.id)] == [submission]
    assert len(fake.bill) == 12


def sent_by_one_that_died(place, batch):
    """Whoever was to send it died before the first byte went."""
    from pipeline.flow.generation.making import BatchWork
    from pipeline.flow.generation.submitting import prepare

    work = BatchWork(place.making, batch)
    submission = prepare(work, "generate", place.catalog.items_of(batch.id), place.clock())
    assert place.catalog.open_submission(submission.id, place.clock()) == "open"
    return submission.id


def test_two_that_may_be_ours_are_for_a_person_to_decide(tmp_path):
    from tests.fakes.anthropic import FakeAnthropic

    with FakeAnthropic(answer=answer) as fake, opened(tmp_path, fake) as place:
        batch = place.batch(judging_model=None)
        fake.fail("create", "lost")
        advance_all(place)
        [body] = [call.body for call in fake.called("create")]
        place.making.backend(place.setting).submit(body, "another")  # somebody else with the same key
        place.clock.forward(700)
        look_at_all(place.making, place.clock())

        found = place.catalog.get_batch(batch.id)
        assert found.status == "paused"
        assert "2 batches at the provider may be" in (found.status_reason or "")
        assert len(fake.called("create")) == 2


@pytest.mark.parametrize(
    ("fate", "kind"),
    [
        ("refused", "refusal"),
        ("truncated", "truncation"),
        ("malformed", "validation_error"),
        ("errored", "api_error"),
        ("expired", "api_error"),
    ],
)
def test_what_comes_to_nothing_is_drawn_anew_and_keeps_its_raw_answer(place, fake, fate, kind):
    batch = place.batch(judging_model=None)
    seen: Counter[str] = Counter()

    def fates(asked):
        seen[asked.prompt] += 1
        return answer(asked)

    fake.answer = fates
    for call_number in (1,):
        fake.fates.update({f"{each}": fate for each in first_ids(place, fake, batch, call_number)})
    place.work()

    assert place.states(batch.id)["accepted"] == 12
    draws = place.catalog.failed_draws(batch.id)
    assert {draw.failure_type for draw in draws} == {kind}
    assert all(draw.detail for draw in draws)
    assert ledger(place, batch.id) == billed(fake) | {
        each: 0 for each in ledger(place, batch.id) if each not in billed(fake)
    }


def first_ids(place, fake, batch, count):
    """Ids of the first requests, which are known once they are sent: so they are prepared here."""
    from pipeline.flow.generation.making import BatchWork
    from pipeline.flow.generation.submitting import prepare

    work = BatchWork(place.making, batch)
    submission = prepare(work, "generate", place.catalog.items_of(batch.id), place.clock())
    return [f"{submission.id}-{number}" for number in range(1, count + 1)]


def test_what_the_budget_does_not_bear_is_not_asked(place, fake):
    batch = place.batch(items=40, budget=150_000_000)
    place.work()

    found = place.catalog.get_batch(batch.id)
    assert found.status == "paused"
    assert "bears no request more" in (found.status_reason or "")
    assert 0 < fake.total_nano_usd() <= found.budget_nano_usd
    start(place.making, batch.id, "ann", ENOUGH, place.clock())
    place.work()
    assert place.catalog.get_batch(batch.id).status == "completed"
    assert sum(place.states(batch.id).values()) == 40
    assert ledger(place, batch.id) == billed(fake)


@pytest.mark.parametrize("fault", ["spending_cap", "low_credit", "forbidden"])
def test_a_provider_that_is_not_paid_any_more_pauses_the_batch_at_once(place, fake, fault):
    fake.fail("create", fault)
    batch = place.batch()
    place.work(rounds=5)

    found = place.catalog.get_batch(batch.id)
    assert found.status == "paused"
    assert found.status_reason
    assert (len(fake.called("create")), fake.bill) == (1, [])
    assert place.catalog.spending_of(batch.id).reserved_nano_usd == 0
    start(place.making, batch.id, "ann", None, place.clock())
    place.work()
    assert place.states(batch.id) == {"accepted": 12}


def test_a_storm_of_ten_minutes_loses_nothing_and_is_over_within_one_wait(place, fake):
    began = place.clock()
    fake.weather = lambda endpoint: (
        Fault("rate_limited", "45") if endpoint == "create" and (place.clock() - began).total_seconds() < 600 else None
    )
    batch = place.batch(judging_model=None)
    place.work(rounds=200, step_s=5)

    assert place.states(batch.id) == {"accepted": 12}
    assert len(fake.bill) == 12
    [submission] = place.catalog.submissions_of(batch.id)
    assert 600 <= (submission.sent_at - began).total_seconds() <= 600 + 45 + 5
    assert len(fake.called("create")) <= 600 / 45 + 2


def test_results_in_any_order_with_strange_and_double_ids_are_each_booked_once(place, fake):
    batch = place.batch(judging_model=None)
    ids = first_ids(place, fake, batch, 3)
    fake.fates.update({ids[0]: "wrong_id", ids[1]: "double"})
    place.work()

    assert sum(place.states(batch.id).values()) == place.catalog.get_batch(batch.id).items
    booked = ledger(place, batch.id)
    assert booked[ids[1]] == billed(fake)[ids[1]]
    assert booked[ids[0]] >= billed(fake)[ids[0]]  # no answer has its id: it counts at the most that it may have cost


def test_a_cancelled_batch_asks_for_nothing_more_and_what_came_waits_for_a_person(place, fake):
    fake.looks_until_end = 3
    batch = place.batch()
    advance_all(place)
    place.catalog.move_batch(batch.id, "cancelled", place.clock(), user_id="ann")
    place.work()

    assert set(place.states(batch.id)) <= {"needs_review", "failed"}
    assert sum(place.states(batch.id).values()) == 12
    assert len(fake.called("create")) == 1
    assert place.catalog.spending_of(batch.id).spent_nano_usd == fake.total_nano_usd()


@pytest.mark.parametrize("done", [0, 5])
def test_a_batch_that_others_cancel_at_the_provider_pauses_and_what_was_not_done_is_not_paid(place, fake, done):
    fake.looks_until_end, fake.done_before_cancel = 5, done
    batch = place.batch(judging_model=None)
    advance_all(place)
    [submission] = place.catalog.submissions_of(batch.id)
    place.making.backend(place.setting).cancel(submission.external_id)
    place.work(rounds=9)

    found = place.catalog.get_batch(batch.id)
    assert (found.status, place.states(batch.id).get("planned")) == ("paused", 12 - done)
    assert f"{12 - done} requests were cancelled at the provider" in (found.status_reason or "")
    money = place.catalog.spending_of(batch.id)
    assert (money.spent_nano_usd, money.reserved_nano_usd) == (fake.total_nano_usd(), 0)

    start(place.making, batch.id, "ann", None, place.clock())
    place.work()
    assert place.states(batch.id) == {"accepted": 12}
    assert place.catalog.failures_of(batch.id, "generate") == {}
    assert ledger(place, batch.id) == billed(fake)


def test_a_queue_without_room_is_asked_for_less_and_less_often(tmp_path, openai_fake):
    openai_fake.queue_holds = 5
    with opened(tmp_path, openai_fake) as place:
        batch = place.batch(items=20, judging_model=None)
        place.work(rounds=200)

        assert place.states(batch.id) == {"accepted": 20}
        asked = [each.requests for each in place.catalog.submissions_of(batch.id) if each.external_id]
        assert asked[:2] == [20, 10]
        assert max(asked[1:]) <= 10
        assert 5 in asked
        assert ledger(place, batch.id) == billed(openai_fake)
        assert len(openai_fake.bill) == 20


@given(outcomes=st.lists(st.sampled_from(["refused", "ingested", "sent"]), max_size=40))
def test_room_is_never_none_and_never_more_than_a_batch_takes(outcomes):
    so_far: list[Submission] = []
    for outcome in outcomes:
        now = room(so_far)
        assert 1 <= now.items <= MOST_ITEMS
        assert 60 <= now.wait_s <= 3_600
        so_far.append(submission(now.items, outcome))
        if outcome == "refused" and now.items > 1:
            assert room(so_far).items < now.items


def submission(requests, state):
    empty = dict.fromkeys(each.name for each in fields(Submission))
    return Submission(**{**empty, "is_batched": True, "external_id": "b", "requests": requests, "state": state})


@pytest.mark.parametrize("second", ["no JSON", None])
def test_a_second_judgement_that_comes_to_nothing_leaves_a_row(place, fake, second):
    """None: it is well, and leaves none."""

    def judged(asked):
        is_second = second is not None and (asked.custom_id or "").endswith("-again")
        return second if is_second else answer(asked)

    fake.answer = judged
    batch = place.batch(items=12)
    place.work()

    assert place.states(batch.id) == {"accepted": 12}
    kinds = [failure.purpose for failure in place.catalog.failed_draws(batch.id)]
    assert kinds == (["judge"] if second is not None else [])


def test_nobody_judges_what_it_wrote_and_nothing_is_asked_without_a_price_or_a_budget(place):
    wish = BatchWish(PlanWish(items=3), place.setting, place.models[0], judging_model=place.models[0])
    with pytest.raises(UsageError, match="expected another model as judge"):
        lay_out(place.making, "ann", wish)
    with pytest.raises(UsageError, match="no price of strange-model"):
        lay_out(place.making, "ann", BatchWish(PlanWish(items=3), place.setting, "strange-model"))
    with pytest.raises(UsageError, match="expected a budget"):
        place.batch(budget=0)


def test_a_month_has_one_budget_for_all_batches_of_an_owner(place, monkeypatch):
    place.month_budget_usd = 10.0
    place.making.close()
    place.open()
    first = place.batch(items=2, budget=6 * 10**9, judging_model=None)
    with pytest.raises(Conflicting, match=r"at most \$10.00 a month, found \$6.00 spent or under way, and \$5.00 that"):
        place.batch(items=2, budget=5 * 10**9, judging_model=None)
    with pytest.raises(Conflicting, match=r"and \$5.00 that this batch may cost"):
        start(place.making, first.id, "ann", 11 * 10**9, place.clock())
    place.work()
    spent = place.catalog.spending_of(first.id).spent_nano_usd
    assert place.catalog.committed_nano_usd("ann", month_of(place.clock())) == spent

    second = place.batch(items=2, budget=5 * 10**9, judging_model=None)  # what is not spent is free again
    monkeypatch.setattr("pipeline.flow.generation.planning._check_month", lambda *_: None)  # as at the same moment
    with pytest.raises(Conflicting, match="others were started at the same moment"):
        place.batch(items=2, budget=6 * 10**9, judging_model=None)
    with pytest.raises(Conflicting, match="others were started at the same moment"):
        start(place.making, second.id, "ann", 11 * 10**9, place.clock())
    listed = place.catalog.list_batches("ann")
    assert Counter(each.status for each in listed) == {"completed": 1, "running": 1, "paused": 1, "planned": 1}
    assert place.catalog.get_batch(second.id).budget_nano_usd == 5 * 10**9


def test_what_a_paused_batch_keeps_back_is_not_counted_twice_when_it_goes_on(place, fake):
    place.month_budget_usd = 12.0
    place.making.close()
    place.open()
    fake.looks_until_end = 9
    batch = place.batch(items=2, budget=10 * 10**9, judging_model=None)
    advance_all(place)
    assert place.catalog.spending_of(batch.id).reserved_nano_usd > 0
    place.catalog.move_batch(batch.id, "paused", place.clock(), user_id="ann")

    assert start(place.making, batch.id, "ann", 12 * 10**9, place.clock()).status == "running"


def test_cells_that_lack_conversations_are_made_good_in_another_draw(place, fake):
    """Some answers are always the same: repeats are rejected, and drawn anew with the openings not to have."""
    asked_before: set[str] = set()

    def repeating(asked):
        if "criteria" in json.dumps(asked.body) or "Other conversations begin like this" in asked.prompt:
            return answer(asked)
        made = json.loads(answer(asked))
        if len(asked_before) < 4:
            asked_before.add(asked.prompt)
            said = [f"The quiet rent doubles the small loan after {n} weeks. It was {n} days." for n in range(40)]
            made["turns"] = [{**turn, "content": said[n]} for n, turn in enumerate(made["turns"])]
        return json.dumps(made)

    fake.answer = repeating
    batch = place.batch(items=13, judging_model=None)
    place.work()

    found = place.catalog.get_batch(batch.id)
    states = place.states(batch.id)
    assert found.refills >= 1
    assert states["rejected"] == found.items - 13
    assert states["accepted"] == 13
    assert sum(states[each] for each in ENDED_ITEMS if each in states) == found.items
    report = report_of_batch(place.catalog, place.making.lake, batch.id)
    assert (report.lacking, report.empty_pairs, report.repeats) == (0, (), 0)


def test_failed_items_are_drawn_anew_when_a_person_asks(place, fake):
    fake.answer = lambda asked: "no JSON"
    batch = place.batch(items=3, judging_model=None)
    place.work()
    assert place.states(batch.id) == {"failed": place.catalog.get_batch(batch.id).items}

    fake.answer = answer
    assert place.catalog.retry_items(batch.id, [1, 2], "ann", place.clock()) == 2
    place.work()
    assert place.states(batch.id)["accepted"] == 2
    assert place.catalog.get_batch(batch.id).status == "completed"


def test_what_has_ended_cannot_be_paused(place):
    batch = place.batch(items=3, judging_model=None)
    place.work()
    with pytest.raises(Conflicting, match="expected a batch that is running"):
        place.catalog.move_batch(batch.id, "paused", place.clock(), user_id="ann")


def test_a_server_of_ones_own_is_asked_one_by_one(tmp_path, openai_fake):
    def slowly(asked):
        time.sleep(0.02)
        return answer(asked)

    openai_fake.answer = slowly
    with opened(tmp_path, openai_fake, is_local=True) as place:
        batch = place.batch(items=9, budget=0, judging_model="judge", annotating_model="reader")
        place.work()

        assert place.states(batch.id) == {"accepted": 9}
        assert len(place.catalog.list_conversations("ann", MadeQuery(batch_id=batch.id)).items) == 9
        assert openai_fake.most_at_once > 1
        assert place.catalog.spending_of(batch.id).spent_nano_usd == 0
        assert len(calls(place)) == len(openai_fake.bill) == 9 + 9 + 10  # one is judged twice


def test_what_a_worker_prepared_and_never_asked_is_asked_by_another(tmp_path, openai_fake):
    with opened(tmp_path, openai_fake, is_local=True) as place:
        batch = place.batch(items=4, budget=0, judging_model=None)
        items = place.catalog.items_of(batch.id)
        bounds = dict.fromkeys((each.id for each in items), 0)
        new = NewSubmission("s-of-the-dead", batch.id, "generate", place.models[0], is_batched=False, bounds=bounds)
        place.catalog.prepare_submission(new, place.clock())
        place.work()

        assert place.states(batch.id) == {"accepted": 4}
        assert len(openai_fake.bill) == 4


def test_a_server_that_asks_for_an_hour_is_left_alone_and_holds_no_run(tmp_path, openai_fake):
    openai_fake.weather = lambda endpoint: Fault("rate_limited", "3600")
    with opened(tmp_path, openai_fake, is_local=True) as place:
        batch = place.batch(items=9, budget=0, judging_model=None)
        advance_all(place)
        asked = len(openai_fake.called("ask"))
        place.work(rounds=9)
        held = place.catalog.get_batch(batch.id)

        assert (len(openai_fake.called("ask")), held.status) == (asked, "running")
        assert asked <= 8
        assert (held.resume_at - place.clock()).total_seconds() > 3_000
        assert calls(place) == []


def test_a_lost_answer_to_a_batch_of_judgements_is_adopted_too(place, fake):
    """Some conversations are judged twice, so there are more requests than items."""
    batch = place.batch()
    while not any(each.purpose == "judge" for each in place.catalog.submissions_of(batch.id)):
        if place.catalog.item_counts(batch.id).get(("annotated", False)):
            fake.fail("create", "lost")
        advance_all(place)
        place.clock.forward(30)
    place.work(step_s=400)
    fake.do_all()

    assert place.states(batch.id) == {"accepted": 12}
    assert fake.paid_twice() == []
    assert ledger(place, batch.id) == billed(fake)


def test_a_batch_that_the_provider_does_not_know_for_a_while_is_neither_given_up_nor_sent_again(place, fake):
    fake.looks_until_end = 3
    batch = place.batch(judging_model=None)
    advance_all(place)
    known = dict(fake.batches)
    fake.batches.clear()  # a key of another workspace sees nothing of it
    [submission] = place.catalog.submissions_of(batch.id)
    with pytest.raises(Conflicting, match="of which nobody knows"):
        settle(place.catalog, batch, submission.id, None, place.clock())
    look_at_all(place.making, place.clock())
    assert place.catalog.get_batch(batch.id).status == "paused"
    fake.batches.update(known)
    start(place.making, batch.id, "ann", None, place.clock())
    place.work()

    assert place.states(batch.id) == {"accepted": 12}
    assert (len(fake.called("create")), len(fake.bill)) == (1, 12)


def test_what_a_person_says_is_gone_is_booked_at_the_most(place, fake):
    fake.looks_until_end = 3
    batch = place.batch(judging_model=None)
    advance_all(place)
    fake.batches.clear()
    look_at_all(place.making, place.clock())
    [submission] = place.catalog.submissions_of(batch.id)
    reserved = place.catalog.spending_of(batch.id).reserved_nano_usd
    settle(place.catalog, batch, submission.id, None, place.clock())
    place.work(rounds=3)

    money = place.catalog.spending_of(batch.id)
    assert (money.spent_nano_usd, money.reserved_nano_usd) == (reserved, 0)
    assert place.states(batch.id) == {"failed": 12}


def test_results_that_are_gone_are_booked_at_the_most_and_end(place, fake):
    fake.looks_until_end = 3
    batch = place.batch(judging_model=None)
    advance_all(place)
    fake.do_all()
    fake.are_results_kept = fake.are_files_kept = False
    place.work(rounds=5)

    found = place.catalog.get_batch(batch.id)
    assert found.status == "paused"
    assert place.states(batch.id) == {"failed": 12}
    money = place.catalog.spending_of(batch.id)
    assert (money.spent_nano_usd >= fake.total_nano_usd(), money.reserved_nano_usd) == (True, 0)


def test_one_that_was_cancelled_while_it_was_sent_ends(place, fake):
    batch = place.batch(judging_model=None)
    submission = sent_by_one_that_died(place, batch)
    place.catalog.move_batch(batch.id, "cancelled", place.clock(), user_id="ann")
    place.work(step_s=400)

    assert place.states(batch.id) == {"failed": 12}
    assert [(each.id, each.state) for each in place.catalog.submissions_of(batch.id)] == [(submission, "refused")]
    assert fake.called("create") == []


def test_who_sends_too_late_is_told_and_its_batch_pauses(place, fake, monkeypatch):
    """Another machine took it for lost meanwhile, and sent it again."""
    batch = place.batch(judging_model=None)
    backend = place.making.backend(place.setting)
    submit = backend.submit

    def slowly(body, submission_id):
        monkeypatch.setattr(backend, "submit", submit)
        found = submit(body, submission_id)
        place.catalog.take_back(submission_id, place.clock())
        place.clock.forward(1)
        place.catalog.open_submission(submission_id, place.clock())
        return found

    monkeypatch.setattr(backend, "submit", slowly)
    advance_all(place)

    found = place.catalog.get_batch(batch.id)
    assert found.status == "paused"
    assert "it may be paid twice" in (found.status_reason or "")


def test_items_that_are_drawn_anew_while_their_batch_ends_are_made(place, fake):
    fake.answer = lambda asked: "no JSON"
    batch = place.batch(items=2, judging_model=None)
    place.work()
    fake.answer = answer
    place.catalog.retry_items(batch.id, None, "ann", place.clock())
    assert place.catalog.move_batch(batch.id, "completed", place.clock()).status == "running"
    place.work()
    assert place.catalog.get_batch(batch.id).status == "completed"


def test_what_is_wrong_with_one_batch_stops_no_other(place, fake, monkeypatch):
    from pipeline.flow.generation import steps

    first, second = place.batch(judging_model=None), place.batch(seed=4, judging_model=None)
    look = steps.look_at

    def broken(making, batch, now):
        if batch.id == first.id:
            raise ValueError("a row of an earlier version")
        return look(making, batch, now)

    monkeypatch.setattr(steps, "look_at", broken)
    seen = look_at_all(place.making, place.clock())
    assert [first.id in each for each in seen.silent] == [True]
    assert seen.due == [second.id]
    place.clock.forward(60)
    monkeypatch.setattr(steps, "look_at", look)
    place.work()
    assert place.catalog.get_batch(second.id).status == "completed"


def advance_all(place):
    for batch_id in look_at_all(place.making, place.clock()).due:
        advance(place.making, batch_id)
