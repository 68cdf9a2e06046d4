"""Facts are read from the row that the lake keeps of a dataset."""

from pipeline.training.jobs.dataset_facts import TargetAcceptance
from tests.training.jobs.datasets import PLAIN, chat, ready
from tests.training.jobs.examples import planned


def test_a_validated_dataset_gives_its_facts(tmp_path):
    with ready(tmp_path, PLAIN) as dataset:
        facts = dataset.facts

    assert (facts.id, facts.name, facts.format) == ("town-talk-1", "town_talk", "openai")
    assert (facts.rows, facts.train_rows + facts.validation_rows) == (80, 80)
    assert facts.validation_rows > 0
    assert len(facts.content_sha256) == 64
    assert [row["max_length"] for row in facts.truncation][:2] == [512, 1024]
    assert facts.acceptance["trl"] == TargetAcceptance("accepted")
    assert facts.roles == {"assistant": 120, "user": 120}


def test_what_is_wrong_with_the_file_alone_does_not_stop_a_job(tmp_path):
    """Together refuses a byte order mark, but the files of a job are written anew."""
    with ready(tmp_path, PLAIN, prefix=b"\xef\xbb\xbf") as dataset:
        acceptance = dataset.facts.acceptance["together"]
        job = planned(dataset.facts, targets=("together",))

    assert acceptance == TargetAcceptance("accepted-with-loss")
    assert job.targets == ("together",)


def test_a_length_that_the_job_sets_does_not_stop_it(tmp_path):
    """Axolotl would drop every row at its own 512 tokens, but the config of a job says otherwise."""
    rows = [chat(number) for number in range(20)]
    for row in rows:
        row["messages"][1]["content"] += " and so on" * 300
    with ready(tmp_path, rows) as dataset:
        acceptance = dataset.facts.acceptance["axolotl"]
        job = planned(dataset.facts, targets=("axolotl",))

    assert (acceptance.verdict, acceptance.refused_by) == ("accepted-with-loss", ())
    assert job.max_length == 1024


def test_too_few_rows_still_stop_a_job(tmp_path):
    with ready(tmp_path, PLAIN[:9]) as dataset:
        acceptance = dataset.facts.acceptance["openai"]

    assert (acceptance.verdict, acceptance.refused_by) == ("refused", ("too-few-conversations",))
