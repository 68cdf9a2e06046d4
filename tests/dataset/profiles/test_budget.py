"""A dataset that takes more processor time than its bytes allow is given up, with a finding of its own."""

import hashlib
import io
from itertools import count

import pytest

from pipeline.dataset.profiles.budget import Budget, OverBudget
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from tests.engine_blocks import line_of


def budget(step_s: float, **limits: float) -> Budget:
    """A budget on a machine whose clock goes on by so much at each look."""
    ticks = count()
    return Budget(clock=lambda: next(ticks) * step_s, **limits)


def test_time_is_allowed_for_each_megabyte_that_was_read():
    meter = budget(1.0, s_per_mb=1.5, free_s=1.0).begin()

    for _ in range(5):
        meter.see(b" " * 1_000_000)
    meter.check()


def test_what_exceeds_it_is_told_with_both_figures():
    meter = budget(3.0, s_per_mb=1.0, free_s=3.0).begin()
    meter.see(b" " * 2_000_000)

    with pytest.raises(OverBudget) as stopped:
        meter.check()

    finding = stopped.value.finding
    assert (finding.code, finding.line, finding.path) == ("takes-too-long", 1, "$")
    assert finding.fault == "expected at most 5 s of processor time for 2,000,000 bytes, found 6"


def test_a_file_over_its_budget_is_refused_with_the_hash_of_all_of_it(tmp_path):
    data = line_of("a", ("user", "hi"))

    profile = profile_stream(io.BytesIO(data), tmp_path, Rules(budget=budget(10.0, s_per_mb=1.0, free_s=15.0)))

    assert (profile.status, dict(profile.finding_counts)) == ("error", {"takes-too-long": 1})
    assert profile.content_sha256 == hashlib.sha256(data).hexdigest()
    assert profile.parts == ()


def test_a_file_within_its_budget_is_read_as_without_one(tmp_path):
    data = line_of("a", ("user", "hi"))
    folders = [tmp_path / name for name in ("with", "without")]
    for folder in folders:
        folder.mkdir()

    rules = (Rules(budget=Budget(1.0)), Rules())
    reports = [profile_stream(io.BytesIO(data), *each).as_dict("a") for each in zip(folders, rules, strict=True)]

    assert reports[0] == reports[1]
