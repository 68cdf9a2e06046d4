"""What is offered for a model: methods by trainer, several GPUs, half precision; what is refused says what would do."""

from dataclasses import replace

import pytest

from pipeline.catalogues import find_gpu, find_model
from pipeline.errors import UsageError
from pipeline.trainers.adapted_layers import expert_patterns
from pipeline.trainers.registry import WRITTEN
from pipeline.training.estimates.estimate import estimate
from pipeline.training.jobs.choosing import plan_job
from pipeline.training.jobs.job_refusals import DoesNotFit, TargetRefuses
from pipeline.training.jobs.offered import offered_methods
from pipeline.training.presets import find_preset
from tests.training.jobs.examples import FACTS, planned

H100, T4 = find_gpu("H100-SXM"), find_gpu("T4")


def _planned(model, gpu=H100, gpu_count=1, method=None, targets=("trl",)):
    preset = find_preset("balanced")
    return plan_job(FACTS, find_model(model), gpu, gpu_count, preset, method, targets, {}, estimate=estimate)


@pytest.mark.parametrize(
    ("model", "method", "targets", "said"),
    [
        ("Qwen3-30B-A3B", "qlora", ("trl",), "its 128 experts a layer are no linear layers and would stay in 16 bits"),
        ("gpt-oss-20b", "qlora", ("trl",), "its weights come in mxfp4, which other 4 bits do not go with"),
        ("Qwen3-30B-A3B", None, ("llama-factory",), "its files do not reach the experts"),
        ("Gemma-3-4B", "lora", ("unsloth",), "nobody has tried its files with models of the family gemma3"),
        ("Kimi-K2", "lora", ("trl",), "no trainer that files are written for does"),
    ],
)
def test_what_would_not_do_what_it_says_is_refused_with_what_would(model, method, targets, said):
    with pytest.raises(TargetRefuses) as caught:
        _planned(model, method=method, targets=targets)

    assert said in str(caught.value)


def test_a_mixture_in_four_bits_is_axolotls():
    job = _planned("Qwen3-30B-A3B", method="qlora", targets=("axolotl",))

    assert (job.method, job.adapter.targets.experts) == (
        "qlora",
        ("mlp.experts.gate_up_proj", "mlp.experts.down_proj"),
    )
    assert job.adapter.targets.expert_rank == 2  # 16 over the 8 that a token passes


def test_a_mixture_that_does_not_fit_is_never_quantised_by_itself_where_that_does_nothing():
    outcome = _planned("gpt-oss-20b", find_gpu("L40S"))

    assert isinstance(outcome, DoesNotFit) or outcome.method == "lora"


@pytest.mark.parametrize("model", ["Gemma-3-4B", "Gemma-3-1B", "gpt-oss-20b"])
def test_a_model_that_overflows_in_half_precision_needs_another_gpu(model):
    with pytest.raises(TargetRefuses) as caught:
        _planned(model, T4)

    assert "overflow in FP16" in str(caught.value)
    assert "found T4" in str(caught.value)


@pytest.mark.parametrize("target", ["unsloth", "mlx-lm"])
def test_a_trainer_of_one_gpu_is_not_given_two(target):
    with pytest.raises(TargetRefuses, match="expected 1 GPU, which its files use, found 2"):
        _planned("Qwen3-8B", gpu_count=2, targets=(target,))


@pytest.mark.parametrize("count", [0, 9, 16])
def test_files_are_for_one_machine(count):
    with pytest.raises(UsageError, match=f"expected 1 to 8, which one machine has, found {count}"):
        planned(gpu_count=count)


def test_dropout_is_not_for_stacks_of_experts():
    with pytest.raises(UsageError, match="dropout: expected 0 for a mixture of experts"):
        planned(model=find_model("Qwen3-30B-A3B"), on=H100, dropout=0.1)


@pytest.mark.parametrize("target", [name for name in WRITTEN if name in ("trl", "axolotl", "llama-factory")])
def test_what_no_gpu_holds_alone_is_shared_out(target):
    """70B in 16 bits takes 140 GB: eight H100 hold it together, and the estimate is of that."""
    job = _planned("Llama-3.1-70B", gpu_count=8, method="lora", targets=(target,))

    assert job.hardware.is_sharded
    assert not _planned("Llama-3.1-70B", gpu_count=8, method="qlora", targets=(target,)).hardware.is_sharded


def test_what_fits_into_each_gpu_is_not_shared_out():
    assert not _planned("Qwen3-8B", gpu_count=8).hardware.is_sharded


def test_nothing_is_recomputed_where_all_fits():
    small, large = _planned("Qwen3-8B"), _planned("Qwen3-32B")

    assert not small.has_gradient_checkpointing
    assert large.has_gradient_checkpointing


def test_hosted_trainers_need_no_family():
    assert offered_methods(find_model("Kimi-K2"), T4, 1, None, ("together",)) == ("lora", "qlora")


def test_experts_are_quantised_on_nvidias_gpus_alone():
    with pytest.raises(TargetRefuses, match="experts are quantised on NVIDIA's GPUs alone, and a MI300X is of AMD"):
        _planned("Qwen3-30B-A3B", find_gpu("MI300X"), method="qlora", targets=("axolotl",))


def test_small_micro_batches_are_tried_where_nothing_is_to_be_recomputed():
    """By hand; the GPU's own choice would rather recompute than leave it idle."""
    preset = find_preset("balanced")
    own = {"has_gradient_checkpointing": "false", "max_length": "512"}

    job = plan_job(FACTS, find_model("Qwen3-8B"), find_gpu("RTX-4090"), 1, preset, "lora", ("trl",), own)

    assert not isinstance(job, DoesNotFit)
    assert job.optimisation.micro_batch < 8


def test_an_expert_counts_as_much_as_other_layers():
    adapter = planned(model=find_model("Qwen3-30B-A3B"), on=find_gpu("B200"), rank=64, alpha=64).adapter

    patterns = expert_patterns(adapter)

    assert adapter.is_rank_stabilised
    [rank], [alpha] = set(patterns.rank.values()), set(patterns.alpha.values())
    assert alpha / rank**0.5 == pytest.approx(64 / 64**0.5, rel=0.03)


def test_long_texts_are_cut_up_and_counted_so():
    facts = replace(FACTS, format="plain-text", rows=95, train_rows=95, validation_rows=0, tokens=9_500_000)

    job = planned(facts, max_length=2048)

    examples, how = -(-9_500_000 // 2048), job.optimisation
    batch = how.micro_batch * how.gradient_accumulation
    assert how.steps == -(-examples // batch) * how.epochs


def test_all_logits_at_once_are_not_to_be_had_of_a_trainer_that_never_holds_them():
    with pytest.raises(UsageError, match="loss_kernel: expected chunked, found full"):
        planned(loss_kernel="full")
