"""What would make a job fit: every remedy does, the smallest of its kind, and there is one whenever one exists."""

from hypothesis import given

from pipeline.training.estimates import estimate
from pipeline.training.estimates.extrapolating import has_several_gpus, is_offered
from pipeline.training.estimates.fitting_remedies import remedies
from tests.training.workloads import GPUS, workload, workloads


def _options(work):
    return [remedy.options for remedy in remedies(work, GPUS)]


def test_a_job_that_fits_needs_none():
    assert _options(workload(method="qlora")) == []


def test_one_change_of_each_kind_is_named():
    work = workload(micro_batch=4, sequence_length=1024, has_gradient_checkpointing=False, model="Llama-3.2-3B")

    assert _options(work) == [
        "--gradient-checkpointing",
        "--loss-kernel chunked",
        "--micro-batch 2 --gradient-accumulation 32",
        "--sequence-length 512",
        "--method qlora",
        "--gpu RTX-5090",
    ]


def test_a_model_far_too_large_gets_all_cheap_changes_and_another_machine():
    assert _options(workload(model="Llama-3.1-405B", gpu="T4", method="full", sequence_length=4096)) == [
        "--loss-kernel chunked --method qlora --gpu B300"
    ]


def test_an_eight_billion_model_on_a_small_gpu_is_helped_by_four_bits():
    assert "--method qlora" in _options(workload(gpu="T4"))


@given(workloads())
def test_every_remedy_is_something_that_files_are_written_for(work):
    offered = [remedy.workload for remedy in remedies(work, GPUS)]

    assert all(is_offered(each, each.method) for each in offered if each.method != work.method)
    assert all(has_several_gpus(each) for each in offered if each.gpu_count > work.gpu_count)


@given(workloads())
def test_every_remedy_fits_and_is_estimated_as_it_says(work):
    for remedy in remedies(work, GPUS):
        found = estimate(remedy.workload)

        assert found.fits != "no"
        assert found.peak_memory_gb == remedy.peak_memory_gb
        assert remedy.is_safe == (found.fits == "yes")
