"""The pages: what they were, and that no dataset can change what they are made of."""

import inspect
import re
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pkgutil import iter_modules

import pytest
from hypothesis import given, settings

from pipeline.safe_text import visible
from pipeline.service.pages import routes
from pipeline.service.pages.render import MEDIA_TYPES, asset
from pipeline.state.store.data_names import ALL
from tests.how_many import examples
from tests.html import HOSTILE, Skeleton
from tests.service.pages import cases, made_cases, mend_cases, row_cases
from tests.service.pages.cases import CASES, planted_pages
from tests.service.pages.goldens import FOLDER, drawn
from tests.service.pages.made_cases import planted_made


@pytest.mark.parametrize("name", CASES)
def test_a_page_is_what_it_was(name):
    assert drawn(name) == (FOLDER / name).read_text("utf-8")


@given(HOSTILE)
def test_no_element_and_no_attribute_arises_from_content(text):
    """Elements and names of attributes are the same, letter for letter, whatever the dataset says."""
    _check_planted(planted_pages, text)


@settings(max_examples=examples(25))  # there are many of these pages, and their templates are as the others
@given(HOSTILE)
def test_nor_from_what_a_model_or_a_person_wrote(text):
    _check_planted(planted_made, text)


def _check_planted(draw, text):
    for page, plain in zip(draw(text), _plain(draw, len(text)), strict=True):
        found = Skeleton(page)
        assert _elements(found) == plain
        assert (found.open, found.others) == ([], [])
        assert visible(page) == page
        assert page.encode()


@cache
def _plain(draw, length):
    return [_elements(Skeleton(page)) for page in draw("x" * length)]


def _elements(skeleton):
    return [(tag[0], [name for name, _ in tag[1]]) if isinstance(tag, tuple) else tag for tag in skeleton.tags]


_LOADING = ("link", "script", "img")


@pytest.mark.parametrize("name", CASES)
def test_a_page_has_no_script_and_no_style_but_our_files(name):
    """What the policy forbids is not there in the first place."""
    tags = [tag for tag in Skeleton(drawn(name)).tags if isinstance(tag, tuple)]
    attributes = [dict(tag[1]) for tag in tags]
    loaded = {found.get("src") or found["href"] for found in (dict(tag[1]) for tag in tags if tag[0] in _LOADING)}

    assert loaded == {
        "/static/icon.svg",
        "/static/app.css",
        "/static/app.js",
    }
    assert [found for found in attributes if "style" in found or any(key.startswith("on") for key in found)] == []
    assert re.findall(r"<style|<script>", drawn(name)) == []


@pytest.mark.parametrize("name", CASES)
def test_a_page_is_well_formed_and_its_references_lead_somewhere(name):
    tags = [tag for tag in Skeleton(drawn(name)).tags if isinstance(tag, tuple)]
    attributes = [dict(tag[1]) for tag in tags]
    ids = [found["id"] for found in attributes if "id" in found]
    referred = [found[key] for found in attributes for key in ("aria-labelledby", "for") if key in found]
    referred += [found["href"][1:] for found in attributes if found.get("href", "").startswith("#")]

    assert Skeleton(drawn(name)).open == []
    assert len(ids) == len(set(ids))
    assert set(referred) <= set(ids)


@pytest.mark.parametrize("name", CASES)
def test_headings_go_down_one_level_at_a_time(name):
    """Who listens to a page finds the way by them."""
    levels = [int(tag[0][1]) for tag in Skeleton(drawn(name)).tags if re.fullmatch(r"h\d", tag[0])]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [after for before, after in pairwise(levels) if after > before + 1] == []


def test_every_template_is_drawn_by_a_golden():
    """A piece that pages share is drawn in them; a page must have a case of its own."""
    templates = files("pipeline.service.pages") / "templates"
    drawn_there = "\n".join(inspect.getsource(module) for module in (cases, made_cases, mend_cases, row_cases))
    whole = [each.name for each in templates.iterdir() if '{% extends "base' in each.read_text("utf-8")]

    assert [name for name in whole if f'"{name.removesuffix(".html.jinja")}"' not in drawn_there] == []


def test_a_browser_offers_all_files_that_can_be_read():
    accepted = re.findall(r'<input type="file" id="file" accept="([^"]*)"', drawn("new.html"))

    assert sorted(name for name in accepted[0].split(",") if "/" not in name) == sorted(f".{name}" for name in ALL)


def test_every_module_of_routes_is_led_to():
    """One that is not put into `pages` answers nothing."""
    here = {name for _, name, _ in iter_modules(routes.__path__)}

    assert here == {name for name in here if hasattr(routes, name)}


@pytest.mark.parametrize("name", MEDIA_TYPES)
def test_our_files_ask_for_nothing_elsewhere(name):
    assert re.findall(rb"https?:(?!//www.w3.org/2000/svg)|url\(|@import", asset(name)) == []
