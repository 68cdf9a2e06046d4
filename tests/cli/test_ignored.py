"""`lora-pipeline datasets ignored`: what lies in the store and becomes no dataset, on a terminal and for programs."""

import json
import os

import pytest

from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from tests.cli.goldens import run


def _make_catalog(data_dir):
    Catalog.open(load_settings(data_dir=data_dir).catalog_url).close()


@pytest.fixture
def command(tmp_path):
    for name in (b"ana/spring/chat.jsonl", b"ana/good.jsonl", b"bob/caf\xe9\x1b[31m.jsonl", b"stray.jsonl"):
        path = os.fsencode(tmp_path) + b"/uploads/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"{}")
    _make_catalog(tmp_path)
    return lambda *arguments: run(arguments, {"LORA_DATA_DIR": str(tmp_path), "COLUMNS": "200"})


def test_each_with_why_and_what_to_do(command):
    result = command("datasets", "ignored")

    cells = [[c.strip() for c in line.split("│")[1:-1]] for line in result.stdout.splitlines() if line.startswith("│")]
    assert cells == [
        ["file", "why", "what to do"],
        [
            "uploads/ana/spring/chat.jsonl",
            "it lies in a folder of its owner's",
            "put it right under uploads/ana/",
        ],
        ["uploads/bob/caf\\xe9\\x1b[31m.jsonl", "its name is not UTF-8, so that nothing can name it", "rename it"],
        ["uploads/stray.jsonl", "it belongs to no owner", "put it under uploads/<owner>/"],
    ]
    assert (result.exit_code, result.stderr) == (0, "3 ignored\n")


def test_as_json_and_of_one_owner(command):
    result = command("datasets", "ignored", "--json", "--owner", "ana")

    [found] = map(json.loads, result.stdout.splitlines())
    assert found.pop("modified_at")
    assert found == {
        "key": "uploads/ana/spring/chat.jsonl",
        "owner": "ana",
        "reason": "subfolder",
        "why": "it lies in a folder of its owner's",
        "what_to_do": "put it right under uploads/ana/",
        "size_bytes": 2,
    }
    assert result.exit_code == 0


def test_nothing_is_said_where_nothing_is_ignored(tmp_path):
    _make_catalog(tmp_path / "new")

    result = run(["datasets", "ignored"], {"LORA_DATA_DIR": str(tmp_path / "new")})

    assert (result.exit_code, result.stderr) == (0, "0 ignored\n")
