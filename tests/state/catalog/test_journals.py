"""Promises of `pipeline.state.catalog.journals`: what a training tells counts once, and its curves stay short."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.state.catalog.attempt_records import Told
from pipeline.state.catalog.job_records import MetricsPoint
from pipeline.state.catalog.metric_buckets import MOST_BUCKETS, with_points
from tests.state.catalog.examples import LATER, MUCH_LATER, NOON
from tests.state.catalog.job_examples import ESTIMATE, JOB, ready
from tests.state.catalog.test_attempts import ATTEMPT


@pytest.fixture
def attempt(catalog):
    ready(catalog)
    catalog.create_job(JOB, ESTIMATE, NOON)
    return catalog.open_attempt(ATTEMPT, "ann", NOON)


def _losses(*steps: int) -> tuple[MetricsPoint, ...]:
    return tuple(MetricsPoint("loss", step, 10.0 / step, step / 10, NOON) for step in steps)


def test_each_byte_of_a_journal_counts_once(catalog, attempt):
    first = Told(100, _losses(1, 2), at=NOON, step=2, total_steps=9, epoch=0.2, log_tail="begins", has_begun=True)
    second = Told(150, _losses(2, 3), at=LATER, step=3)

    other = Told(60, _losses(7), at=LATER)  # as a reader has it that was away meanwhile
    for read_from, told in ((0, first), (0, first), (0, other), (100, second), (0, first)):
        known = catalog.take_journal(attempt.id, read_from, told, LATER)

    assert (known.state, known.journal_offset, known.step, known.total_steps) == ("running", 150, 3, 9)
    assert (known.log_tail, known.heartbeat_at) == ("begins", LATER)
    assert [point for _, point in catalog.points_of(attempt.id)] == [*_losses(1, 2, 3)]
    [series] = catalog.series_of([attempt.id])[attempt.id]
    assert (series.points, series.last_step, series.last_value) == (3, 3, 10.0 / 3)
    assert (series.least_step, series.least_value) == (3, 10.0 / 3)


def test_what_it_tells_of_its_end_is_its_state(catalog, attempt):
    catalog.take_journal(attempt.id, 0, Told(10, at=NOON, has_begun=True), NOON)
    told = Told(20, at=LATER, state="failed", reason="the disk was full", failure_class="disk-full")

    ended = catalog.take_journal(attempt.id, 10, told, LATER)

    assert (ended.state, ended.state_reason, ended.failure_class) == ("failed", "the disk was full", "disk-full")


def test_a_lost_one_that_tells_something_runs_again(catalog, attempt):
    catalog.take_journal(attempt.id, 0, Told(10, at=NOON, has_begun=True), NOON)
    catalog.move_attempt(attempt.id, "lost", "watch", LATER)

    assert catalog.take_journal(attempt.id, 10, Told(20, at=LATER), MUCH_LATER).state == "running"


def test_attempts_at_one_job_keep_their_figures_apart(catalog, attempt):
    catalog.take_journal(attempt.id, 0, Told(10, _losses(1, 2), at=NOON), NOON)
    catalog.move_attempt(attempt.id, "failed", "watch", LATER)
    again = catalog.open_attempt(ATTEMPT, "ann", LATER)

    catalog.take_journal(again.id, 0, Told(10, _losses(1, 2, 3), at=LATER), LATER + timedelta(minutes=1))

    counts = {name: series[0].points for name, series in catalog.series_of([attempt.id, again.id]).items()}
    assert counts == {attempt.id: 2, again.id: 3}


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 100_000), st.floats(-1e6, 1e6)), max_size=30), max_size=8),
    st.sampled_from([1, 7, 1_000]),
)
def test_a_curve_in_short_loses_neither_its_ends_nor_its_peaks(pieces, spread):
    points = {step * spread: value for piece in pieces for step, value in piece}
    buckets, steps = [], 1
    items = list(points.items())
    for start in range(0, len(items), 13):
        buckets, steps = with_points(buckets, steps, items[start : start + 13])

    assert len(buckets) <= MOST_BUCKETS
    assert [bucket[0] for bucket in buckets] == sorted(bucket[0] for bucket in buckets)
    if points:
        assert (buckets[0][0], buckets[-1][1]) == (min(points), max(points))
        assert min(bucket[2] for bucket in buckets) == min(points.values())
        assert max(bucket[3] for bucket in buckets) == max(points.values())
        assert buckets[-1][4] == points[max(points)]


def test_a_million_steps_are_as_many_buckets_as_a_thousand():
    buckets, steps = with_points([], 1, ((step, float(step)) for step in range(100_000)))

    assert (len(buckets) <= MOST_BUCKETS, steps) == (True, 128)
