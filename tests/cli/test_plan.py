"""`lora-pipeline plan` and `estimate FILE`: a file of one's own, with no installation.

That the files are those of an installation is shown in `test_jobs.py`, which has one.
"""

import json
import tarfile

import pytest

from pipeline.cli.common import NOT_READY, WRONG_USE
from tests.cli.goldens import run
from tests.samples import SAMPLES_DIR
from tests.training.jobs.datasets import PLAIN, encoded

TALK = "talk.jsonl"
_MODEL = ("--model", "Qwen3-4B", "--gpu", "RTX-4090")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder with a dataset, and no installation."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / TALK).write_bytes(encoded(PLAIN))
    return tmp_path


def _command(*arguments, stdin=b""):
    return run(arguments, {"LORA_DATA_DIR": "none", "COLUMNS": "120", "NO_COLOR": "1"}, stdin)


def test_a_plan_is_written_told_and_may_be_written_again(folder):
    first = _command("plan", TALK, *_MODEL, "--target", "trl,axolotl", "-o", "train")
    again = _command("plan", TALK, *_MODEL, "--target", "trl,axolotl", "-o", "train")

    assert (first.exit_code, again.exit_code, first.stdout) == (0, 0, again.stdout)
    said = first.stdout.splitlines()
    assert said[0] == "talk: 80 conversations (76 to train on, 4 for validation), 3,240 tokens"
    assert said[1] == json.loads((folder / "train/job.json").read_bytes())["job_id"]
    assert said[2].endswith("fits (23.5 GB)")
    assert "  cost, USD" in first.stdout
    assert {"  trl/train.jsonl", "  axolotl/config.yaml"} <= set(said)
    assert (
        "lora-pipeline upload talk.jsonl --wait, then lora-pipeline jobs create --from train/job.json" in first.stderr
    )
    assert not (folder / "none").exists()


def test_several_files_are_one_dataset_whose_archive_is_kept(folder):
    (folder / "runs").mkdir()
    for number, rows in enumerate((PLAIN[:50], PLAIN[50:])):
        (folder / f"runs/{number}.jsonl").write_bytes(encoded(rows))

    result = _command("plan", "runs", *_MODEL, "-o", "train", "--json")

    assert result.exit_code == 0, result.stderr
    made = json.loads(result.stdout)
    assert made["job"]["data"]["train_rows"] + made["job"]["data"]["validation_rows"] == 80
    assert made["estimate"]["fits"] == "yes"
    assert {each["path"] for each in made["files"]} >= {"job.json", "trl/train.jsonl"}
    with tarfile.open(folder / "train/runs.tar") as archive:
        assert archive.getnames() == ["0.jsonl", "1.jsonl"]


def test_an_estimate_of_a_file_is_that_of_its_plan(folder):
    planned = _command("plan", TALK, *_MODEL, "--set", "epochs=2", "--set", "rank=8", "-o", "train", "--json")
    estimated = _command("estimate", "-", *_MODEL, "--epochs", "2", "--rank", "8", "--json", stdin=encoded(PLAIN))

    assert (planned.exit_code, estimated.exit_code) == (0, 0)
    assert json.loads(estimated.stdout) == json.loads(planned.stdout)["estimate"]
    assert _command("estimate", TALK, *_MODEL).stdout.startswith("talk: 80 conversations (76 to train on")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (
            ["plan", "no.jsonl", *_MODEL, "-o", "train"],
            WRONG_USE,
            "no.jsonl: expected a file, found none; check its name",
        ),
        (
            ["plan", TALK, "--model", "Qwen3-4B"],
            WRONG_USE,
            "Missing option '-o' / '--output'; see lora-pipeline plan --help",
        ),
        (
            ["plan", TALK, *_MODEL, "-o", "."],
            WRONG_USE,
            "--output: expected a new folder, or an empty one, found . with files in it; choose another",
        ),
        (["plan", TALK, *_MODEL, "-o", TALK], WRONG_USE, f"--output: expected a folder, found the file {TALK}"),
        (
            ["plan", "-", TALK, *_MODEL, "-o", "train"],
            WRONG_USE,
            "standard input (-): expected it alone, found other files with it; name them all, or pipe all",
        ),
        (
            ["plan", str(SAMPLES_DIR / "broken_lines.jsonl"), *_MODEL, "-o", "train"],
            NOT_READY,
            "expected a dataset that is ready, found 6 of 6 lines rejected and 6 errors listed; lora-pipeline check "
            f"{SAMPLES_DIR / 'broken_lines.jsonl'} shows them",
        ),
        (["estimate", TALK], WRONG_USE, "--model: expected a base model, found none; for example --model Qwen3-8B"),
        (
            ["estimate", TALK, "--model", "Qwen3-4B", "--tokens", "5"],
            WRONG_USE,
            "--tokens: expected it without FILE, whose rows tell it; leave out one of them",
        ),
        (
            ["plan", "no.jsonl", "--model", "Qwen3-4B", "--set", "epoch=2", "-o", "train"],
            WRONG_USE,
            "settings: epoch is not a setting; did you mean epochs or alpha?",
        ),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(arguments, code, sentence, folder):
    result = _command(*arguments)

    assert (result.exit_code, result.stderr, result.stdout) == (code, f"error: {sentence}\n", "")
    assert not (folder / "train").exists()


def test_the_folder_of_another_job_is_left_alone():
    _command("plan", TALK, *_MODEL, "-o", "train")

    result = _command("plan", TALK, *_MODEL, "--set", "rank=4", "-o", "train")

    assert result.exit_code == WRONG_USE
    assert result.stderr.startswith("error: --output: expected a new folder, found train with the job talk-qwen3-4b")
