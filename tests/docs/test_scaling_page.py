"""What is reckoned on paper follows from its constants alone."""

import pytest

from pipeline.docs.scaling_page import CONSTANTS, LONG, SHORT, LargeFiles, SmallUploads, page


def test_every_constant_is_shown_with_where_it_comes_from():
    text = page()

    assert all(f"{each.what} | {each.source} |" in text for each in CONSTANTS)


def test_a_million_small_uploads_a_day_need_two_cores_and_more_for_files_than_for_cores():
    uploads = SmallUploads(1_000_000)

    assert uploads.cores_busy == pytest.approx((1_000_000 * 0.1962 + 1_440 * 1.5) / 86_400)
    assert uploads.machines == 2
    assert uploads.usd_a_day == pytest.approx(uploads.cores_busy * 24 * 0.04 + 6_000_000 * 0.005 / 1_000)
    assert uploads.round_of_looks_s(30) == pytest.approx(3_000)


def test_more_workers_shorten_the_reading_until_the_pass_is_the_limit():
    files = LargeFiles(1e13, 1e12, 900, SHORT)
    least_h = 10 * (1_500 + 4.6e-6 * 1e12 / 900) / 3_600

    assert files.wall_h(8) > files.wall_h(64) == files.wall_h(1_000) == pytest.approx(least_h)
    assert LargeFiles(1e13, 1e12, 11_000, LONG).core_hours < files.core_hours
    assert files.memory_gb == pytest.approx(27.8, abs=0.1)
