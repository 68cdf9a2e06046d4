"""Promises of `pipeline.cli.named_files`: what a person means by names, folders and patterns."""

import pytest

from pipeline.cli.named_files import named_files
from pipeline.errors import UsageError

FILES = (
    "a.jsonl",
    "b.csv",
    "notes.md",
    ".hidden.jsonl",
    "old/c.jsonl.gz",
    "old/drafts/d.parquet",
    ".git/e.json",
    "f.gz",
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("names", "excludes", "meant"),
    [
        (["notes.md", "a.jsonl", "a.jsonl"], [], ["notes.md", "a.jsonl", "a.jsonl"]),
        (["-", "no-such.jsonl"], [], ["-", "no-such.jsonl"]),
        (["."], [], ["a.jsonl", "b.csv", "old/c.jsonl.gz", "old/drafts/d.parquet"]),
        (["."], ["old"], ["a.jsonl", "b.csv"]),
        (["old", "b.csv"], ["drafts/*"], ["old/c.jsonl.gz", "b.csv"]),
        (["**/*.jsonl*"], ["a.*"], ["old/c.jsonl.gz"]),
        (["a.jsonl"], ["a.*"], ["a.jsonl"]),
    ],
)
def test_folders_and_patterns_are_their_files_and_what_is_named_is_meant(names, excludes, meant):
    assert list(named_files(names, excludes)) == meant


@pytest.mark.parametrize(
    ("name", "excludes", "sentence"),
    [
        ("old/*.txt", [], "old/*.txt: expected files like it, found none; check the name"),
        ("*.csv", ["b*"], "*.csv: expected files like it that --exclude leaves, found none; check the name"),
        (
            ".git",
            ["*.json"],
            ".git: expected files that end in .jsonl, .ndjson, .json, .csv, .tsv, .parquet that --exclude leaves, "
            "found none; check the name",
        ),
    ],
)
def test_a_folder_or_pattern_without_files_is_refused(name, excludes, sentence):
    with pytest.raises(UsageError) as caught:
        named_files([name], excludes)

    assert str(caught.value) == sentence
