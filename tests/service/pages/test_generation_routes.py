"""Batches at their pages: planned before anything is kept, started within a budget, followed, ended, tried again."""

import re

import pytest

from pipeline.clock import utc_now
from pipeline.state.catalog.generation_records import NewSubmission
from tests.made import ITEMS, LOST, copied
from tests.service.pages.conftest import opened
from tests.service.pages.signed_in import PAGE

CHOICE = {"items": "6", "seed": "7", "tiers": "edge_case", "name": "Spring <b>"}


@pytest.fixture
def planned(ann):
    """The address of a batch that may be started."""
    return ann.post("/generation", data=CHOICE | {"budget_usd": "2.5"}, headers=PAGE).headers["location"]


def test_a_plan_shows_how_many_of_each_and_what_they_cost_and_keeps_nothing(ann, made_catalog):
    before = made_catalog.count_batches(None)

    page = ann.get("/generation/new", params=[*CHOICE.items(), ("personas", "returning_parent")]).text

    assert re.findall(r'<div class="fit info"><h2>(.*)</h2>', page) == ["6 conversations, in batches"]
    assert sum(int(count) for count in re.findall(r'<td class="planned shade-[1-4]">(\d+)</td>', page)) == 6
    low, high = re.search(r"\$(0\.\d\d) to \$(0\.\d\d)</span>", page).groups()
    budget = re.search(r'name="budget_usd" [^>]* value="([\d.]+)"', page)[1]
    assert float(low) < float(high) <= float(budget)
    assert 'name="personas" value="returning_parent" checked' in page
    assert '<input type="hidden" name="name" value="Spring &lt;b&gt;">' in page
    assert made_catalog.count_batches(None) == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"model": "gpt-9"}, "No price of gpt-9 at anthropic is known"),
        ({"items": "many"}, "Items: expected a whole number, found &#39;many&#39;"),
        ({"items": "0"}, "greater than or equal to 1"),
        ({"judging_model": "claude-sonnet-5-5"}, "Expected another model as judge"),
        ({"personas": "nobody"}, "Persona: expected the key of one"),
        ({"weights": "arc:=2"}, "Weights: expected AXIS:KEY=N"),
        ({"weights": "persona:nobody=2"}, "Weight of persona: expected one that is to be made"),
        ({"forbidden": "persona:returning_parent"}, "expected two or three of persona, arc, topic"),
    ],
)
def test_what_cannot_be_planned_says_why_beside_what_was_chosen(ann, wrong, said):
    page = ann.get("/generation/new", params=CHOICE | wrong)
    kept = ann.post("/generation", data=CHOICE | wrong, headers=PAGE)

    assert (page.status_code, kept.status_code) == (200, 400)
    assert said in page.text
    assert "Keep this plan" not in page.text


def test_weights_and_what_is_not_to_be_combined_are_of_the_plan(ann, made_catalog):
    said = {"weights": "persona:returning_parent=3\r\n\r\n", "forbidden": "persona:returning_parent,topic:first_budget"}
    page = ann.get("/generation/new", params=CHOICE | said).text
    kept = ann.post("/generation", data=CHOICE | said, headers=PAGE).headers["location"]

    assert "persona:returning_parent,topic:first_budget</textarea>" in page
    wish = made_catalog.get_batch(kept.rpartition("/")[2]).plan["wish"]
    assert wish["weights"] == {"persona": {"returning_parent": 3.0}}
    assert wish["forbidden"] == [{"persona": "returning_parent", "arc": None, "topic": "first_budget"}]


def test_so_many_are_estimated_only_where_that_is_asked_for(ann):
    unasked = ann.get("/generation/new?items=5001").text
    asked = ann.get("/generation/new?items=5001&estimate=true").text

    assert ("Keep this plan" in unasked, "Keep this plan" in asked) == (False, True)


def test_a_batch_is_kept_started_within_a_budget_paused_and_cancelled(ann, planned, made_catalog):
    before = ann.get(planned).text
    started = ann.post(f"{planned}/start", data={"budget_usd": "3.25"}, headers=PAGE)
    running = ann.get(planned).text
    paused = ann.post(f"{planned}/pause", headers=PAGE)
    after = ann.get(planned).text
    cancelled = ann.post(f"{planned}/cancel", headers=PAGE)
    again = ann.post(f"{planned}/start", data={"budget_usd": "9"}, headers=PAGE)

    assert "Spring &lt;b&gt;" in before
    assert 'name="budget_usd" inputmode="decimal" autocomplete="off" maxlength="20" value="2.5"' in before
    assert [each.status_code for each in (started, paused, cancelled, again)] == [303, 303, 303, 409]
    assert f'<a href="{planned}"><bdi>The batch Spring &lt;b&gt; is under way</bdi></a>' in running
    assert (f'data-renew="{planned}/live"' in running, "data-renew" in after) == (True, False)
    assert re.findall(r'<h2 id="state">(.*)</h2>', before + running + after) == ["Planned", "Being made", "Paused"]
    batch = made_catalog.get_batch(planned.rpartition("/")[2])
    assert (batch.status, batch.budget_nano_usd) == ("cancelled", 3_250_000_000)


def test_what_costs_money_does_not_start_without_a_budget(ann):
    planned = ann.post("/generation", data=CHOICE, headers=PAGE).headers["location"]

    answers = [ann.post(f"{planned}/start", data={"budget_usd": typed}, headers=PAGE) for typed in ("", "-1", "much")]

    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert "Expected a budget for what is paid, found none" in answers[0].text
    assert "expected US dollars above 0" in answers[2].text
    assert '<h2 id="state">Planned</h2>' in ann.get(planned).text


def test_a_batch_that_has_ended_shows_what_it_made_what_that_cost_and_what_came_to_nothing(ann, made):
    page = ann.get(f"/generation/{made.batch_id}").text

    filled = re.findall(r'<td class="filled shade-\d"><span aria-hidden="true">(\d+)/(\d+)</span>', page)
    states = re.findall(r'<a href="[^"]+">([\w ]+)</a> <strong>(\d+)</strong>', page)
    assert sum(int(count) for count, _quota in filled) == int(dict(states)["Accepted"])
    assert sum(int(quota) for _count, quota in filled) == ITEMS
    assert f"${made.bill / 1e9:.2f} <span" in page
    assert f"writing No. {LOST}," in page
    assert '<pre class="log wrapped"' in page
    assert "I would rather not." in page
    assert re.search(r'href="/conversations\?batch_id=\w+&amp;status=needs_review">To be reviewed</a>', page)
    narrowed = ann.get(f"/generation/{made.batch_id}?failure=parse_error#failures").text
    assert narrowed.count('aria-current="true">Not readable') == 1


def test_what_failed_is_drawn_anew_and_the_page_follows_it(ann, made):
    retried = ann.post(f"/generation/{made.batch_id}/retry", headers=PAGE)
    page = ann.get(retried.headers["location"]).text
    live = ann.get(f"/generation/{made.batch_id}/live").text

    assert "1 item is drawn anew." in page
    assert live in page
    assert re.search(r'data-state="running \d+', live)
    assert "drawn anew" not in ann.get("/generation/x?retried=1").text


def test_requests_that_nobody_knows_of_are_settled_by_a_person(ann, planned, made_catalog):
    batch_id, now = planned.rpartition("/")[2], utc_now()
    ann.post(f"{planned}/start", data={"budget_usd": "3"}, headers=PAGE)
    items = made_catalog.items_of(batch_id)
    bounds = {item.id: 1_000 for item in items}
    made_catalog.prepare_submission(NewSubmission("s1", batch_id, "generate", "m", True, bounds), now)
    made_catalog.open_submission("s1", now)
    before = ann.get(planned).text
    ann.post(f"{planned}/pause", headers=PAGE)
    asked = ann.get(planned).text
    unnamed = ann.post(f"{planned}/settle", data={"submission_id": "s1", "is_there": "1"}, headers=PAGE)
    too_early = ann.post(f"{planned}/settle", data={"submission_id": "s1"}, headers=PAGE)

    assert ("Are these requests at the provider?" in before, "Are these requests" in asked) == (False, True)
    assert "6 requests to generate, under $0.0001 kept back" in asked
    assert (unnamed.status_code, too_early.status_code) == (400, 409)
    assert "may still be on its way" in too_early.text


def test_the_list_has_each_with_its_money_and_is_followed_while_one_is_made(ann, planned, made):
    before = ann.get("/generation").text
    ann.post(f"{planned}/start", data={"budget_usd": "3"}, headers=PAGE)
    after = ann.get("/generation").text

    assert {planned.rpartition("/")[2], made.batch_id} <= set(re.findall(r'<a href="/generation/(\w+)"><bdi>', before))
    assert 'data-renew="/generation"' in after
    assert "This page is past the end." in ann.get("/generation?page=2").text


def test_an_installation_that_asks_nobody_says_what_to_do(tmp_path):
    with opened(copied(tmp_path / "data", llm="").settings) as sign_in:
        bob = sign_in("bob")
        listed, planned = bob.get("/generation").text, bob.get("/generation/new").text

    assert "This installation asks no model." in listed
    assert "Plan a batch</a>" not in listed
    assert "its operator sets LORA_LLM" in planned
