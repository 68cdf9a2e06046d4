"""What is promised of estimates, on measurements that they were not fitted to; and that the fit is the shipped one."""

import csv
from dataclasses import replace
from importlib.resources import files

import pytest

from pipeline.training.estimates.accuracy import leaving_out, memory_errors, time_errors
from pipeline.training.estimates.constants import EXPECTED
from pipeline.training.estimates.fit import fit
from pipeline.training.estimates.fitted import fitted, fitted_text
from pipeline.training.estimates.measurements import load_measurements
from pipeline.training.estimates.memory import memory_parts
from pipeline.training.estimates.step_time import flops, step_time_s


@pytest.fixture(scope="module")
def reference():
    """The reference rows, each with an estimate of a fit without its model."""
    rows = load_measurements()
    asked = [row for row in rows if row.set == "reference"]
    return leaving_out(rows, asked, lambda row: row.workload.model.name, fitted())


def test_step_times_are_as_near_as_promised(reference):
    errors = time_errors(reference)

    assert errors.rows == 40
    assert errors.error <= 0.20
    assert errors.within >= 0.90


def test_memory_is_as_near_as_promised(reference):
    errors = memory_errors(reference)

    assert errors.rows == 40
    assert errors.error <= 0.10
    assert errors.below_high >= 0.95


def test_no_measured_run_is_faster_than_the_matrix_products_of_its_gpu():
    shares = {
        (row.trainer, work.model.name, work.gpu.name): flops(work)
        * work.gradient_accumulation
        / row.step_time_s
        / (work.gpu.reached_tflops * 1e12)
        for row in load_measurements()
        if row.step_time_s
        for work in [row.workload]
    }

    assert all(share < 0.95 for share in shares.values()), shares


def test_the_shipped_constants_are_what_the_measurements_give():
    found = fit(load_measurements())

    assert found.as_dict() == pytest.approx(fitted().as_dict(), rel=2e-3)


def test_the_fitted_file_holds_the_constants():
    text = (files("pipeline.training.estimates") / "fitted.toml").read_text("utf-8")

    assert fitted_text(fitted()) == text


def test_without_measurements_the_constants_are_what_is_expected():
    assert fit([]).as_dict() == pytest.approx(EXPECTED.as_dict())


def test_measurements_that_follow_other_constants_give_those_back():
    true = replace(EXPECTED, logit_bytes=13.0, matmul_share=0.6, plain_context_gib=2.0, launch_s=0.006)
    rows = [
        replace(row, peak_memory_gb=memory_parts(row.workload, true).total, step_time_s=step_time_s(row.workload, true))
        for row in load_measurements()
        if row.set != "check"
    ]

    found = fit(rows)

    assert found.as_dict() == pytest.approx(true.as_dict(), rel=0.1)


def test_every_measurement_names_its_source_and_says_step_and_speed_alike():
    text = (files("pipeline.training.estimates") / "measurements.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))

    both = [row for row in rows if row["step_time_s"] and row["tokens_per_s_per_gpu"]]

    assert all(row["source"] for row in rows)
    assert len(both) > 60
    for row in both:
        tokens = int(row["sequence_length"]) * int(row["micro_batch"]) * int(row["gradient_accumulation"])
        assert float(row["tokens_per_s_per_gpu"]) == pytest.approx(tokens / float(row["step_time_s"]), rel=0.01)
