"""The generated pages of docs/ say all there is, and depend on nothing but the code."""

import io
import re
from pathlib import Path

import pytest

from pipeline.cli import app
from pipeline.dataset.findings.finding import CATALOGUE
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.docs import PAGES, make_pages
from pipeline.docs.__main__ import main
from pipeline.docs.finding_examples import EXAMPLES
from pipeline.docs.markdown import HEADER
from pipeline.settings import PROJECT_DIR, Settings
from pipeline.state.lake import SCHEMAS
from pipeline.state.warehouse.comments import COLUMNS

# Said of an upload or its shards before they are read, so no file's content can trigger them.
UNREAD = {code for code in CATALOGUE if code.startswith(("upload-", "shard-", "bad-manifest"))}


@pytest.fixture(scope="module")
def pages():
    """All, but the accuracy of estimates as it lies there: it takes fifty fits, and `make check` makes it anew."""
    there = (PROJECT_DIR / "docs" / "accuracy.md").read_text().removeprefix(f"{HEADER}\n\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PAGES, "accuracy.md", lambda: there)
        yield make_pages()


@pytest.fixture
def made_once(pages, monkeypatch):
    """The command has them from here; that it makes them, `make check` finds."""
    monkeypatch.setattr("pipeline.docs.__main__.make_pages", lambda: pages)


@pytest.mark.parametrize("code", [code for code in CATALOGUE if code not in UNREAD])
def test_an_example_triggers_its_finding(code, tmp_path):
    example = EXAMPLES[code]

    profile = profile_stream(io.BytesIO(example.data), tmp_path, example.rules)

    assert profile.finding_counts[code] >= 1


def test_every_finding_has_an_example():
    assert sorted(EXAMPLES) == sorted(CATALOGUE)


def test_an_example_is_shown_in_a_line_that_fits_the_page():
    assert [code for code, example in EXAMPLES.items() if max(map(len, example.shown.split("\n"))) > 180] == []


def test_the_pages_name_every_finding_setting_command_and_column(pages):
    headings = {name: re.findall(r"^#+ (.*)$", text, re.MULTILINE) for name, text in pages.items()}
    columns = {name for owner in COLUMNS.values() for name in owner}

    assert set(CATALOGUE) <= set(headings["findings.md"])
    assert [name for name in Settings.model_fields if f"`LORA_{name.upper()}`" not in pages["settings.md"]] == []
    commands = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert [name for name in commands if f"`lora-pipeline {name}`" not in headings["cli.md"]] == []
    assert {f"`{table}`" for table in SCHEMAS} <= set(headings["tables.md"])
    assert [name for name in columns if f"| `{name}` |" not in pages["tables.md"]] == []


def test_pages_are_the_same_wherever_they_are_made(pages, monkeypatch, tmp_path):
    monkeypatch.setenv("LORA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LORA_MAX_LINE_BYTES", "7")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.chdir(tmp_path)

    assert make_pages() == pages


def test_no_page_names_a_place_of_this_machine(pages):
    places = {str(PROJECT_DIR), str(Path.home()), str(Path.cwd())} - {"/"}

    assert [(name, place) for name, text in pages.items() for place in places if place in text] == []


@pytest.mark.usefixtures("made_once")
def test_writing_makes_every_page_fresh(tmp_path, capsys):
    assert main(["--folder", str(tmp_path / "docs")]) == 0
    assert sorted(path.name for path in (tmp_path / "docs").iterdir()) == sorted(PAGES)

    assert main(["--folder", str(tmp_path / "docs"), "--check"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("made_once")
def test_check_names_what_is_stale_and_changes_nothing(tmp_path, capsys):
    main(["--folder", str(tmp_path)])
    (tmp_path / "cli.md").write_text("old")
    (tmp_path / "tables.md").unlink()

    assert main(["--folder", str(tmp_path), "--check"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "stale: docs/cli.md; run `make docs` and commit it",
        "stale: docs/tables.md; run `make docs` and commit it",
    ]
    assert (tmp_path / "cli.md").read_text() == "old"
