"""What was read from an upload comes back from the lake as it was, one conversation at a time."""

import io

import pytest

from pipeline.dataset.convert.conversations import Talk, talks
from pipeline.dataset.formats.blocks_of_lines import read_blocks
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.reading.columns import read_columns
from pipeline.errors import LakeDamaged, LakeError
from pipeline.state.lake import LocalLake
from pipeline.trainers.dataset_rows import dataset_rows
from tests.state.lake.examples import publish
from tests.training.jobs.datasets import CONTEXT_ONLY, JUDGEMENTS, PLAIN, TOOLS, encoded, ready


def _converted(rows: list[object]) -> list[Talk]:
    """What `lora-pipeline convert` reads of the same bytes."""
    blocks = read_blocks(io.BytesIO(encoded(rows)), Limits().max_line_bytes)
    form = BY_NAME["openai"]
    return [talk for block in blocks for talk in talks(read_columns(block, Limits(), form)[1])]


@pytest.mark.parametrize("rows", [PLAIN, CONTEXT_ONLY, TOOLS], ids=["chat", "context", "tools"])
def test_rows_come_back_as_conversion_reads_them(tmp_path, rows):
    with ready(tmp_path, rows) as dataset:
        found = list(dataset.rows.read())

    assert [row.talk for row in found] == _converted(rows)


def test_each_row_is_on_its_side_of_the_split(tmp_path):
    with ready(tmp_path, PLAIN) as dataset:
        sides = [row.is_validation for row in dataset.rows.read()]

    assert (sides.count(False), sides.count(True)) == (dataset.facts.train_rows, dataset.facts.validation_rows)


def test_many_rows_are_read_in_batches(tmp_path, monkeypatch):
    """A conversation whose turns lie in two batches is whole."""
    monkeypatch.setattr("pipeline.trainers.dataset_rows._BATCH_ROWS", 3)
    with ready(tmp_path, PLAIN) as dataset:
        found = [row.talk for row in dataset.rows.read()]

    assert found == _converted(PLAIN)


def test_of_a_preference_the_chosen_branch_is_kept(tmp_path):
    rows = [{"prompt": "Which?", "chosen": "This one.", "rejected": "That one."}] * 2
    with ready(tmp_path, rows) as dataset:
        talk = next(row.talk for row in dataset.rows.read())

    assert [said.content for said in talk.turns] == ["Which?", "This one."]
    assert [said.content for said in talk.rejected] == ["That one."]
    assert talk.lost == {"rejected-answers"}


def test_a_judgement_keeps_its_label(tmp_path):
    with ready(tmp_path, JUDGEMENTS[:4]) as dataset:
        labels = [row.talk.label for row in dataset.rows.read()]

    assert labels == [False, True, True, False]


def test_a_dataset_that_is_not_there_says_what_to_do(tmp_path):
    lake = LocalLake(tmp_path)

    with (
        pytest.raises(LakeError, match="found nothing: check LORA_LAKE and that it is mounted, else validate"),
        dataset_rows(lake, "nobody"),
    ):
        pass


def test_tables_that_do_not_belong_together_are_told(tmp_path):
    lake = LocalLake(tmp_path)
    publish(lake, "a", encoded([PLAIN[0], {"turns": 7}, PLAIN[1]]))
    publish(lake, "b", encoded(PLAIN[:2]))
    with dataset_rows(lake, "a") as one, dataset_rows(lake, "b") as other:
        mixed = type(one)(one.conversations, other.turns, one.splits)

        with pytest.raises(LakeError, match="expected turns of row 3, found row 2; validate the dataset again"):
            list(mixed.read())


def test_a_damaged_file_is_named_when_its_rows_are_read(tmp_path):
    with ready(tmp_path, PLAIN) as dataset:
        turns = dataset.rows.turns
        turns.write_bytes(turns.read_bytes()[:-20])

        with pytest.raises(LakeDamaged, match="validate the dataset again") as raised:
            list(dataset.rows.read())

    assert raised.value.places == (str(turns),)
