"""Made conversations at their pages: found, decided one by one and many at once, edited into versions."""

import re

import pytest

from pipeline.state.catalog.generation_records import MadeQuery
from tests.made import ITEMS, ODD, copied
from tests.service.pages.conftest import opened
from tests.service.pages.signed_in import PAGE

REVIEW = {"status": "needs_review"}


@pytest.fixture
def odd(made):
    """The address of the one that a person is to look at."""
    return f"/conversations/{made.conversation(ODD)}"


@pytest.fixture
def alone(tmp_path):
    """An installation of a test's own: a browser, its catalog, and the address of the same one."""
    made = copied(tmp_path / "data")
    with opened(made.settings) as sign_in, made.catalog() as catalog:
        yield sign_in("ann"), catalog, f"/conversations/{made.conversation(ODD)}"


def form_of(page):
    """What the form that edits sends, if nothing is typed."""
    hidden = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)">', page)
    texts = re.findall(r'<textarea [^>]*name="([\w-]+)"[^>]*>\n([^<]*)</textarea>', page)
    inputs = re.findall(r'<input id="(\w+)" name="\1" [^>]*value="([^"]*)">', page)
    return {name: value.replace("\n", "\r\n") for name, value in (*hidden, *texts, *inputs)}


def shown(page):
    return re.findall(r'<th scope="row"><a href="/conversations/([\w.]+)', page)


def test_the_list_is_narrowed_and_each_address_says_to_what(ann, made, odd):
    every, waiting = ann.get("/conversations").text, ann.get("/conversations", params=REVIEW).text
    persona = re.search(r'<option value="(\w+)">Maren</option>', every)[1]
    of_persona = ann.get(f"/conversations?persona={persona}&score_min=1&quality_tier=none").text

    assert len(shown(every)) == ITEMS
    assert shown(waiting) == [made.conversation(ODD)]
    assert f'href="{odd}?status=needs_review"' in waiting
    assert set(re.findall(r"<td><bdi>(\w+)</bdi></td>", of_persona)) <= {"Maren"}
    assert "No conversation fits." in ann.get("/conversations?text=nowhere").text
    assert ann.get("/conversations?score_min=nan&status=none&tier=x").text.count('<tr><th scope="row">') == ITEMS


def test_one_is_read_with_its_scaffold_its_findings_and_the_words_that_scores_rest_on(ann, made, odd):
    page = ann.get(odd, params=REVIEW).text

    assert "This is a training conversation." in page
    assert re.findall(r'<a href="#turn-1">turn 1</a>', page) == ['<a href="#turn-1">turn 1</a>']
    marks, links = re.findall(r'<mark id="(quote-\d)">', page), re.findall(r'<a href="#(quote-\d)">“', page)
    assert marks
    assert set(links) == set(marks)
    assert "Maren" in page or 'href="/scaffolds/persona/' in page
    assert f'href="/api{odd}/raw.json"' in page
    assert ann.get(f"/api{odd}/enriched.json").json()["dataset_metadata"]


def test_a_decision_leads_to_the_next_of_the_list_and_back_by_a_link(alone):
    ann, catalog, _odd = alone
    listed = shown(ann.get("/conversations?tier=template").text)
    first, second = listed[:2]
    kept = {"tier": "template", "version": "1", "note": "well said"}

    decided = ann.post(f"/conversations/{first}/review", data=kept | {"action": "approve"}, headers=PAGE)
    after = ann.get(decided.headers["location"]).text
    rejected = ann.post(f"/conversations/{first}/review", data=kept | {"action": "reject"}, headers=PAGE)
    last = ann.post(f"/conversations/{listed[-1]}/review", data=kept | {"action": "approve"}, headers=PAGE)
    neither = ann.post(f"/conversations/{first}/review", data=kept, headers=PAGE)

    assert decided.headers["location"] == f"/conversations/{second}?tier=template&decided={first}"
    assert f'href="/conversations/{first}?tier=template" rel="prev" data-key="k"' in after
    assert rejected.status_code == last.status_code == 303
    assert last.headers["location"].startswith(f"/conversations/{listed[-1]}?")
    assert neither.status_code == 400
    reviews = catalog.reviews_of(first)
    assert {each.note for each in reviews} == {"well said"}
    assert catalog.get_conversation(first).status == "rejected"
    assert "Rejected <a href=" in ann.get(decided.headers["location"]).text


def test_many_are_decided_at_once_after_their_count_was_shown(alone):
    ann, catalog, _odd = alone
    page = ann.get("/conversations?tier=edge_case").text
    expected = re.search(r'name="expected" value="(\d+)"', page)[1]
    form = {"tier": "edge_case", "action": "reject", "note": "not now"}

    refused = ann.post("/conversations/review", data=form | {"expected": "1000"}, headers=PAGE)
    unchanged = catalog.conversation_counts("ann", MadeQuery(tier="edge_case"))
    done = ann.post("/conversations/review", data=form | {"expected": expected}, headers=PAGE)

    assert f"Reject {expected}</button>" in page
    assert (refused.status_code, "look again" in refused.text) == (409, True)
    assert "rejected" not in unchanged
    assert done.headers["location"] == f"/conversations?tier=edge_case&did=rejected&changed={expected}"
    assert "rejected.</p>" in ann.get(done.headers["location"]).text
    assert catalog.conversation_counts("ann", MadeQuery(tier="edge_case")) == {"rejected": int(expected)}


def test_a_form_that_nobody_changed_changes_nothing(ann, odd, made_catalog):
    page = ann.get(odd, params={"edit": "1"}).text

    answer = ann.post(f"{odd}/edit", data=form_of(page), headers=PAGE)

    assert (answer.status_code, "Expected a change" in answer.text) == (400, True)
    assert made_catalog.get_conversation(odd.rpartition("/")[2]).version == 1


def test_an_edit_is_a_version_and_its_judgement_is_stale(alone):
    ann, _catalog, odd = alone
    form = form_of(ann.get(odd, params=REVIEW | {"edit": "1"}).text)
    said = form["turn-1"].replace(" This is a training conversation.", "")

    answer = ann.post(f"{odd}/edit", data=form | {"turn-1": said, "note": "as she would say it"}, headers=PAGE)
    page = ann.get(odd).text
    old = ann.get(odd, params={"version": "1"}).text
    again = ann.post(f"{odd}/edit", data=form | {"title": "Too late"}, headers=PAGE)

    assert (answer.status_code, answer.headers["location"]) == (303, f"{odd}?status=needs_review")
    assert "It was changed after it was judged" in page
    assert "as she would say it" in page
    assert "Nothing was found." in page
    assert "This is a training conversation." not in page
    assert "This is a training conversation." in old
    assert ("data-key" in old, 'data-key="a"' in old) == (True, False)
    assert (again.status_code, 'value="Too late"' in again.text) == (409, True)


def test_an_edit_that_leaves_no_conversation_says_so_beside_what_was_typed(ann, odd):
    form = form_of(ann.get(odd, params={"edit": "1"}).text)
    emptied = {name: "" for name in form if name.startswith("turn-")} | {"turn-1": "Only <this>"}

    answer = ann.post(f"{odd}/edit", data=form | emptied, headers=PAGE)

    assert answer.status_code == 400
    assert "The edit leaves no conversation" in answer.text
    assert "\nOnly &lt;this&gt;</textarea>" in answer.text


def test_a_long_edit_is_taken(alone):
    """A sign may be six bytes of a form; other forms of pages are short."""
    ann, _catalog, odd = alone
    form = form_of(ann.get(odd, params={"edit": "1"}).text)

    answer = ann.post(f"{odd}/edit", data=form | {"turn-2": "كلام " * 5_000}, headers=PAGE)

    assert answer.status_code == 303


def test_who_has_none_is_told_where_they_come_from(made_as):
    page = made_as("bob").get("/conversations").text

    assert "No conversation yet" in page
    assert 'href="/generation">Go to generation' in page
