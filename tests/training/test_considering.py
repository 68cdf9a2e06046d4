"""Promises of `pipeline.training.considering` and `job_estimate`: what a job takes, or why there can be none."""

from dataclasses import replace

import pytest

from pipeline.errors import UsageError
from pipeline.training.considering import Considered, NotPossible, consider
from pipeline.training.estimates.estimate import estimate
from pipeline.training.estimates.result import Range
from pipeline.training.job_estimate import workload_of
from pipeline.training.overheads import overheads, total
from pipeline.training.setup import Setup
from tests.training.examples import CATALOGUES, PRICE, facts

SETUP = Setup("Qwen3-8B")


def _considered(setup=SETUP, of=None, catalogues=CATALOGUES):
    outcome = consider(of or facts(), setup, catalogues)
    assert isinstance(outcome, Considered)
    return outcome


def test_a_job_that_can_be_made_comes_with_its_estimate_and_price():
    found = _considered()

    assert (found.job.base_model, found.job.hardware.gpu, found.price) == ("Qwen3-8B", "A100-80GB-SXM", PRICE)
    hours, cost = found.estimate.hours, found.estimate.cost_usd
    assert hours.low < hours.expected < hours.high
    assert cost.expected == pytest.approx(2.0 * hours.expected, rel=1e-3)


def test_the_hours_are_those_of_the_steps_with_rows_of_mean_length():
    found = _considered()

    named = CATALOGUES.named(SETUP)
    workload = workload_of(found.job, named.model, named.gpu)
    step = estimate(replace(workload, sequence_length=100)).step_time_s
    padded = estimate(replace(workload, sequence_length=200)).step_time_s
    steps = found.job.optimisation.steps
    more = total(overheads(found.job, named.model, Range(step.low, step.expected, padded.high)))
    assert found.estimate.hours.expected == pytest.approx((steps * step.expected + more.expected) / 3600, rel=1e-3)
    assert found.estimate.hours.high == pytest.approx((steps * padded.high + more.high) / 3600, rel=1e-3)
    assert found.estimate.peak_memory_gb == estimate(workload).peak_memory_gb
    told = f"hours: {steps} steps of rows of 100 tokens, the mean; high: padded to 200, the 95th percentile"
    assert told in found.estimate.basis


def test_packed_rows_take_the_time_of_their_tokens():
    found = _considered(replace(SETUP, overrides={"is_packed": "true"}))

    assert any(sentence.endswith("rows packed to the full length") for sentence in found.estimate.basis)


def _with_overheads(job, model, step):
    """Hours of a job whose steps take so many seconds."""
    more = total(overheads(job, model, Range(step, step, step))).expected
    return (job.optimisation.steps * step + more) / 3600


@pytest.mark.parametrize(("form", "sequences", "factor"), [("preference", 2, 4 / 3), ("kto", 1, 2.5)])
def test_answers_that_are_compared_take_the_passes_of_the_reference_too(form, sequences, factor):
    """Learning is 4 FLOPs a parameter and token, 6 with recomputation, a pass of the reference 2; KTO has three."""
    found = _considered(of=replace(facts(), format=form))

    named, job = CATALOGUES.named(SETUP), found.job
    workload = workload_of(job, named.model, named.gpu)
    assert workload.micro_batch == sequences * job.optimisation.micro_batch
    assert found.estimate.peak_memory_gb == estimate(workload).peak_memory_gb
    length = 75 if form == "preference" else 100
    step = estimate(replace(workload, sequence_length=length)).step_time_s.expected * factor
    assert found.estimate.hours.expected == pytest.approx(_with_overheads(job, named.model, step), rel=1e-3)
    assert any(sentence.startswith(f"{form}: a row is ") for sentence in found.estimate.basis)
    assert any("by FLOPs, not measured" in sentence for sentence in found.estimate.basis)


def test_plain_texts_take_the_time_of_their_tokens():
    found = _considered(of=replace(facts(), format="plain-text"))

    assert any(sentence.endswith("rows packed to the full length") for sentence in found.estimate.basis)


def test_two_gpus_cost_twice_an_hour():
    found = _considered(replace(SETUP, gpu_count=2))

    assert found.estimate.cost_usd.expected == pytest.approx(4.0 * found.estimate.hours.expected, rel=1e-3)


def test_without_a_price_there_are_hours_and_no_cost():
    cost = _considered(catalogues=replace(CATALOGUES, prices=())).cost()

    assert (cost.cost_usd, cost.price_per_gpu_hour, cost.source) == (
        None,
        None,
        "no price of a A100-80GB-SXM is listed",
    )
    assert cost.hours > 0


def test_what_the_catalog_keeps_of_an_estimate_is_all_of_it():
    found = _considered()

    cost = found.cost()

    whole = found.estimate
    assert (cost.cost_usd_low, cost.cost_usd, cost.cost_usd_high) == (
        whole.cost_usd.low,
        whole.cost_usd.expected,
        whole.cost_usd.high,
    )
    assert (cost.hours_low, cost.hours, cost.hours_high) == (whole.hours.low, whole.hours.expected, whole.hours.high)
    assert (cost.provider, cost.price_as_of, cost.fits) == ("somebody", PRICE.as_of, "yes")
    assert cost.basis == whole.basis


def test_a_job_that_does_not_fit_says_by_how_much_and_what_would():
    outcome = consider(facts(), Setup("Llama-3.1-70B", gpu="RTX-4090"), CATALOGUES)

    assert isinstance(outcome, NotPossible)
    assert outcome.kind == "does-not-fit"
    assert outcome.reason.startswith("Llama-3.1-70B does not fit: needs ")
    assert outcome.reason.endswith("GB too few")
    assert outcome.explained().startswith(f"{outcome.reason}; what would fit: ")
    assert [change.key for change in outcome.would_fit] == ["gpu"]


def test_a_refusal_of_the_trainer_names_the_findings():
    outcome = consider(facts(refused_by=("unknown-role",)), SETUP, CATALOGUES)

    assert outcome == NotPossible(
        SETUP,
        "target-refuses",
        "trl refuses talk: unknown-role (unknown-role); its findings name the lines",
    )


def test_a_dataset_without_rows_is_no_mistake_of_the_user():
    assert consider(facts(rows=0), SETUP, CATALOGUES) == NotPossible(
        SETUP, "nothing-to-train-on", "talk has no rows to train on"
    )


@pytest.mark.parametrize(
    ("setup", "nearest"),
    [
        (replace(SETUP, model="Qwen-3-8B"), "Qwen3-8B"),
        (replace(SETUP, gpu="A100-80"), "A100-80GB"),
        (replace(SETUP, preset="balance"), "did you mean balanced?"),
        (replace(SETUP, overrides={"epoch": "2"}), "did you mean epochs"),
    ],
)
def test_an_unknown_name_names_the_nearest(setup, nearest):
    with pytest.raises(UsageError) as caught:
        consider(facts(), setup, CATALOGUES)

    assert nearest in str(caught.value)
