"""A job follows from its inputs: every value explained, the same every time, or a reason why there is none."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.trainers.job import TrainingJob
from pipeline.training.jobs.job_refusals import Change, DoesNotFit, TargetRefuses
from tests.training.jobs.examples import FACTS, LLAMA_8B, gpu, planned, rows

LONG_ROWS = tuple(
    {"max_length": length, "rows_cut": 2_000, "share_cut": 1.0, "rows_without_supervised_tokens": 0}
    for length in (512, 1_024, 2_048, 4_096)
)


def _because(job: TrainingJob, setting: str) -> str:
    return next(each.because for each in job.explanations if each.setting == setting)


def test_a_usual_job():
    job = planned(targets=("axolotl",))

    how = job.optimisation
    assert (job.method, job.max_length, job.adapter.rank, job.adapter.alpha) == ("lora", 1024, 16, 32)
    assert (how.epochs, how.micro_batch, how.gradient_accumulation, how.steps) == (3, 4, 4, 357)
    assert (job.data.train_rows, job.data.train_tokens, job.data.rows_truncated) == (1_900, 570_000, 18)
    assert job.warnings == ("left out for having no answer within 1,024 tokens: 3 rows",)


def test_same_inputs_same_job_and_another_value_another_id():
    assert planned() == planned()
    assert planned().job_id == "support-chat-llama-3.1-8b-instruct-balanced-lora-" + planned().job_id[-12:]
    assert planned().job_id != planned(seed=7).job_id


def test_every_value_is_explained():
    """A setting without a sentence is one that nobody can question."""
    job = planned(replace(FACTS, acceptance={}), targets=("trl", "openai", "together"))

    settings = {each.setting for each in job.explanations}

    values = {f"optimisation.{name}" for name in type(job.optimisation).model_fields}
    values |= {f"adapter.{name}" for name in type(job.adapter).model_fields}
    assert settings >= values | {"method", "max_length", "is_packed", "loss_kernel", "has_gradient_checkpointing"}
    assert all(each.because for each in job.explanations)


def test_what_is_set_by_hand_is_kept_and_said():
    job = planned(
        rank=64,
        alpha=16,
        dropout=0.1,
        learning_rate=0.001,
        schedule="constant",
        warmup_share=0.2,
        weight_decay=0.2,
        max_grad_norm=2,
        epochs=7,
        effective_batch=32,
        micro_batch=2,
        seed=1,
        max_length=300,
        is_packed=True,
        has_gradient_checkpointing=False,
        loss_kernel="chunked",
        is_rank_stabilised=False,
    )

    assert job.adapter.model_dump(exclude={"targets"}) == {
        "rank": 64,
        "alpha": 16,
        "dropout": 0.1,
        "is_rank_stabilised": False,
    }
    assert job.optimisation.model_dump() == {
        "learning_rate": 0.001,
        "schedule": "constant",
        "warmup_share": 0.2,
        "weight_decay": 0.2,
        "max_grad_norm": 2.0,
        "epochs": 7,
        "micro_batch": 2,
        "gradient_accumulation": 16,
        "steps": 7 * -(-1_900 // 32),
        "seed": 1,
    }
    assert (job.max_length, job.is_packed, job.has_gradient_checkpointing, job.loss_kernel) == (
        300,
        True,
        False,
        "chunked",
    )
    assert _because(job, "adapter.rank") == "set by hand"


def test_packed_conversations_make_fewer_steps():
    """570,000 tokens are 70 rows of 8,192."""
    assert planned(max_length=8192, is_packed=True, effective_batch=4, epochs=1).optimisation.steps == 18


def test_alpha_keeps_its_relation_to_a_rank_set_by_hand():
    assert planned(rank=32).adapter.alpha == 64


def test_rank_stabilised_from_rank_64():
    assert [planned(rank=rank).adapter.is_rank_stabilised for rank in (32, 64)] == [False, True]


def test_qlora_where_lora_does_not_fit():
    job = planned(on=gpu("T4", 14))

    assert job.method == "qlora"
    assert _because(job, "method") == "LoRA does not surely fit into a T4; with the base model in 4 bits it does"


def test_trainers_that_hold_all_logits_get_a_chunked_loss_only_where_they_must():
    kernels = [planned(targets=("axolotl",), on=gpu("G", memory_gb)).loss_kernel for memory_gb in (24, 18.4)]

    assert kernels == ["full", "chunked"]
    assert planned(targets=("trl", "unsloth")).loss_kernel == "chunked"


def test_rows_a_step_are_shared_among_gpus():
    how = planned(gpu_count=4).optimisation

    assert how.micro_batch * how.gradient_accumulation * 4 == 16


def test_a_hosted_job_needs_no_gpu():
    facts = replace(FACTS, acceptance={})

    job = planned(facts, targets=("openai", "together"), on=gpu("T4", 0.1))

    assert job.method == "lora"
    assert "its own machines" in _because(job, "optimisation.micro_batch")


def test_hardly_any_steps_are_warned_of():
    job = planned(rows(12))

    assert job.warnings[0] == (
        "9 steps are hardly a training: 100 are wanted and 30 the least; add rows, or passes (epochs)"
    )


def test_a_tight_fit_is_warned_of():
    job = planned(on=gpu("G", 16.9), method="lora", loss_kernel="chunked", max_length=1024)

    assert job.warnings[0].startswith("may not fit into memory: 1 row of 1,024 tokens")


def test_a_job_that_cannot_fit_says_by_how_much_and_what_would():
    result = planned(on=gpu("Tiny", 12), method="lora", other_gpus=(gpu("Mid", 20), gpu("Big", 80)))

    assert result == DoesNotFit(
        gpu="Tiny",
        needed_gb=pytest.approx(16.6, abs=0.05),
        available_gb=12,
        would_fit=(Change("method", "qlora"), Change("gpu", "Mid", "20 GB")),
    )
    assert result.message == "does not fit: needs 16.6 GB on each GPU, a Tiny has 12.0 GB, 4.6 GB too few"


def test_a_shorter_length_is_named_with_what_it_costs():
    result = planned(on=gpu("Tiny", 6), method="qlora", max_length=4096)

    cost = "longer, and cut, 18 of 2,000 rows (0.90%), 3 before any answer"
    assert result.would_fit == (Change("max_length", "1024", cost),)


def test_a_trainer_that_refuses_the_dataset_names_the_findings():
    with pytest.raises(TargetRefuses) as caught:
        planned(targets=("trl", "together"))

    assert (caught.value.target, caught.value.codes, caught.value.exit_code) == (
        "together",
        ("roles-not-alternating", "partial-weight"),
        1,
    )
    assert str(caught.value) == (
        "together refuses support_chat: roles-not-alternating (The user and the assistant must alternate); "
        "partial-weight (A weight is an integer, 0 or 1); its findings name the lines"
    )


OBJECTIVES = {"preference": "preference", "kto": "kto", "plain-text": "text", "sharegpt": "sft"}


@pytest.mark.parametrize("form", OBJECTIVES)
def test_what_is_learned_follows_from_the_format(form):
    assert planned(replace(FACTS, format=form)).objective == OBJECTIVES[form]


@pytest.mark.parametrize("target", ["openai", "together", "unsloth"])
@pytest.mark.parametrize("form", ["preference", "kto", "plain-text"])
def test_a_trainer_of_conversations_alone_says_which_take_the_data_and_what_to_do(form, target):
    expected = f"{target}: expected conversations, found {form} in support_chat; trl, axolotl, llama-factory train on "
    with pytest.raises(TargetRefuses, match=expected) as refused:
        planned(replace(FACTS, format=form), targets=(target,))

    assert refused.value.codes == (f"format-{form}",)


def test_axolotl_takes_single_judgements_only_for_templates_that_it_writes():
    gemma = LLAMA_8B.model_copy(update={"name": "Gemma", "template": "gemma3"})
    with pytest.raises(TargetRefuses, match="axolotl: expected a model with a chat template of llama3, qwen, qwen3"):
        planned(replace(FACTS, format="kto"), gemma, targets=("axolotl",))


def test_judgements_have_a_rate_and_a_beta_of_their_own_and_no_dropout():
    job = planned(replace(FACTS, format="preference", train_rows=900), preset="aggressive")

    assert (job.optimisation.learning_rate, job.beta, job.adapter.dropout) == (5e-6, 0.01, 0)
    assert planned(replace(FACTS, format="kto"), beta=0.3).beta == 0.3
    assert planned().beta is None


def test_a_preference_takes_the_memory_of_two_rows():
    assert planned().optimisation.micro_batch == 8
    assert planned(replace(FACTS, format="preference")).optimisation.micro_batch == 4


def test_kto_never_has_a_micro_batch_of_one():
    job = planned(replace(FACTS, format="kto"), effective_batch=8, gpu_count=8)

    assert (job.optimisation.micro_batch, job.optimisation.gradient_accumulation) == (2, 1)


def test_texts_are_joined_so_that_none_is_cut():
    job = planned(replace(FACTS, format="plain-text"))

    assert (job.is_packed, job.data.rows_truncated) == (True, 0)
    assert planned(replace(FACTS, format="plain-text", truncation=LONG_ROWS)).max_length == 2_048


@pytest.mark.parametrize(
    ("form", "options", "message"),
    [
        ("openai", {"beta": 0.1}, "expected no beta, found one: it is for preferences and single judgements"),
        ("preference", {"method": "full"}, "method: expected lora or qlora, found full: "),
        ("preference", {"is_packed": "true"}, "is_packed: expected false, found true: rows are compared one by one"),
        ("kto", {"loss_kernel": "chunked", "targets": ("llama-factory",)}, "loss_kernel: expected full, found chunked"),
        ("kto", {"micro_batch": 1}, "micro_batch: expected 2 or more, found 1: answers are compared within one"),
    ],
)
def test_a_setting_that_is_nothing_for_the_objective_is_refused(form, options, message):
    with pytest.raises(UsageError, match=message):
        planned(replace(FACTS, format=form), **options)


def test_a_length_beyond_the_model_is_refused():
    with pytest.raises(UsageError, match="max_length: expected an integer from 8 to 131072, which Llama"):
        planned(max_length=200_000)


def test_nothing_to_train_on_is_no_job():
    with pytest.raises(UsageError, match="support_chat: expected rows to train on, found none"):
        planned(rows(0))


@given(
    row_count=st.integers(1, 300_000),
    preset=st.sampled_from(["conservative", "balanced", "aggressive"]),
    gpu_count=st.sampled_from([1, 2, 3, 8]),
    memory_gb=st.floats(8, 200),
)
def test_a_job_always_adds_up(row_count, preset, gpu_count, memory_gb):
    """Whatever goes in, steps are epochs of whole batches, and the id can be a folder's name."""
    job = planned(rows(row_count), LLAMA_8B, gpu("G", memory_gb), gpu_count, preset)

    how = job.optimisation
    batch = how.micro_batch * how.gradient_accumulation * gpu_count
    assert how.steps == -(-row_count // batch) * how.epochs
    assert set(job.job_id) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert job == TrainingJob.model_validate_json(job.model_dump_json())


@pytest.mark.parametrize("form", ["preference", "kto"])
def test_answers_are_compared_in_one_pass_and_in_more_where_they_are_few(form):
    many, few = (planned(rows(count, format=form, acceptance={})) for count in (4_000, 200))

    assert (many.optimisation.epochs, few.optimisation.epochs) == (1, 2)
    assert _because(many, "optimisation.epochs") == (
        "balanced makes 1 pass over 4,000 rows, neither few nor many; where answers are compared one pass is usual "
        "(alignment-handbook, TRL), up to three"
    )
