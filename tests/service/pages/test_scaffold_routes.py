"""Scaffolds at their pages: listed, switched, edited into versions of one's own, copied."""

import re
from html import unescape

import pytest

from pipeline.generation.scaffold_files import packaged_scaffolds
from pipeline.service.pages.scaffold_form import content_of, fields_of
from tests.service.pages.signed_in import PAGE

MAREN = "/scaffolds/persona/night_shift_carer"
ARC = "/scaffolds/emotional_arc/worry_to_steadiness"


def form_of(page):
    """What the form that edits sends, if nothing is typed."""
    inputs = re.findall(r'<input (?:id="[\w-]+" )?name="([\w-]+)" [^>]*value="([^"]*)">', page)
    texts = re.findall(r'<textarea [^>]*name="([\w-]+)"[^>]*>\n([^<]*)</textarea>', page)
    chosen = re.findall(r'<select id="[\w-]+" name="(\w+)">.*?<option value="([^"]*)" selected>', page)
    return {name: unescape(value).replace("\n", "\r\n") for name, value in (*inputs, *texts, *chosen)}


@pytest.mark.parametrize("kind", packaged_scaffolds())
def test_a_form_that_nobody_changed_says_what_the_scaffold_said(kind):
    for scaffold in packaged_scaffolds()[kind].values():
        content = scaffold.model_dump(mode="json", exclude={"is_active"})
        sent = {}
        for field in fields_of(kind, content):
            parts = ("-emotion", "-least", "-most") if field.form == "feeling" else ("",)
            values = field.values if field.form == "feeling" else (field.text.replace("\n", "\r\n"),)
            sent |= {f"{field.name}{part}": value for part, value in zip(parts, values, strict=True)}

        assert content_of(kind, sent) | {"key": scaffold.key} == content


def test_each_kind_is_listed(made_as):
    bob = made_as("bob")

    counts = [bob.get(f"/scaffolds?kind={kind}").text.count('<tr><th scope="row">') for kind in packaged_scaffolds()]

    assert counts == [len(found) for found in packaged_scaffolds().values()]
    assert bob.get("/scaffolds?kind=none").text == bob.get("/scaffolds").text
    assert "This page is past the end." in bob.get("/scaffolds?page=9").text


def test_what_is_switched_off_is_drawn_by_no_plan_of_ones_own(made_as):
    ann, bob = made_as("switching"), made_as("bob")

    switched = ann.post(f"{MAREN}/switch", data={"is_active": "0"}, headers=PAGE)
    off = ann.get("/generation/new?items=6&personas=night_shift_carer").text
    ann.post(f"{MAREN}/switch", data={"is_active": "1"}, headers=PAGE)

    assert (switched.status_code, switched.headers["location"]) == (303, MAREN)
    assert "which is not drawn any more" in off
    assert "Personas: all 5</summary>" in off
    assert "Keep this plan" in ann.get("/generation/new?items=6&personas=night_shift_carer").text
    assert "Keep this plan" in bob.get("/generation/new?items=6&personas=night_shift_carer").text
    versions = re.findall(r'\?version=(\d)&amp;own=(\d)"', ann.get(MAREN).text)
    assert versions == [("2", "1"), ("1", "1"), ("1", "0")]


def test_an_edit_is_a_version_of_ones_own(made_as):
    ann = made_as("editing")
    form = form_of(ann.get(f"{ARC}?edit=1").text)

    saved = ann.post(f"{ARC}/edit", data=form | {"name": "From worry <to> sleep", "start-least": "0.2"}, headers=PAGE)
    same = ann.post(f"{ARC}/edit", data=form_of(ann.get(f"{ARC}?edit=1").text), headers=PAGE)
    page, before = ann.get(saved.headers["location"]).text, ann.get(f"{ARC}?version=1&own=0").text

    assert saved.headers["location"] == f"{ARC}?did=saved"
    assert same.headers["location"] == f"{ARC}?did=same"
    assert "From worry &lt;to&gt; sleep" in page
    assert "0.2 to" in page
    assert "which does not count any more" in before
    assert "sleep" not in made_as("bob").get(ARC).text
    assert ann.get(f"{ARC}?version=7").status_code == 404


def test_what_cannot_be_says_so_beside_what_was_typed(made_as):
    ann = made_as("wrong")
    form = form_of(ann.get(f"{ARC}?edit=1").text)
    wrong = {"name": "", "turns_min": "some", "end-most": "2", "strategy": "as <before>"}

    answer = ann.post(f"{ARC}/edit", data=form | wrong, headers=PAGE)

    assert answer.status_code == 400
    for said in ("name: expected some text", "turns_min: expected a whole number", "end.most: expected 1 or less"):
        assert said in answer.text
    assert 'name="turns_min" maxlength="400" autocomplete="off" inputmode="numeric" value="some"' in answer.text
    assert "\nas &lt;before&gt;</textarea>" in answer.text
    assert re.findall(r'\?version=(\d)&amp;own=(\d)"', ann.get(ARC).text) == [("1", "0")]


def test_another_key_makes_another_scaffold_and_takes_nobodys(made_as):
    ann = made_as("copying")
    form = form_of(ann.get(f"{ARC}?edit=1").text)

    copied = ann.post(f"{ARC}/edit", data=form | {"key": "worry_to_sleep"}, headers=PAGE)
    taken = ann.post(f"{ARC}/edit", data=form | {"key": "pressure_to_pause"}, headers=PAGE)
    none = ann.post(f"{ARC}/edit", data=form | {"key": "No Key"}, headers=PAGE)

    assert copied.headers["location"] == "/scaffolds/emotional_arc/worry_to_sleep?did=saved"
    assert (taken.status_code, "which another emotional_arc has" in taken.text) == (400, True)
    assert none.status_code == 400
    assert "worry_to_sleep" in ann.get("/scaffolds?kind=emotional_arc").text


def test_what_does_not_fit_is_told_on_the_list_and_on_its_page(made_as):
    ann = made_as("misfit")
    form = form_of(ann.get(f"{MAREN}?edit=1").text)

    ann.post(f"{MAREN}/edit", data=form | {"arcs": "worry_to_steadiness\r\nnowhere_to_go"}, headers=PAGE)

    for path in (MAREN, "/scaffolds"):
        page = ann.get(path).text
        assert "nowhere_to_go" in page
