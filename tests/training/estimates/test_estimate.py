"""Single estimates: when a job fits, what hours and costs are made of, and what is refused."""

from datetime import date

import pytest

from pipeline.catalogues import Price
from pipeline.errors import UsageError
from pipeline.training.estimates import estimate
from tests.training.workloads import workload

_PRICE = Price(
    name="RTX-4090", provider="Acme", kind="on-demand", per_gpu_hour=0.5, source="quote 7", as_of=date(2026, 8, 1)
)


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({"method": "qlora"}, "yes"),
        ({}, "tight"),
        ({"sequence_length": 4096, "micro_batch": 4}, "no"),
    ],
)
def test_a_job_fits_tightly_when_only_the_high_estimate_does_not(changes, fits):
    found = estimate(workload(**changes))

    memory_gb = 23.5
    assert found.fits == fits
    assert (found.peak_memory_gb.expected <= memory_gb, found.peak_memory_gb.high <= memory_gb) == {
        "yes": (True, True),
        "tight": (True, False),
        "no": (False, False),
    }[fits]


def test_hours_and_cost_follow_from_tokens_epochs_and_gpus():
    work = workload(method="qlora", gpu_count=4)

    found = estimate(work, tokens=32_768_000, epochs=3, price=_PRICE)

    steps = 32_768_000 * 3 / (2048 * 16 * 4)
    assert found.hours.expected == pytest.approx(steps * found.step_time_s.expected / 3600, rel=1e-3)
    assert found.cost_usd.expected == pytest.approx(found.hours.expected * 4 * 0.5, rel=1e-3)
    assert found.tokens_per_s_per_gpu.expected == pytest.approx(2048 * 16 / found.step_time_s.expected, rel=1e-3)


def test_without_tokens_or_a_price_there_is_no_cost():
    work = workload(method="qlora")

    assert estimate(work, price=_PRICE).hours is None
    assert estimate(work, price=_PRICE).cost_usd is None
    assert estimate(work, tokens=1000).cost_usd is None
    assert estimate(work, tokens=1000, price=_PRICE.model_copy(update={"currency": "EUR"})).cost_usd is None


def test_the_basis_names_the_rows_the_rules_and_the_price():
    measured = estimate(workload(gpu="A100-80GB-SXM"), tokens=1000, price=None).basis
    unknown = estimate(workload(gpu="L4", gpu_count=2)).basis

    assert measured[1].startswith("step time: rules times 1.0")
    assert "24 measured rows of A100-80GB-SXM, plain kernels, lora: Qwen-1.8B, Qwen-7B, Qwen-14B" in measured[1]
    assert unknown[1] == (
        "step time: no measured rows of L4 with plain kernels; from its data sheet (300 GB/s), its matrix products "
        "(70.9 TFLOP/s) and rules fitted to other GPUs"
    )
    assert unknown[2] == "2 GPUs: weights shared out (FSDP, ZeRO-3)"


def test_rows_of_the_trainer_itself_count_before_those_of_its_kind():
    basis = estimate(workload(gpu="A100-80GB-SXM", loss_kernel="chunked", trainer="torchtune")).basis
    other = estimate(workload(gpu="A100-80GB-SXM", loss_kernel="chunked", trainer="axolotl")).basis

    assert "2 measured rows of A100-80GB-SXM, torchtune kernels, lora" in basis[1]
    assert "24 measured rows of A100-80GB-SXM, axolotl kernels, lora: Qwen-1.8B" in other[1]


@pytest.mark.parametrize(
    ("today", "mark"), [(date(2026, 10, 30), ""), (date(2026, 10, 31), "; older than 90 days"), (None, "")]
)
def test_an_old_price_is_marked(today, mark):
    basis = estimate(workload(), tokens=1000, price=_PRICE, today=today).basis

    assert basis[-1] == (f"price: 0.5 USD for an hour of RTX-4090, Acme, on-demand, as of 2026-08-01 (quote 7){mark}")


def test_a_measured_gpu_has_a_narrower_range_than_an_unseen_one():
    measured, unseen = (estimate(workload(gpu=gpu)).step_time_s for gpu in ("A100-80GB-SXM", "L4"))

    assert measured.high / measured.low < unseen.high / unseen.low


def test_what_is_no_workload_is_refused():
    with pytest.raises(UsageError) as caught:
        estimate(workload(sequence_length=0, micro_batch=-1, rank=0))

    assert str(caught.value) == (
        "sequence length: expected 1 or more, found 0; micro batch: expected 1 or more, found -1; "
        "rank: expected 1 or more, found 0"
    )


def test_a_price_of_another_gpu_is_refused():
    with pytest.raises(UsageError) as caught:
        estimate(workload(gpu="L4"), price=_PRICE)

    assert str(caught.value) == "expected a price of L4, found one of RTX-4090"


def test_a_mixture_of_experts_is_said_to_be_unmeasured():
    dense, mixture = (estimate(workload(model=model, gpu="H100-SXM")) for model in ("Qwen3-32B", "Qwen3-30B-A3B"))

    assert "half the speed of a dense model with as many active parameters is assumed" in mixture.basis[1]
    assert mixture.rests_on.extrapolated[0].startswith("mixture of experts: speed, hours and cost are not known")
    assert dense.rests_on.extrapolated == ()
    assert mixture.step_time_s.high / mixture.step_time_s.low > dense.step_time_s.high / dense.step_time_s.low


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": "Qwen3.5-9B"}, "layers without full attention"),
        ({"model": "GLM-4.7-Flash"}, "latent attention"),
        ({"gpu": "L4"}, "L4: its speed is from the data sheet"),
        ({"model": "Qwen3-30B-A3B", "gpu_count": 8, "is_sharded": True}, "experts shared out"),
    ],
)
def test_what_no_run_was_measured_of_is_said(changes, said):
    found = estimate(workload(**changes))

    assert any(said in sentence for sentence in found.rests_on.extrapolated)
    assert set(found.rests_on.extrapolated) <= set(found.basis)


def test_more_than_one_machine_has_no_speed_hours_nor_cost():
    found = estimate(workload(gpu="H100-SXM", gpu_count=16), tokens=1_000_000)

    assert (found.step_time_s, found.tokens_per_s_per_gpu, found.hours, found.cost_usd) == (None, None, None, None)
    assert found.rests_on.extrapolated[0].startswith("speed, hours and cost of 16 GPUs are not known")
    assert found.as_dict()["step_time_s"] is None
    assert found.peak_memory_gb.expected > 0


def test_what_is_not_quantised_counts_whole():
    """TRL's QLoRA leaves the experts of a mixture in 16 bits; Axolotl's does not."""
    in_trl, in_axolotl = (
        estimate(workload(model="Qwen3-30B-A3B", gpu="H100-SXM", method="qlora", trainer=trainer))
        for trainer in ("trl", "axolotl")
    )

    assert in_trl.peak_memory_gb.expected > 55
    assert in_axolotl.peak_memory_gb.expected < 35


def test_replicas_and_shared_out_weights_are_told_apart():
    shared, replicas = (
        estimate(workload(model="Llama-3.1-70B", gpu="H100-SXM", method="qlora", gpu_count=8, is_sharded=way))
        for way in (True, False)
    )

    assert replicas.peak_memory_gb.expected > 2 * shared.peak_memory_gb.expected
    assert "a replica on each" in replicas.rests_on.sharing
    assert "shared out" in shared.rests_on.sharing
