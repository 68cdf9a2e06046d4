"""`--as-one`: files, folders and patterns are one dataset, and findings name the file and the line in it."""

import gzip
import json
import os

import pytest

from pipeline.cli.files_as_one import files_as_one
from pipeline.dataset.formats.packed_files import PackedFile, PackedFiles
from tests.cli.goldens import run

ROW = '{"messages": [{"role": "user", "content": "Is %s?"}, {"role": "assistant", "content": "Yes, it surely is."}]}\n'


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of shards, one of them packed, in which commands run."""
    (tmp_path / "here/data/more").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    files = {
        "part-10.jsonl": ROW % "c",
        "part-2.jsonl": ROW % "a" + "{}\n",
        "more/x.jsonl": ROW % "d",
        "README.md": "-",
    }
    for name, text in files.items():
        packed = gzip.compress(text.encode()) if name.startswith("more/") else text.encode()
        (tmp_path / "here/data" / name).write_bytes(packed)
    return tmp_path / "here"


@pytest.mark.parametrize(
    ("named", "found"),
    [
        (["data"], ["README.md", "more/x.jsonl", "part-10.jsonl", "part-2.jsonl"]),
        (["data/*.jsonl"], ["part-10.jsonl", "part-2.jsonl"]),
        (["data/**/*.jsonl"], ["more/x.jsonl", "part-10.jsonl", "part-2.jsonl"]),
        (["data/part-2.jsonl", "data/*.jsonl"], ["part-2.jsonl", "part-10.jsonl"]),
        (["data/more/x.jsonl"], ["x.jsonl"]),
    ],
)
def test_files_are_named_below_the_folder_that_they_share(named, found):
    assert [file.name for file in files_as_one(named)] == found


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["check", "--as-one", "nope"], "--as-one: nope: there is no such file or folder; check its name"),
        (["check", "--as-one", "*.txt"], "--as-one: expected files, found none in *.txt"),
        (
            ["mend", "--as-one", "data", "-o", "data/part-2.jsonl"],
            "--output: data/part-2.jsonl is the file to mend, which stays as it is; choose another name",
        ),
        (
            ["convert", "--as-one", "data", "--to", "native", "-o", "data/part-2.jsonl"],
            "--output: data/part-2.jsonl is the file to convert; choose another name",
        ),
    ],
)
def test_wrong_use_is_told(arguments, sentence):
    result = run(arguments)

    assert (result.exit_code, result.stderr.strip()) == (2, f"error: {sentence}")


def test_every_command_reads_all_of_it(folder):
    checked = run(["check", "--as-one", "data/*.jsonl", "data/more", "--json", "--structure-only"])
    converted = run(["convert", "--as-one", "data", "--to", "openai", "-o", "out.jsonl"])
    mended = run(["mend", "--as-one", "data", "-o", "mended.jsonl", "--json"])
    card = run(["card", "--as-one", "data", "-o", "card.html"])

    report = json.loads(checked.stdout)
    assert (report["path"], report["conversations"]) == ("data/*.jsonl and 1 more", 3)
    assert "(line 2 of part-2.jsonl)" in report["findings"][0]["message"]
    assert [json.loads(line)["messages"][0]["content"] for line in (folder / "out.jsonl").read_text().splitlines()] == [
        "Is d?",
        "Is a?",
        "Is c?",
    ]
    assert "line 2 of part-2.jsonl" in converted.stdout
    assert "lora-pipeline check --as-one data shows where" in converted.stdout
    assert (json.loads(mended.stdout)["lines_out"], json.loads(mended.stdout)["lines_aside"]) == (3, 1)
    assert (card.exit_code, (folder / "card.html").stat().st_size > 1_000) == (0, True)


def test_a_file_that_becomes_shorter_is_told(folder, monkeypatch):
    packed = PackedFiles([PackedFile("a", folder / "data/part-2.jsonl")])
    stat = os.stat(folder / "data/part-2.jsonl")
    longer = os.stat_result([*stat[:6], stat.st_size + 1, *stat[7:10]])
    monkeypatch.setattr(type(folder), "stat", lambda self, **_: longer)

    with pytest.raises(OSError, match="became shorter"):
        packed.read(10_000)
