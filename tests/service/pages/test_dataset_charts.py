"""The charts of a dataset's page."""

from dataclasses import replace

from pipeline.service.pages.dataset_charts import dataset_charts
from tests.card.cards import READY, UNREAD


def drawn(rows_by_tokens):
    return dataset_charts(replace(READY.figures, rows_by_tokens=rows_by_tokens)).tokens


def test_columns_go_from_a_doubling_to_a_doubling_and_limits_stand_above_their_labels():
    chart = drawn({"431": 300, "512": 120, "1723": 20})

    assert chart.xs == ("256", "512", "1,024", "2,048")
    assert chart.limits == (333.3, 666.7)
    assert [column.said for column in chart.columns] == [
        "431–511 tokens: 300 rows",
        "512–608 tokens: 120 rows",
        "1,723–2,047 tokens: 20 rows",
    ]
    assert chart.columns[1].path.startswith("M340.0 ")


def test_many_doublings_are_labelled_here_and_there():
    chart = drawn({"1": 2, "2": 1, "3": 1, "32768": 1})

    assert (len(chart.xs), chart.xs[0], chart.xs[1], len(chart.limits)) == (17, "1", "", 7)
    assert chart.columns[0].said == "1 tokens: 2 rows"


def test_what_was_not_counted_has_no_chart_and_a_file_that_was_not_read_none_at_all():
    assert drawn(None) is None
    assert dataset_charts(UNREAD.figures) is None


def test_words_are_not_drawn_where_the_language_has_no_spaces():
    bars = dataset_charts(replace(READY.figures, languages={"zh": 1.0})).bars

    assert [(each.rows, each.note) for each in bars if each.title == "Words per turn"] == [
        ((), "Not counted: Chinese is written without spaces.")
    ]
