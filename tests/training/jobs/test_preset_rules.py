"""The rules from a dataset to values, each at the edges where it changes its mind."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.training.jobs.preset_rules import (
    Chosen,
    Pace,
    choose_dropout,
    choose_epochs,
    choose_length,
    choose_rank,
    choose_rate,
    count_steps,
    reach_steps,
    rows_cut,
)
from pipeline.training.presets import find_preset
from tests.training.jobs.examples import FACTS, LLAMA_8B, rows


@pytest.mark.parametrize(
    ("preset", "row_count", "epochs"),
    [
        ("balanced", 2_000, 3),
        ("balanced", 20, 3),  # 100 examples would take 5, the preset allows 3
        ("balanced", 10_000, 2),  # 30,000 examples are more than 25,000
        ("balanced", 100_000, 1),
        ("aggressive", 33, 3),  # 100 // 33
        ("aggressive", 20, 5),
        ("aggressive", 4, 5),
        ("conservative", 2_000, 1),
        ("conservative", 60, 1),
        ("conservative", 40, 2),
    ],
)
def test_epochs_follow_the_cookbooks_rule_within_the_preset(preset, row_count, epochs):
    assert choose_epochs(row_count, find_preset(preset)).value == epochs


def _pace(epochs: int, batch: int, **fixed: bool) -> Pace:
    return Pace(Chosen(epochs, "usual"), Chosen(batch, "usual"), **fixed)


@pytest.mark.parametrize(
    ("examples", "epochs", "batch"),
    [
        (1_000, 3, 16),  # 189 steps are enough
        (400, 3, 8),  # 75 steps with 16
        (100, 4, 4),  # 75 steps with 4 and 3 epochs
        (20, 5, 4),  # 25 steps, and no rule left
    ],
)
def test_few_steps_halve_the_batch_and_then_raise_epochs(examples, epochs, batch):
    pace = reach_steps(examples, _pace(3, 16), max_epochs=5, gpu_count=1)

    assert (pace.epochs.value, pace.batch.value) == (epochs, batch)


def test_what_is_set_by_hand_stays():
    pace = reach_steps(20, _pace(3, 16, is_epochs_fixed=True, is_batch_fixed=True), max_epochs=5, gpu_count=1)

    assert (pace.epochs.value, pace.batch.value) == (3, 16)


def test_each_gpu_keeps_a_row():
    assert reach_steps(20, _pace(3, 16), max_epochs=3, gpu_count=8).batch.value == 8


@given(st.integers(1, 200_000), st.sampled_from([4, 8, 16, 32]), st.integers(1, 5), st.integers(1, 5))
def test_steps_are_never_fewer_than_before_the_rule(examples, batch, epochs, more_epochs):
    before = count_steps(examples, batch, epochs)

    pace = reach_steps(examples, _pace(epochs, batch), max_epochs=epochs + more_epochs, gpu_count=1)

    after = count_steps(examples, pace.batch.value, pace.epochs.value)
    assert after >= before
    assert after >= 100 or (pace.batch.value, pace.epochs.value) == (4, epochs + more_epochs)


def test_the_length_is_the_next_above_the_99th_percentile():
    chosen = choose_length(FACTS, LLAMA_8B)

    assert chosen.value == 1024
    assert chosen.because.endswith("longer, and cut, 18 of 2,000 rows (0.90%), 3 before any answer")


def test_the_length_stays_within_what_the_model_reads():
    assert choose_length(FACTS, LLAMA_8B.model_copy(update={"context_length": 512})).value == 512


def test_unmeasured_lengths_get_the_shortest():
    assert choose_length(replace(FACTS, truncation=()), LLAMA_8B).value == 512


@pytest.mark.parametrize(
    ("max_length", "found"),
    [(1024, (18, 3, True)), (1500, (18, 3, False)), (100, (2_000, 0, False))],
)
def test_rows_cut_between_two_measured_lengths_are_an_upper_bound(max_length, found):
    assert rows_cut(FACTS, max_length) == found


def test_the_rank_grows_until_the_adapter_can_hold_the_dataset():
    aggressive = find_preset("aggressive")

    ranks = [choose_rank(FACTS, LLAMA_8B, aggressive, tokens).value for tokens in (10**6, 4 * 10**8, 10**12)]

    assert ranks == [64, 128, 256]


def test_other_presets_keep_their_rank():
    assert choose_rank(FACTS, LLAMA_8B, find_preset("balanced"), 10**12).value == 16


def test_the_aggressive_rate_follows_the_formula_up_to_its_limit():
    aggressive = find_preset("aggressive")
    qwen = LLAMA_8B.model_copy(update={"name": "Qwen3-8B", "hub_id": "Qwen/Qwen3-8B"})
    granite = LLAMA_8B.model_copy(update={"name": "Granite-8B", "hub_id": "ibm/granite-8b"})

    assert [choose_rate(model, aggressive, is_full=False).value for model in (LLAMA_8B, qwen, granite)] == [
        2.86e-4,
        4e-4,
        2e-4,
    ]


def test_full_fine_tuning_gets_a_tenth_of_the_rate():
    assert choose_rate(LLAMA_8B, find_preset("balanced"), is_full=True).value == pytest.approx(2e-5)


@pytest.mark.parametrize(("row_count", "dropout"), [(999, 0.05), (1_000, 0.0)])
def test_few_rows_get_dropout(row_count, dropout):
    assert choose_dropout(rows(row_count).train_rows, find_preset("balanced")).value == dropout
