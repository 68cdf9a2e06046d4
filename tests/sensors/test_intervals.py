"""How often sensors look."""

import pytest

from pipeline.definitions import defs
from sensors.intervals import at_most_every


@pytest.mark.parametrize(("seconds", "given"), [(1, 1), (5, 4), (15, 14)])
def test_a_sensor_is_due_before_the_daemon_asks(seconds, given):
    assert at_most_every(seconds) == given


def test_no_sensor_waits_for_exactly_as_long_as_the_daemon_does():
    intervals = {sensor.name: sensor.minimum_interval_seconds for sensor in defs().sensors}

    every_five = ("generation", "new_uploads", "ready_datasets", "training_attempts", "ended_trainings", "failed_runs")
    assert intervals == {
        **dict.fromkeys(every_five, 4),
        "stale_warehouse": 14,
        "old_partitions": 29,
        "unfolded_datasets": 29,
    }
