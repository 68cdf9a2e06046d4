"""Promises of `pipeline.flow.job_pictures`."""

import base64
import re
from dataclasses import asdict, replace
from xml.etree import ElementTree

from pipeline.dataset.profiles.profile_pictures import MAX_INLINE_CHARACTERS
from pipeline.flow.job_pictures import estimate_chart
from pipeline.state.catalog.job_records import CostRecord
from tests.state.catalog.examples import NOON
from tests.state.catalog.job_examples import ESTIMATE

RECORD = CostRecord(id="c", job_id="j", user_id="ann", created_at=NOON, **asdict(ESTIMATE))
SVG = "{http://www.w3.org/2000/svg}"


def _drawn(chart):
    match = re.fullmatch(r"!\[estimate\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", chart)
    return ElementTree.fromstring(base64.b64decode(match[1]))


def test_each_figure_has_its_name_its_bar_its_tick_and_what_is_expected():
    drawn = _drawn(estimate_chart(RECORD))

    assert [text.text for text in drawn.iter(f"{SVG}text")] == [
        "cost",
        "$3.50 (2.50–5.00)",
        "hours",
        "2.00 (1.50–3.00)",
        "GB",
        "40.0 (36.0–48.0)",
    ]
    assert len(list(drawn.iter(f"{SVG}path"))) == 6
    assert (drawn.get("width"), drawn.get("height")) == ("300", "54")


def test_a_bar_reaches_from_low_to_high_and_the_tick_is_between():
    [bar, tick, *_] = _drawn(estimate_chart(RECORD)).iter(f"{SVG}path")

    begin, width = map(int, re.match(r"M(\d+) \d+h(\d+)", bar.get("d")).groups())
    place = int(re.match(r"M(\d+)", tick.get("d"))[1])
    assert begin < place < begin + width


def test_what_is_not_known_is_not_drawn():
    unpriced = replace(RECORD, cost_usd=None, cost_usd_low=None, cost_usd_high=None)

    drawn = _drawn(estimate_chart(unpriced))

    assert [text.text for text in drawn.iter(f"{SVG}text")] == ["hours", "2.00 (1.50–3.00)", "GB", "40.0 (36.0–48.0)"]


def test_it_is_short_enough_to_be_shown_inline_whatever_the_figures():
    large = replace(
        RECORD,
        **{name: 123_456.789 for name in asdict(RECORD) if name.startswith(("cost", "hours", "peak"))},
    )

    assert max(len(estimate_chart(each)) for each in (RECORD, large)) <= MAX_INLINE_CHARACTERS


def test_nothing_is_divided_by_a_cost_of_zero():
    free = replace(RECORD, cost_usd=0.0, cost_usd_low=0.0, cost_usd_high=0.0)

    assert "$0" in ElementTree.tostring(_drawn(estimate_chart(free)), "unicode")
