"""Our own checks are stricter than the trainers: one wrong key or value is caught, in every target's files."""

import tomllib
from pathlib import Path

import pytest

from pipeline.trainers.registry import WRITTEN
from pipeline.trainers.rendered import check_files
from pipeline.trainers.strict_keys import Problem
from tests.training.jobs.goldens import CASES, RENDERED, golden

FOLDER = Path(__file__).parent / "wrong"


WRONG = {name: tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8")) for name in WRITTEN}
"""By trainer, a right piece of text in its files for chat, the wrong one that takes its place, and the path of it."""


@pytest.mark.parametrize(("case", "target"), RENDERED.values(), ids=RENDERED)
def test_what_we_emit_has_no_problem(case, target):
    assert check_files(target, golden(case, target), CASES[case].objective) == []


@pytest.mark.parametrize("target", WRITTEN)
def test_one_wrong_key_is_caught(target):
    file, right, wrong, path = (WRONG[target]["key"][each] for each in ("file", "right", "wrong", "path"))
    files = golden("chat", target)
    assert right in files[file]

    problems = check_files(target, files | {file: files[file].replace(right, wrong, 1)})

    assert [(each.file, each.path) for each in problems if "knows no such key" in each.message] == [(file, path)]


@pytest.mark.parametrize("target", WRITTEN)
def test_one_value_out_of_range_is_caught(target):
    file, right, wrong, path = (WRONG[target]["value"][each] for each in ("file", "right", "wrong", "path"))
    files = golden("chat", target)
    assert right in files[file]

    problems = check_files(target, files | {file: files[file].replace(right, wrong, 1)})

    assert [(each.file, each.path) for each in problems] == [(file, path)]
    assert problems[0].message.startswith("expected ")


def test_a_problem_says_what_to_write_instead():
    files = golden("chat", "axolotl")
    wrong = files["config.yaml"].replace("micro_batch_size:", "micro_batch_sizes:")

    problem = check_files("axolotl", {"config.yaml": wrong})[0]

    assert str(problem) == (
        "config.yaml: micro_batch_sizes: the trainer knows no such key; "
        "did you mean micro_batch_size or batch_size or eval_batch_size?"
    )


def test_a_dataset_entry_is_checked_too():
    files = golden("chat", "llama-factory")
    wrong = files["dataset_info.json"].replace('"role_tag"', '"role"', 1)

    assert [each.path for each in check_files("llama-factory", files | {"dataset_info.json": wrong})] == [
        "train.tags.role"
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, Problem("request.json", "-", "expected this file, found none")),
        ("{", Problem("request.json", "-", "expected json, found Expecting property name enclosed in double quotes: ")),
        ("{}", Problem("request.json", "model", "expected a value, found none")),
    ],
)
def test_a_missing_or_broken_file_is_caught(text, problem):
    found = check_files("openai", {} if text is None else {"request.json": text})[0]

    assert (found.file, found.path) == (problem.file, problem.path)
    assert found.message.startswith(problem.message)
