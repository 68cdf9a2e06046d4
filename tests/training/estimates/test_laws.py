"""What holds of every estimate: ranges are ranges, more work never takes less, and nothing is infinite."""

import math
from dataclasses import astuple, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.trainers.workload import Workload
from pipeline.training.estimates import estimate
from tests.training.workloads import GPUS, MODELS, workload, workloads


def _numbers(work: Workload) -> list[float]:
    found = estimate(work, tokens=1_000_000, epochs=2)
    ranges = (found.peak_memory_gb, found.step_time_s, found.tokens_per_s_per_gpu, found.hours)
    return [number for each in ranges for number in astuple(each)]


@given(workloads())
def test_low_is_below_expected_is_below_high_and_all_are_numbers(work):
    numbers = _numbers(work)

    assert all(math.isfinite(number) and number > 0 for number in numbers)
    assert all(low <= expected <= high for low, expected, high in zip(*[iter(numbers)] * 3, strict=True))


@pytest.mark.parametrize("gpu", GPUS)
def test_every_model_has_an_estimate_on_every_gpu(gpu):
    numbers = [
        number
        for model in MODELS
        for method in ("lora", "qlora", "full")
        for number in _numbers(workload(model=model, gpu=gpu, method=method))
    ]

    assert len(numbers) == 12 * 3 * len(MODELS)
    assert all(math.isfinite(number) and number > 0 for number in numbers)


@given(workloads(), st.sampled_from(["sequence_length", "micro_batch", "rank"]), st.integers(1, 4096))
def test_more_tokens_rows_or_rank_never_take_less_memory_or_time(work, what, more):
    larger = replace(work, **{what: getattr(work, what) + more})
    before, after = estimate(work), estimate(larger)

    assert all(a <= b for a, b in zip(astuple(before.peak_memory_gb), astuple(after.peak_memory_gb), strict=True))
    assert before.step_time_s.expected <= after.step_time_s.expected


@given(workloads(), st.integers(1, 64))
def test_accumulation_takes_time_and_no_memory(work, more):
    longer = replace(work, gradient_accumulation=work.gradient_accumulation + more)

    assert estimate(longer).peak_memory_gb == estimate(work).peak_memory_gb
    assert estimate(longer).step_time_s.expected >= estimate(work).step_time_s.expected


@given(workloads(), st.sampled_from(sorted(GPUS)))
def test_another_gpu_changes_no_memory(work, gpu):
    alone = replace(work, gpu_count=1)

    assert estimate(replace(alone, gpu=GPUS[gpu])).peak_memory_gb == estimate(alone).peak_memory_gb


@given(workloads())
def test_what_saves_memory_saves_it(work):
    plain = replace(work, method="lora", loss_kernel="full", has_gradient_checkpointing=False, trainer="trl")
    expected = estimate(plain).peak_memory_gb.expected

    assert estimate(replace(plain, has_gradient_checkpointing=True)).peak_memory_gb.expected <= expected
    assert estimate(replace(plain, loss_kernel="chunked")).peak_memory_gb.expected <= expected
    assert estimate(replace(plain, method="qlora", gpu_count=1)).peak_memory_gb.expected <= (
        estimate(replace(plain, gpu_count=1)).peak_memory_gb.expected
    )


@given(workloads())
def test_checkpointing_costs_time(work):
    with_it, without = (replace(work, has_gradient_checkpointing=value) for value in (True, False))

    assert estimate(without).step_time_s.expected <= estimate(with_it).step_time_s.expected


@given(workloads(), st.sampled_from([1, 2, 4, 8]))
def test_a_second_gpu_never_takes_more_memory_of_each_than_one(work, count):
    one, more = (estimate(replace(work, gpu_count=n)).peak_memory_gb.expected for n in (1, count))

    assert more <= one
