"""`lora-pipeline mend`: exit codes, sentences, and what it leaves in the folder."""

import json
import os
import subprocess
import sys

import pytest

from tests.cli.goldens import run

GOOD = (
    '{"conversation_id": "a", "turns": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]}\n'
)
ODD = GOOD.replace('"user"', '"human"')
BAD = '{"conversation_id": "x", "turns": []}\n'


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Commands run in an empty folder of their own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_mended_file_lies_beside_what_was_put_aside_and_what_was_changed(folder):
    (folder / "in.jsonl").write_text(ODD + "\n" + BAD)

    result = run(["mend", "in.jsonl", "-o", "out.jsonl"])

    assert (result.exit_code, result.stderr) == (1, "")
    assert (folder / "out.jsonl").read_text() == GOOD
    assert names(folder) == ["in.jsonl", "out.jsonl", "out.jsonl.changes.jsonl", "out.jsonl.rejected.jsonl"]
    assert result.stdout.splitlines() == [
        "✗ out.jsonl is not ready: 33.3% of the lines were rejected and put aside",
        "",
        "  3 lines: 1 kept, 1 of them changed; 2 put aside",
        "",
        "  mended",
        "  1  blank-line    put aside",
        "  1  unknown-role  role written as trainers know it",
        "",
        "  rejected",
        "  1  empty-turns  turns is an empty list",
        "",
        "  put aside: out.jsonl.rejected.jsonl",
        "  changes:   out.jsonl.changes.jsonl",
    ]


def test_a_file_of_which_nothing_is_left_is_not_called_a_broken_export(folder):
    (folder / "in.jsonl").write_text(BAD)

    result = run(["mend", "in.jsonl", "-o", "out.jsonl"])

    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "✗ out.jsonl is not ready: no line is left",
        "",
        "  1 line: 0 kept, 0 of them changed; 1 put aside",
        "",
        "  rejected",
        "  1  empty-turns  turns is an empty list",
        "",
        "  put aside: out.jsonl.rejected.jsonl",
        "  changes:   out.jsonl.changes.jsonl",
    ]


def test_a_dry_run_says_the_same_and_writes_nothing(folder):
    (folder / "in.jsonl").write_text(ODD)

    result = run(["mend", "in.jsonl", "--dry-run"])

    assert (result.exit_code, names(folder)) == (0, ["in.jsonl"])
    assert result.stdout.splitlines()[0] == "✓ in.jsonl, mended, would be ready"
    assert result.stdout.splitlines()[-1] == "  nothing was written"


def test_json_holds_every_count(folder):
    (folder / "in.jsonl").write_text(ODD + BAD + GOOD.replace("assistant", "wizard").replace('"a"', '"b"'))

    result = run(["mend", "in.jsonl", "-o", "out.jsonl", "--json"])

    assert json.loads(result.stdout) == {
        "path": "in.jsonl",
        "output": "out.jsonl",
        "rejected": "out.jsonl.rejected.jsonl",
        "changes": "out.jsonl.changes.jsonl",
        "format": "native",
        "container": "jsonl",
        "status": "error",
        "lines_in": 3,
        "lines_out": 2,
        "lines_aside": 1,
        "lines_rejected": 1,
        "lines_changed": 1,
        "mended_counts": {"unknown-role": 1},
        "rejected_counts": {"empty-turns": 1},
        "remaining_counts": {"unknown-role": 1, "no-assistant-turn": 1, "last-turn-not-assistant": 1},
        "warnings": [],
        "refusal": None,
    }


def test_only_some_remedies_are_applied_when_they_are_named(folder):
    (folder / "in.jsonl").write_text(ODD + "\n" + GOOD)

    run(["mend", "in.jsonl", "-o", "out.jsonl", "--only", "blank-line, no-final-newline"])

    assert (folder / "out.jsonl").read_text() == ODD + GOOD


def test_a_file_that_cannot_be_mended_leaves_nothing(folder):
    (folder / "in.jsonl").write_bytes(b"%PDF- and so on")

    result = run(["mend", "in.jsonl", "-o", "out.jsonl"])

    assert (result.exit_code, names(folder)) == (1, ["in.jsonl"])
    assert result.stdout.splitlines()[0] == "✗ in.jsonl cannot be mended: the file is not text"


def test_a_file_without_one_good_line_is_not_ready(folder):
    (folder / "in.jsonl").write_text(BAD)

    result = run(["mend", "in.jsonl", "-o", "out.jsonl"])

    assert (result.exit_code, result.stdout.splitlines()[0]) == (1, "✗ out.jsonl is not ready: no line is left")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["in.jsonl"], "expected -o OUT, where the mended file goes, or --dry-run"),
        (["nope.jsonl", "-o", "out"], "nope.jsonl: there is no such file; check its name"),
        ([".", "-o", "out"], ". is a folder; name one file in it, or read all as one dataset: add --as-one"),
        (["in.jsonl", "-o", "."], "--output: expected a file, found the folder ."),
        (["in.jsonl", "-o", "no/out"], "--output: there is no folder no; make it first"),
        (
            ["in.jsonl", "-o", "./in.jsonl"],
            "--output: in.jsonl is the file to mend, which stays as it is; choose another name",
        ),
        (
            ["in.jsonl", "-o", "link.jsonl"],
            "--output: link.jsonl is the file to mend, which stays as it is; choose another name",
        ),
        (
            ["out.rejected.jsonl", "-o", "out"],
            "--output: out.rejected.jsonl is the file to mend, which stays as it is; choose another name",
        ),
        (
            ["in.jsonl", "--dry-run", "--only", "blank-lines"],
            "--only: expected codes that can be mended, found blank-lines; did you mean blank-line?",
        ),
    ],
)
def test_wrong_use_is_one_sentence_and_changes_nothing(folder, arguments, sentence):
    for name in ("in.jsonl", "out.rejected.jsonl"):
        (folder / name).write_text(ODD)
    os.symlink("in.jsonl", folder / "link.jsonl")

    result = run(["mend", *arguments])

    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"error: {sentence}\n")
    assert (folder / "in.jsonl").read_text() == (folder / "out.rejected.jsonl").read_text() == ODD
    assert names(folder) == ["in.jsonl", "link.jsonl", "out.rejected.jsonl"]


def test_what_only_a_person_can_decide_is_no_remedy(folder):
    (folder / "in.jsonl").write_text(ODD)

    result = run(["mend", "in.jsonl", "--dry-run", "--only", "refusal"])

    assert result.exit_code == 2
    assert result.stderr.startswith(
        "error: --only: refusal only a person can decide; what can be mended: malformed-json"
    )


def test_a_folder_that_cannot_be_written_is_our_trouble(folder, monkeypatch):
    (folder / "in.jsonl").write_text(ODD)
    monkeypatch.setattr("tempfile.tempdir", str(folder / "gone"))

    result = run(["mend", "in.jsonl", "--dry-run"])

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("error: cannot write the folder for temporary files: no such file or directory")


def test_a_failure_leaves_what_was_there_before(folder, monkeypatch):
    (folder / "in.jsonl").write_text(ODD)
    (folder / "out.jsonl").write_text("before")
    monkeypatch.setattr("pipeline.state.durable.os.replace", _no_space)

    result = run(["mend", "in.jsonl", "-o", "out.jsonl"])

    assert result.exit_code == 3
    assert (names(folder), (folder / "out.jsonl").read_text()) == (["in.jsonl", "out.jsonl"], "before")


def _no_space(*_):
    raise OSError(28, "No space left on device")


def test_a_mapping_says_how_the_rows_are_read(folder):
    (folder / "in.jsonl").write_text('{"q": "How long?", "a": "Three minutes."}\n\n{"q": "Why?"}\n')
    (folder / "fields.json").write_text('{"prompt": "q", "answer": "a"}')

    result = run(["mend", "in.jsonl", "-o", "out.jsonl", "--mapping", "fields.json"])

    assert (result.exit_code, result.stderr) == (1, "")
    assert (folder / "out.jsonl").read_text() == '{"q": "How long?", "a": "Three minutes."}\n'


def test_a_chosen_format_decides_what_is_put_aside(folder):
    (folder / "in.jsonl").write_text('{"text": "Tea.", "prompt": "How long?", "completion": 3}\n')

    results = [run(["mend", "in.jsonl", "-o", "out.jsonl", *form]) for form in ([], ["--format", "plain-text"])]

    assert [result.exit_code for result in results] == [1, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "csv"], "--format: expected one of alpaca, bedrock, brightrun-v4, chat,"),
        (["--format", "native", "--mapping", "fields.json"], "--mapping says how rows are read, and so does --format"),
    ],
)
def test_a_format_that_cannot_be_meant_is_wrong_use(folder, options, message):
    (folder / "in.jsonl").write_text(GOOD)

    result = run(["mend", "in.jsonl", "--dry-run", *options])

    assert result.exit_code == 2
    assert message in result.stderr


def test_a_dash_reads_standard_input(folder):
    process = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "mend", "-", "-o", "out.jsonl"], input=ODD.encode(), capture_output=True
    )

    assert (process.returncode, process.stderr) == (0, b"")
    assert (folder / "out.jsonl").read_text() == GOOD
