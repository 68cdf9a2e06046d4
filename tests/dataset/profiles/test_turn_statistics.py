"""Figures are sums: the parts of a file, however cut, add up to the whole."""

import io
from collections import Counter
from dataclasses import fields
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.findings.groups import count_groups
from pipeline.dataset.formats.blocks_of_lines import read_blocks
from pipeline.dataset.frames.figures import figures_of
from pipeline.dataset.frames.frames import frames_of
from pipeline.dataset.model.conversation import KNOWN_ROLES
from pipeline.dataset.profiles import turn_statistics
from pipeline.dataset.profiles.turn_statistics import (
    Statistics,
    conversation_figures,
    measure,
    merge_roles,
    turn_figures,
)
from pipeline.dataset.reading.columns import read_columns
from pipeline.dataset.tokens.spread import spread
from tests.engine_blocks import LIMITS, block_of, line_of
from tests.properties.hostile_files import files

roles = st.dictionaries(st.sampled_from([*KNOWN_ROLES[:3], *"abcdefghijk", "(other)"]), st.integers(1, 5)).map(Counter)


def measured(verdicts, columns, finding_counts) -> Statistics:
    figures = figures_of(frames_of(columns), columns, turn_figures(), conversation_figures())
    return measure(verdicts, columns, figures, finding_counts)


def statistics_of(data: bytes, offset: int = 0) -> Statistics:
    total = Statistics()
    for block in read_blocks(io.BytesIO(data), LIMITS.max_line_bytes, offset=offset):
        verdicts, columns = read_columns(block, LIMITS)
        total += measured(verdicts, columns, count_groups(verdicts.groups))
    return total


def statistics_of_parts(data: bytes, cuts: list[int]) -> list[Statistics]:
    """Of the data cut after some of its lines."""
    ends = [at + 1 for at, byte in enumerate(data) if byte == ord("\n")]
    chosen = sorted({ends[cut % len(ends)] for cut in cuts}) if ends else []
    return [statistics_of(data[start:end], start) for start, end in pairwise([0, *chosen, len(data)])]


@given(data=files, cuts=st.lists(st.integers(0, 1_000), max_size=4))
def test_parts_add_up_to_the_whole_wherever_lines_are_cut(data, cuts):
    parts = statistics_of_parts(data, cuts)

    assert sum(parts, start=Statistics()) == statistics_of(data)


@given(data=files, cuts=st.lists(st.integers(0, 1_000), min_size=2, max_size=2))
def test_adding_is_associative_and_nothing_is_its_neutral_element(data, cuts):
    a, b, c = [*statistics_of_parts(data, cuts), Statistics(), Statistics()][:3]

    assert (a + b) + c == a + (b + c)
    assert a + Statistics() == Statistics() + a == a


def test_the_figures_of_a_small_file():
    data = line_of("a", ("user", "two words"), ("assistant", "ok")) + b"\n{}\n" + line_of("b", ("bot", ""))

    assert statistics_of(data) == Statistics(
        lines=4,
        blank_lines=1,
        conversations=2,
        rejected_lines=1,
        turns=3,
        assistant_turns=1,
        answers_to_learn=1,
        words=3,
        roles=Counter({"user": 1, "assistant": 1, "bot": 1}),
        words_per_turn=Counter({0: 1, 1: 1, 2: 1}),
        turns_per_conversation=Counter({1: 1, 2: 1}),
        finding_counts=Counter({"blank-line": 1, "missing-field": 1}),
        samples=(
            {
                "conversation_id": "a",
                "turns": [{"role": "user", "content": "two words"}, {"role": "assistant", "content": "ok"}],
            },
            {"conversation_id": "b", "turns": [{"role": "bot", "content": ""}]},
        ),
    )


def test_every_figure_is_added():
    """A field that is new but not added would make two parts differ from the whole."""
    one = statistics_of(line_of("a", ("assistant", "<think>so</think>hi")) + b"\n{}\n")

    changed = {f.name for f in fields(Statistics) if getattr(one + one, f.name) != getattr(one, f.name)}

    assert changed == {f.name for f in fields(Statistics)}


def test_training_pairs_count_turns_and_tokens_are_words_times_1_3():
    assert Statistics(turns=7).training_pairs == 7
    assert [Statistics(words=words).tokens for words in (0, 1, 2, 5, 15, 1_000)] == [0, 1, 3, 6, 20, 1_300]


def test_samples_are_the_first_three_with_long_text_cut():
    long = line_of("i" * 3_000, *[("r" * 2_001, "é" * 2_000), ("user", "x" * 2_001)] * 15)

    samples = statistics_of(long + line_of("b", ("user", "1")) + b"{}\n" + line_of("c", ("user", "2")) * 2).samples

    assert [sample["conversation_id"] for sample in samples] == ["i" * 1_999 + "…", "b", "c"]
    assert (
        samples[0]["turns"]
        == [
            {"role": "r" * 1_999 + "…", "content": "é" * 2_000},
            {"role": "user", "content": "x" * 1_999 + "…"},
        ]
        * 10
    )


def test_parts_have_three_samples_together():
    parts = [statistics_of(line_of("a", ("user", "1")) + line_of("b", ("user", "2"))) for _ in range(3)]

    assert [sample["conversation_id"] for sample in sum(parts, start=Statistics()).samples] == ["a", "b", "a"]


@given(st.lists(st.tuples(roles), min_size=1, max_size=6), st.integers(2, 9), st.integers(1, 5))
def test_roles_stay_bounded_and_do_not_depend_on_the_parts(parts, maximum, middle):
    counters = [part for (part,) in parts]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turn_statistics, "MAX_ROLES", maximum)

        def total(of: list[Counter[str]]) -> Counter[str]:
            merged = Counter[str]()
            for one in of:
                merged = merge_roles(merged, merge_roles(one, Counter()))
            return merged

        whole = merge_roles(sum(counters, start=Counter()), Counter())

        assert total(counters) == whole
        assert merge_roles(total(counters[:middle]), total(counters[middle:])) == whole
        assert len(whole) <= maximum
        assert whole.total() == sum(one.total() for one in counters)


def test_beyond_the_maximum_known_roles_keep_their_names(monkeypatch):
    monkeypatch.setattr(turn_statistics, "MAX_ROLES", 4)
    many = Counter({f"role {n}": 1 for n in range(100)})

    merged = merge_roles(many, Counter({"user": 3, "assistant": 2}))

    assert (merged["user"], merged["assistant"], merged["(other)"]) == (3, 2, 99)
    assert len(merged) == 4


def test_a_block_with_a_million_roles_is_bounded_as_well(monkeypatch):
    monkeypatch.setattr(turn_statistics, "MAX_ROLES", 3)
    verdicts, columns = read_columns(block_of(line_of("a", *((f"r{n}", "x") for n in range(50)))), LIMITS)

    counted = measured(verdicts, columns, []).roles

    assert (len(counted), counted.total()) == (3, 50)


def test_the_name_of_a_role_is_kept_to_200_characters():
    """Ten thousand names as long as a line may be would fill any memory."""
    long = "r" * 300
    verdicts, columns = read_columns(
        block_of(line_of("a", (f"{long}1", "x"), (f"{long}2", "x"), ("q" * 200, "x"))), LIMITS
    )

    counted = measured(verdicts, columns, []).roles

    assert counted == {"r" * 199 + "…": 2, "q" * 200: 1}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], {"min": None, "p50": None, "p95": None, "p99": None, "max": None}),
        ([7], {"min": 7, "p50": 7, "p95": 7, "p99": 7, "max": 7}),
        ([1, 2], {"min": 1, "p50": 1, "p95": 2, "p99": 2, "max": 2}),
        (range(1, 101), {"min": 1, "p50": 50, "p95": 95, "p99": 99, "max": 100}),
        ([0] * 95 + [9] * 5, {"min": 0, "p50": 0, "p95": 0, "p99": 9, "max": 9}),
    ],
)
def test_percentiles_are_values_that_occur_by_nearest_rank(values, expected):
    assert spread(Counter(values)) == expected


@given(st.lists(st.integers(0, 50), min_size=1))
def test_nearest_rank_is_the_smallest_value_that_enough_reach(values):
    found = spread(Counter(values))

    for percent in (50, 95, 99):
        enough = [value for value in values if 100 * sum(v <= value for v in values) >= percent * len(values)]
        assert found[f"p{percent}"] == min(enough)
