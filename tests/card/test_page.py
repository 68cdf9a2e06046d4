"""The page: what it was, and that no dataset can change what it is made of."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given

from pipeline.card.page import render_card
from pipeline.safe_text import visible
from tests.card.cards import CASES, CATALOGUED, READY, REJECTED, UNREAD, planted
from tests.card.goldens import FOLDER
from tests.html import HOSTILE, Skeleton


@pytest.mark.parametrize("name", CASES)
def test_a_card_is_what_it_was(name):
    assert render_card(CASES[name]) == (FOLDER / name).read_text("utf-8")


@given(HOSTILE)
def test_no_element_and_no_attribute_arises_from_content(text):
    """The page has the same elements and attributes, letter for letter, whatever the dataset says."""
    page, plain = Skeleton(render_card(planted(text))), Skeleton(render_card(planted("x" * len(text))))

    assert page.tags == plain.tags
    assert (page.open, page.others) == ([], [])


@given(HOSTILE)
def test_nothing_on_a_page_is_unseen(text):
    """No control, nothing that turns the writing direction, nothing that cannot be written as UTF-8."""
    page = render_card(planted(text))

    assert visible(page) == page
    assert page.encode()


@given(HOSTILE.filter(lambda text: len(text) <= 80))
def test_content_is_shown_as_it_is(text):
    """Escaped once, not twice, and not left out."""
    [conversation] = planted(text).samples

    page = Skeleton(render_card(planted(text)))

    assert page.texts.count(visible(text)) >= len(conversation.turns)


@pytest.mark.parametrize("card", [READY, REJECTED, UNREAD, CATALOGUED], ids=lambda card: card.name)
def test_a_page_is_well_formed_and_asks_for_nothing(card):
    """Every element is closed, every reference on the page leads somewhere, no address leads away."""
    page = Skeleton(render_card(card))
    attributes = [dict(tag[1]) for tag in page.tags if isinstance(tag, tuple)]
    ids = [found["id"] for found in attributes if "id" in found]
    referred = [found["href"].removeprefix("#") for found in attributes if "href" in found]
    referred += [found["aria-labelledby"] for found in attributes if "aria-labelledby" in found]

    assert page.open == []
    assert len(ids) == len(set(ids))
    assert set(referred) <= set(ids)
    assert [found for found in attributes if {"src", "srcset", "onload", "onclick"} & found.keys()] == []
    assert re.findall(r"url\(|@import|https?:", render_card(card)) == []


@pytest.mark.parametrize("card", CASES.values(), ids=CASES)
def test_a_page_forbids_scripts_and_network(card):
    tags = Skeleton(render_card(card)).tags

    assert (
        "meta",
        [
            ("http-equiv", "Content-Security-Policy"),
            ("content", "default-src 'none'; style-src 'unsafe-inline'; img-src data:"),
        ],
    ) in tags
    assert "script" not in tags


@pytest.mark.parametrize("card", CASES.values(), ids=CASES)
def test_headings_go_down_one_level_at_a_time(card):
    """Who listens to a page finds the way by them."""
    levels = [int(tag[0][1]) for tag in Skeleton(render_card(card)).tags if re.fullmatch(r"h\d", tag[0])]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [after for before, after in pairwise(levels) if after > before + 1] == []


@pytest.mark.parametrize("card", CASES.values(), ids=CASES)
def test_every_table_has_a_caption_and_every_picture_a_label_or_is_hidden(card):
    tags = Skeleton(render_card(card)).tags
    starts = [tag for tag in tags if isinstance(tag, tuple)]
    following = [after[0] for before, after in pairwise(starts) if before[0] == "table"]
    pictures = [dict(attrs) for tag, attrs in starts if tag == "svg"]
    labels = [dict(attrs)["aria-label"] for _, attrs in starts if ("role", "img") in attrs]

    assert set(following) == {"caption"}
    assert all("focusable" in picture for picture in pictures)
    assert all(labels)
    assert len([picture for picture in pictures if "aria-hidden" not in picture]) == len(labels)


def test_a_file_with_ten_thousand_roles_gives_a_short_page():
    """Hostile input does not make a page that nobody can open."""
    many = replace(READY, figures=replace(READY.figures, roles={f"role {n}": 1 for n in range(10_000)}))

    page = render_card(many)

    assert "9,993 other roles" in page
    assert len(page) < len(render_card(READY)) + 4_000
