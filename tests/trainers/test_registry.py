"""Promises of `pipeline.trainers.registry`: a folder is a trainer, and no list elsewhere repeats the registry."""

import ast

import pytest

from pipeline.trainers.registry import BY_NAME, JUDGING, WRITTEN
from pipeline.trainers.strict_keys import recorded_versions
from tests.test_project import ROOT

FOLDER = ROOT / "pipeline" / "trainers"
SOURCES = [
    path
    for top in ("pipeline", "assets", "resources", "sensors")
    for path in (ROOT / top).rglob("*.py")
    if path.parent.parent != FOLDER
]


def test_the_places_in_lists_are_given_once_each():
    assert [trainer.rank for trainer in BY_NAME.values()] == list(range(1, len(BY_NAME) + 1))


@pytest.mark.parametrize("name", BY_NAME)
def test_a_folder_holds_what_its_record_says(name):
    trainer = BY_NAME[name]
    renderers = trainer.renderers() if trainer.renderers else {}

    assert set(renderers) == set(trainer.objectives)
    assert all(renderer.name == name for renderer in renderers.values())
    assert (FOLDER / trainer.folder / "acceptance.toml").exists() is trainer.has_rules
    assert (FOLDER / trainer.folder / "keys.json").exists() is bool(trainer.objectives)


def test_who_has_no_rules_is_judged_as_somebody_who_has():
    for name in WRITTEN:
        assert (BY_NAME[name].judged_as or name) in JUDGING


@pytest.mark.parametrize("name", WRITTEN)
def test_the_guide_to_training_tells_its_files_and_its_command(name):
    """`docs/training.md` is written by hand; its two tables have a row for each, the first with the version."""
    page = (ROOT / "docs" / "training.md").read_text("utf-8")
    version = next(iter(recorded_versions(name).values()))

    names = [line.split(" | ")[0] for line in page.splitlines() if line.startswith("| ")]
    rows = [each for each in names if BY_NAME[name].title in each]
    assert [version in each for each in rows] == [True, False]


def lists_of_trainers(source: str) -> list[int]:
    """Lines of literals that name two trainers or more."""
    found: list[int] = []
    if sum(name in source for name in BY_NAME) < 2:
        return found  # most of a thousand files are not taken apart
    for node in ast.walk(ast.parse(source)):
        elements = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else []
        elements = node.keys if isinstance(node, ast.Dict) else elements
        named = {each.value for each in elements if isinstance(each, ast.Constant)} & set(BY_NAME)
        if len(named) > 1:
            found.append(node.lineno)
    return found


def test_no_literal_list_repeats_the_registry():
    found = {str(path.relative_to(ROOT)): lists_of_trainers(path.read_text("utf-8")) for path in SOURCES}

    assert {path: lines for path, lines in found.items() if lines} == {}


def test_such_a_list_would_be_found():
    assert lists_of_trainers('A = ["trl", "axolotl"]\nB = ("trl", 1)\nC = {"openai": 1, "together": 2}') == [1, 3]
