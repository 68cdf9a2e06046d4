"""The page of rows: what an address asks for, and what a row says of itself."""

from dataclasses import replace

from pipeline.contract.row_values import RowQuery
from pipeline.service.pages.dataset_card import dataset_card
from pipeline.service.pages.rows_page import asked_of, rows_page, rows_url
from tests.card.cards import READY
from tests.service.pages.attempt_cases import NOW
from tests.service.pages.dataset_cases import READY_DATASET
from tests.service.pages.row_cases import FOUND, RICH


def test_what_cannot_be_asked_asks_for_nothing():
    asked = {"turns_min": "-1", "words_max": "many", "row": "0", "finding": "none", "split": "test", "text": " \x00a "}
    asked |= {"cluster": str(10**40)}

    assert asked_of(asked).query == RowQuery(text="a")
    assert (asked_of({"page": "x", "after": "9" * 40}).page, asked_of({"after": "7"}).after) == (1, 7)
    assert asked_of({"kind": "rejected", "role": "user", "finding": "wrong-type"}).query == RowQuery(
        finding="wrong-type"
    )


def test_an_address_leads_back_to_what_was_asked():
    asked = asked_of({"text": "a&b", "cluster": "4", "page": "3"})

    assert rows_url("d", asked, 2, 5) == "/datasets/d/rows?cluster=4&text=a%26b&page=2&after=5"


def test_a_row_names_its_tools_calls_pictures_and_near_duplicates():
    page = rows_page(dataset_card(READY_DATASET, NOW), READY.figures, asked_of({}), FOUND, None)

    [row, _] = page.rows
    assert (row.tools, row.cluster, row.more) == (("weather", "clock"), "2 near duplicates", RICH.turn_count - 6)
    assert row.bubbles[2].calls == ('weather({"city": "Oslo"})',)
    assert row.bubbles[1].media == ("image_url: cat.png",)
    assert [each.note for each in row.bubbles[4:]] == ["weight 0.5", "not learned from"]
    assert row.facts == ("90 turns", "12 words", "for validation")


def test_words_are_left_out_where_the_language_has_no_spaces():
    figures = replace(READY.figures, languages={"ja": 1.0})
    page = rows_page(dataset_card(READY_DATASET, NOW), figures, asked_of({}), FOUND, None)

    assert page.rows[0].facts == ("90 turns", "for validation")
    assert [name for name, _, _ in page.numbers] == ["turns_min", "turns_max"]
