"""The statistics of parts sum to those of the whole, stay bounded, and travel between processes."""

import pickle

from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.frames.figures import figures_of
from pipeline.dataset.frames.frames import frames_of
from pipeline.dataset.quality.answer_lengths import length_figures
from pipeline.dataset.quality.quality_statistics import QualityStatistics, measure_quality
from pipeline.dataset.quality.short_answers import answer_figures
from pipeline.dataset.reading.columns import Columns, read_columns
from tests.dataset.quality.test_languages import ENGLISH, GERMAN
from tests.engine_blocks import LIMITS, block_of, columns_of, line_of

texts = st.lists(st.one_of(st.text("ab \n", max_size=40), st.integers(0, 9).map(ENGLISH.format)), max_size=12)


def quality_of(columns: Columns) -> QualityStatistics:
    return measure_quality(columns, figures_of(frames_of(columns), columns, answer_figures(), length_figures()))


def measured_at(lines: list[bytes], first: int) -> QualityStatistics:
    if not lines:
        return QualityStatistics()
    return quality_of(read_columns(block_of(b"".join(lines), line=first), LIMITS)[1])


def test_no_conversations_have_empty_statistics():
    assert quality_of(columns_of(b"{}\n")) == QualityStatistics()


@given(answers=texts, cut=st.integers(0, 12))
def test_parts_sum_to_the_whole(answers, cut):
    lines = [line_of(str(i), ("user", "hi"), ("assistant", answer)) for i, answer in enumerate(answers)]

    whole = measured_at(lines, 1)

    parts = measured_at(lines[:cut], 1) + measured_at(lines[cut:], 1 + len(lines[:cut]))
    assert parts == whole
    assert list(parts.languages.texts) == list(whole.languages.texts)


def test_statistics_travel_between_processes():
    statistics = measured_at([line_of("a", ("assistant", "Yes. "))], 1)

    assert pickle.loads(pickle.dumps(statistics)) == statistics


def test_the_conclusion_has_figures_and_notes_in_the_catalogues_order():
    answers = [template.format(number) for template in (ENGLISH, GERMAN) for number in range(40)]
    lines = [line_of(answer, ("assistant", answer)) for answer in [*answers, "Yes. ", "long " * 9_999]]

    figures = measured_at(lines, 1).conclude()

    assert [finding.code for finding in figures.findings] == [
        "very-short-answers",
        "white-space-at-edges",
        "length-outliers",
        "mixed-languages",
    ]
    assert (figures.languages.sample_size, figures.lengths.outlier_count) == (81, 2)


def test_an_empty_file_has_no_notes():
    figures = QualityStatistics().conclude()

    assert (figures.languages.shares, figures.lengths, figures.findings) == ({}, None, [])
