"""What stands in the data files of jobs of preferences, single judgements and texts."""

import json

import pytest

from pipeline.trainers.rendered import check_files
from pipeline.training.jobs.rendering import render_job
from tests.training.jobs.datasets import JUDGEMENTS, PREFERENCES, TEXTS, preference, ready, with_call
from tests.training.jobs.examples import planned
from tests.training.jobs.goldens import CASES, RENDERED, golden

ASKED = "Question 0.0: how bread keeps in town 0?"
ANSWERED, NOT_SO = "Answer 0.0: bread keeps, 0 times.", "No idea, 0."
TRAINERS = ("trl", "axolotl", "llama-factory")


def _rendered(tmp_path, rows):
    """The first training row of each trainer, and the folder of the files."""
    with ready(tmp_path, rows) as dataset:
        folder = render_job(planned(dataset.facts, targets=TRAINERS), dataset.rows, tmp_path / "job").folder
    files = {target: (folder / target / "train.jsonl").read_text().splitlines() for target in TRAINERS}
    return {target: [json.loads(line) for line in lines] for target, lines in files.items()}, folder


def test_a_preference_is_a_question_and_two_answers(tmp_path):
    rows, _ = _rendered(tmp_path, PREFERENCES)

    asked, answered, not_so = (
        {"role": "user", "content": ASKED},
        {"role": "assistant", "content": ANSWERED},
        {"role": "assistant", "content": NOT_SO},
    )
    assert {target: found[0] for target, found in rows.items()} == {
        "trl": {"prompt": [asked], "chosen": [answered], "rejected": [not_so]},
        "axolotl": {"messages": [asked], "chosen": answered, "rejected": not_so},
        "llama-factory": {
            "conversations": [{"from": "human", "value": ASKED}],
            "chosen": {"from": "gpt", "value": ANSWERED},
            "rejected": {"from": "gpt", "value": NOT_SO},
        },
    }


def test_a_judgement_is_a_conversation_and_a_label(tmp_path):
    rows, _ = _rendered(tmp_path, JUDGEMENTS)

    asked, answered = {"role": "user", "content": ASKED}, {"role": "assistant", "content": ANSWERED}
    assert {target: found[0] for target, found in rows.items()} == {
        "trl": {"prompt": [asked], "completion": [answered], "label": False},
        "axolotl": {"completion": [asked, answered], "label": False},
        "llama-factory": {
            "conversations": [{"from": "human", "value": ASKED}, {"from": "gpt", "value": ANSWERED}],
            "label": False,
        },
    }


def test_a_text_is_written_as_it_is(tmp_path):
    rows, _ = _rendered(tmp_path, TEXTS)

    assert {target: found[0] for target, found in rows.items()} == dict.fromkeys(TRAINERS, TEXTS[0])


def test_judged_calls_of_tools_are_left_out_for_axolotl_and_counted(tmp_path):
    calls = [{**with_call(number), "label": True} for number in range(2)]
    _, folder = _rendered(tmp_path, [*JUDGEMENTS, *calls])

    told = "conversations with calls of tools, which are left out: 2 conversations"
    rows = {
        target: sum(len(path.read_text().splitlines()) for path in (folder / target).glob("[tv]*.jsonl"))
        for target in TRAINERS
    }
    assert rows == {"trl": 82, "axolotl": 80, "llama-factory": 82}
    assert {target: told in (folder / target / "explain.md").read_text() for target in TRAINERS} == {
        "trl": False,
        "axolotl": True,
        "llama-factory": False,
    }


def test_alternatives_of_several_turns_are_dropped_and_listed(tmp_path):
    row = preference(80)
    row["chosen"] += [{"role": "user", "content": "And then?"}, {"role": "assistant", "content": "Then so."}]
    _, folder = _rendered(tmp_path, [*PREFERENCES, row])

    for target in TRAINERS:
        [dropped] = (folder / target / "dropped_rows.jsonl").read_text().splitlines()
        assert json.loads(dropped) == {"row": 81, "line": 81, "reason": "not-one-answer"}


@pytest.mark.parametrize(("case", "target"), [each for each in RENDERED.values() if CASES[each[0]].objective != "sft"])
def test_a_rate_out_of_range_and_a_wrong_key_are_caught(case, target):
    files = golden(case, target)
    [name] = files.keys() & {"config.yaml", "train.yaml"}
    wrong = files[name].replace("learning_rate: 0", "learning_rate: 1").replace("weight_decay:", "weight_decays:")

    problems = check_files(target, files | {name: wrong}, CASES[case].objective)

    assert {each.path.rpartition(".")[2] for each in problems} == {"learning_rate", "weight_decays"}
