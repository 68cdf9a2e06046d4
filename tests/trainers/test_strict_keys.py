"""Our own checks are stricter than the trainers: one wrong key or value is caught, in every target's files."""

import pytest

from pipeline.trainers.registry import WRITTEN
from pipeline.trainers.rendered import check_files
from pipeline.trainers.strict_keys import Problem
from tests.training.jobs.goldens import CASES, FOLDER


def _files(target: str, case: str = "chat") -> dict[str, str]:
    folder = FOLDER / case / target
    return {path.name.removesuffix(".golden"): path.read_text("utf-8") for path in folder.glob("*.golden")}


@pytest.mark.parametrize(
    ("case", "target"), [(case, target) for case, each in CASES.items() for target in each.targets]
)
def test_what_we_emit_has_no_problem(case, target):
    assert check_files(target, _files(target, case), CASES[case].objective) == []


WRONG_KEYS = {
    "trl": ("config.yaml", "  max_length:", "  max_seq_length:", "training.max_seq_length"),
    "axolotl": ("config.yaml", "sequence_len:", "sequence_length:", "sequence_length"),
    "llama-factory": ("train.yaml", "lora_rank:", "lora_r:", "lora_r"),
    "openai": (
        "request.json",
        '"n_epochs"',
        '"epochs"',
        "method.supervised.hyperparameters.epochs",
    ),
    "together": ("request.json", '"lora_r"', '"r"', "training_type.r"),
    "unsloth": ("train.py", "use_rslora=", "rslora=", "FastLanguageModel/get_peft_model.rslora"),
}


def test_every_target_has_a_wrong_key_here():
    assert set(WRONG_KEYS) == set(WRITTEN)


@pytest.mark.parametrize("target", WRONG_KEYS)
def test_one_wrong_key_is_caught(target):
    file, right, wrong, path = WRONG_KEYS[target]
    files = _files(target)
    assert right in files[file]

    problems = check_files(target, files | {file: files[file].replace(right, wrong, 1)})

    assert [(each.file, each.path) for each in problems if "knows no such key" in each.message] == [(file, path)]


WRONG_VALUES = {
    "trl": ("config.yaml", "learning_rate: 0.0002", "learning_rate: 2", "training.learning_rate"),
    "axolotl": ("config.yaml", "lora_r: 16", "lora_r: 0", "lora_r"),
    "llama-factory": ("train.yaml", "cutoff_len: 1024", 'cutoff_len: "1024"', "cutoff_len"),
    "openai": ("request.json", '"batch_size": 4', '"batch_size": 512', "method.supervised.hyperparameters.batch_size"),
    "together": ("request.json", '"warmup_ratio": 0.05', '"warmup_ratio": 5', "warmup_ratio"),
    "unsloth": ("train.py", "r=16,", "r=0,", "FastLanguageModel/get_peft_model.r"),
}


@pytest.mark.parametrize("target", WRONG_VALUES)
def test_one_value_out_of_range_is_caught(target):
    file, right, wrong, path = WRONG_VALUES[target]
    files = _files(target)
    assert right in files[file]

    problems = check_files(target, files | {file: files[file].replace(right, wrong, 1)})

    assert [(each.file, each.path) for each in problems] == [(file, path)]
    assert problems[0].message.startswith("expected ")


def test_a_problem_says_what_to_write_instead():
    files = _files("axolotl")
    wrong = files["config.yaml"].replace("micro_batch_size:", "micro_batch_sizes:")

    problem = check_files("axolotl", {"config.yaml": wrong})[0]

    assert str(problem) == (
        "config.yaml: micro_batch_sizes: the trainer knows no such key; "
        "did you mean micro_batch_size or batch_size or eval_batch_size?"
    )


def test_a_dataset_entry_is_checked_too():
    files = _files("llama-factory")
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
