"""The picture of the asset page: always a valid one, always small enough to be shown inline."""

import base64
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.profiles.profile_pictures import MAX_INLINE_CHARACTERS, words_per_turn_chart

PREFIX = "![words per turn](data:image/svg+xml;base64,"
SVG = "{http://www.w3.org/2000/svg}"


def _drawn(text):
    assert text.startswith(PREFIX)
    assert text.endswith(")")
    return ElementTree.fromstring(base64.b64decode(text.removeprefix(PREFIX).removesuffix(")"), validate=True))


def test_no_turns_no_picture():
    assert words_per_turn_chart({}) == "no turns"


def test_bars_are_powers_of_two_and_the_highest_fills_the_height():
    """0, 1, 2-3, 4-7 words: a short text, a chart that one can read at a glance."""
    svg = _drawn(words_per_turn_chart({0: 5, 1: 10, 3: 5, 7: 1}))

    assert svg.find(f"{SVG}path").get("d") == "M0 48v-24h59v24zM60 48v-48h59v48zM120 48v-24h59v24zM180 48v-5h59v5z"
    assert [text.text for text in svg.findall(f"{SVG}text")] == ["0", "7 words"]


@given(st.dictionaries(st.integers(0, 2**31 - 1), st.integers(1, 10**12), min_size=1, max_size=200))
def test_any_histogram_makes_a_picture_that_is_shown_inline(histogram):
    """Dagster turns longer texts into a link."""
    text = words_per_turn_chart(histogram)

    svg = _drawn(text)

    assert svg.tag == f"{SVG}svg"
    assert len(text) <= MAX_INLINE_CHARACTERS
