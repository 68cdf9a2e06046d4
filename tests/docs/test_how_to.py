"""The pages of `docs/how-to/` name what is there: files, commands and tests; each is in numbered steps."""

import re
from importlib.util import find_spec

import pytest

from pipeline.settings import PROJECT_DIR

FOLDER = PROJECT_DIR / "docs" / "how-to"
PAGES = sorted(path.name for path in FOLDER.glob("*.md") if path.name != "README.md")


def _prose(name: str) -> str:
    """Without the recorded differences, which name what was never kept."""
    return re.sub(r"```diff\n.*?```", "", (FOLDER / name).read_text("utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("name", PAGES)
def test_its_steps_are_numbered_and_the_table_says_what_fails_without(name):
    page = _prose(name)
    steps = [int(number) for number in re.findall(r"^(\d+)\. ", page, re.MULTILINE)]

    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) >= 4
    assert "\n| left out | what fails |\n|---|---|\n" in page


@pytest.mark.parametrize("name", [*PAGES, "README.md"])
def test_what_it_names_is_there(name):
    """Names in capitals stand for the reader's own."""
    named = set(re.findall(r"`((?:pipeline|tests|assets|docs|sensors|resources)/[\w./-]+)`", _prose(name)))
    modules = set(re.findall(r"python -m ([\w.]+)", _prose(name)))

    assert [each for each in named if not re.search(r"[A-Z]{4}", each) and not (PROJECT_DIR / each).exists()] == []
    assert [each for each in modules if find_spec(each) is None] == []


@pytest.mark.parametrize("name", PAGES)
def test_the_overview_leads_to_it(name):
    assert f"({name})" in (FOLDER / "README.md").read_text("utf-8")


def test_every_column_of_a_table_has_a_meaning():
    """In the generated page: an added column without a comment would be a row that ends in nothing."""
    page = (PROJECT_DIR / "docs" / "tables.md").read_text("utf-8")

    assert re.findall(r"^\| `\w+` \|.*\|  ?\|$", page, re.MULTILINE) == []
