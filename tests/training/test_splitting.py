"""Promises of `pipeline.training.splitting`, on datasets that the real engine put into a real lake."""

import pytest

from pipeline.errors import LakeDamaged, LakeError
from pipeline.state.lake import LocalLake
from pipeline.training.splitting import read_split
from tests.state.lake.examples import conversation, jsonl, publish

SMALL = [conversation(f"c{n}", f"What is {n} times seven?", f"It is {7 * n}.") for n in range(5)]
LARGE = [
    conversation(f"c{n}", f"{word} question number {n}?", f"answer {n} about {word}")
    for n in range(40)
    for word in ("apples", "rivers", "winter", "engines")
]


@pytest.fixture
def lake(tmp_path):
    return LocalLake(tmp_path / "lake")


def _split(lake, conversations, dataset_id="d1"):
    publish(lake, dataset_id, jsonl(*conversations))
    return read_split(lake, dataset_id)


def test_a_small_dataset_is_all_for_training(lake):
    split = _split(lake, SMALL)

    assert (split.train_conversations, split.validation_conversations, split.leaking_clusters) == (5, 0, 0)


def test_both_sides_are_counted_and_no_cluster_is_on_both(lake):
    split = _split(lake, LARGE)

    assert split.train_conversations + split.validation_conversations == 160
    assert 0 < split.validation_conversations <= 8
    assert 0 < split.clusters <= 160
    assert split.leaking_clusters == 0


def test_the_same_rows_have_the_same_fingerprint_whatever_the_dataset(lake):
    assert _split(lake, LARGE, "d1").fingerprint == _split(lake, LARGE, "d2").fingerprint


@pytest.mark.parametrize(
    "other",
    [
        SMALL[:4],
        SMALL[::-1],
        [*SMALL[:4], conversation("c4", "What is 4 times seven?", "It is 29.")],
        [*SMALL[:4], {**SMALL[4], "turns": [SMALL[4]["turns"][0], {**SMALL[4]["turns"][1], "weight": 0}]}],
    ],
    ids=["fewer", "another order", "another answer", "not learned from"],
)
def test_other_rows_have_another_fingerprint(lake, other):
    assert _split(lake, SMALL, "d1").fingerprint != _split(lake, other, "d2").fingerprint


def test_a_dataset_that_is_not_in_the_lake_is_said(lake):
    with pytest.raises(LakeError, match="expected conversations of d9 at"):
        read_split(lake, "d9")


@pytest.mark.parametrize("table", ["conversations", "turns", "splits"])
@pytest.mark.parametrize(
    "damage", [lambda data: b"", lambda data: data[:-20], lambda data: data[:4] + bytes(len(data) - 12) + data[-8:]]
)
def test_a_file_that_is_damaged_is_named(lake, table, damage):
    """A disk gave back something else, or somebody wrote into it."""
    publish(lake, "d1", jsonl(*SMALL))
    with lake.fetch(table, "d1") as path:
        path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(LakeDamaged, match="validate the dataset again") as raised:
        read_split(lake, "d1")

    assert raised.value.places == (str(path),)
