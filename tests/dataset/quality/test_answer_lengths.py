"""Conversations far from the rest of their file are counted, and a few are named."""

from pipeline.dataset.frames.figures import figures_of
from pipeline.dataset.frames.frames import frames_of
from pipeline.dataset.quality.answer_lengths import length_figures, length_findings, measure_lengths
from tests.engine_blocks import columns_of, line_of


def lengths_of(*sizes: int):
    lines = [line_of(str(i), ("user", "x" * size)) for i, size in enumerate(sizes)]
    columns = columns_of(*lines)
    return measure_lengths(figures_of(frames_of(columns), columns, {}, length_figures()))


def test_conversations_of_like_length_have_no_outliers():
    figures = lengths_of(*range(100, 300)).conclude()

    assert figures is not None
    assert (figures.outlier_count, figures.rows) == (0, ())
    assert length_findings(figures) == []


def test_the_far_ones_are_counted_and_named():
    figures = lengths_of(*range(100, 200), 100_000, *range(100, 200), 1).conclude()

    assert figures is not None
    assert (figures.outlier_count, figures.outlier_share, figures.rows) == (2, 2 / 202, (101, 202))
    usual = f"{figures.shortest_usual_bytes:,} to {figures.longest_usual_bytes:,}"
    assert [(f.line, f.code, f.path, f.fault) for f in length_findings(figures)] == [
        (
            1,
            "length-outliers",
            "$",
            f"expected {usual} bytes of text, as most have, found 2 (0.99%) far from it, first on lines 101 and 202",
        )
    ]


def test_the_usual_sizes_are_where_outliers_begin():
    figures = lengths_of(*[1_000] * 100).conclude()
    assert figures is not None
    shortest, longest = figures.shortest_usual_bytes, figures.longest_usual_bytes

    within = lengths_of(*[1_000] * 100, shortest, longest).conclude()
    outside = lengths_of(*[1_000] * 100, shortest - 1, longest + 1).conclude()

    assert within is not None
    assert outside is not None
    assert (within.outlier_count, outside.outlier_count) == (0, 2)


def test_few_conversations_have_no_shape_to_stand_out_from():
    assert lengths_of(*[100] * 48, 1_000_000).conclude() is None
    assert length_findings(None) == []
