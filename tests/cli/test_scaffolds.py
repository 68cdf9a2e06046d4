"""`lora-pipeline scaffolds`: what it lists, shows and finds, in files and in a catalog, and how that is changed."""

import json

import pytest

from pipeline.generation.scaffold_files import load_scaffolds
from pipeline.state.catalog.catalog import Catalog
from tests.cli.goldens import run

PLAIN = {"NO_COLOR": "1", "COLUMNS": "120"}
MINE = """
[[personas]]
key = "night_shift_carer"
name = "Maren"
is_active = false
description = "Ours"
background = "b"
traits = ["calm"]
style = "s"
questions = ["Why?", "When?"]
"""
BROKEN = """
[[prompt_templates]]
key = "ours"
name = "Ours"
tier = "edge_case"
arc = "despair_to"
system = "{arc}"
prompt = "{persona} {topic} {situation} {opening} {turn}"
"""


@pytest.fixture
def environment(tmp_path):
    (tmp_path / "scaffolds.toml").write_text(MINE)
    return {**PLAIN, "LORA_DATA_DIR": str(tmp_path)}


def test_all_are_listed_with_where_they_are_from(environment):
    result = run(["scaffolds", "list", "--json"], environment)

    rows = [json.loads(line) for line in result.stdout.splitlines()]
    packaged = load_scaffolds()
    assert result.exit_code == 0
    assert rows[0] == {
        "kind": "persona",
        "key": "night_shift_carer",
        "name": "Maren",
        "is_active": False,
        "tier": None,
        "version": None,
        "origin": "your file",
    }
    assert {row["origin"] for row in rows[1:]} == {"packaged"}
    assert len(rows) == sum(map(len, (packaged.personas, packaged.arcs, packaged.topics, packaged.templates)))


def test_those_of_a_kind_are_listed(environment):
    result = run(["scaffolds", "list", "--kind", "emotional_arc"], environment)

    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.stdout.splitlines() if "│" in line]
    assert cells[0] == ["emotional_arc", "active", "from", "version", "tier", "name"]
    assert cells[1] == [
        "confusion_to_clarity", "yes", "packaged", "", "template", "From confusion to clarity",
    ]  # fmt: skip
    assert result.stderr == "13 scaffolds\n"


def test_one_is_shown_whole(environment):
    result = run(["scaffolds", "show", "persona", "night_shift_carer"], environment)

    assert result.stdout.splitlines() == [
        "from         your file",
        "key          night_shift_carer",
        "name         Maren",
        "is_active    no",
        "description  Ours",
        "background   b",
        "traits       calm",
        "style        s",
        "questions    Why?",
        "             When?",
        "arcs         ",
        "situations   ",
        "openings     ",
    ]


def test_one_is_shown_as_json(environment):
    result = run(["scaffolds", "show", "emotional_arc", "worry_to_steadiness", "--json"], environment)

    found = json.loads(result.stdout)
    assert (found["kind"], found["origin"], found["start"]) == (
        "emotional_arc", "packaged", {"emotion": "worried", "least": 0.6, "most": 0.9},
    )  # fmt: skip


def test_scaffolds_that_fit_are_said_to(environment):
    result = run(["scaffolds", "check"], environment)

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "all scaffolds fit one another\n")


def test_a_file_is_checked_before_it_is_set(tmp_path, environment):
    file = tmp_path / "other.toml"
    file.write_text(BROKEN)

    result = run(["scaffolds", "check", str(file), "--json"], environment)

    finding = {"kind": "prompt_template", "key": "ours"}
    assert (result.exit_code, result.stderr) == (1, "3 findings\n")
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {
            **finding,
            "field": "arc",
            "expected": "the key of an emotional arc",
            "found": "despair_to; did you mean despair_to_being_accompanied or pressure_to_pause?",
        },
        {
            **finding,
            "field": "prompt",
            "expected": "placeholders that are known",
            "found": "{turn}; did you mean turns or situation?",
        },
        {**finding, "field": "prompt", "expected": "{turns}", "found": "none"},
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["list", "--kind", "persnoa"],
            "KIND: expected persona, emotional_arc, training_topic or prompt_template, found 'persnoa'; "
            "did you mean persona?",
        ),
        (
            ["show", "persona", "carer"],
            "KEY: expected the key of a persona, found 'carer'; did you mean night_shift_carer?",
        ),
        (["check", "none.toml"], "FILE: expected a TOML file that exists, found none at none.toml"),
    ],
)
def test_wrong_use_is_answered_with_what_to_type(arguments, sentence, environment):
    result = run(["scaffolds", *arguments], environment)

    assert (result.exit_code, result.stderr) == (2, f"error: {sentence}\n")


def test_a_file_that_cannot_be_used_is_named(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[[persona]]\n")

    result = run(["scaffolds", "list"], {**PLAIN, "LORA_SCAFFOLDS_FILE": str(file)})

    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {file}: scaffolds that cannot be used:\n")


HENS = """
[[training_topics]]
key = "keeping_chickens"
name = "Keeping chickens"
description = "What a few hens need, cost and give."
complexity = "simple"
questions = ["How many do I need?"]
"""


@pytest.fixture
def installation(environment, tmp_path):
    """The same with a catalog."""
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.db'}"):
        return environment


def _listed(environment, *more):
    rows = map(json.loads, run(["scaffolds", "list", "--json", *more], environment).stdout.splitlines())
    return {(row["kind"], row["key"]): row for row in rows}


def _added(environment, tmp_path, text, *more):
    file = tmp_path / "own.toml"
    file.write_text(text)
    return run(["scaffolds", "add", str(file), *more], environment)


def test_with_a_catalog_packaged_ones_and_those_of_the_file_are_versions_of_it(installation, tmp_path):
    first = _listed(installation)
    (tmp_path / "scaffolds.toml").write_text(MINE.replace('"Ours"', '"Ours, said better"'))
    second = _listed(installation)

    carer, tiler = ("persona", "night_shift_carer"), ("persona", "self_employed_tiler")
    assert len(first) == len(second) == len(_listed({**PLAIN, "LORA_DATA_DIR": str(tmp_path / "nowhere")}))
    assert [(each[carer]["version"], each[carer]["origin"]) for each in (first, second)] == [
        (1, "your file"), (2, "your file"),
    ]  # fmt: skip
    assert (second[tiler]["version"], second[tiler]["origin"]) == (1, "packaged")


def test_one_s_own_are_added_over_them_and_edited_as_versions(installation, tmp_path):
    added = _added(installation, tmp_path, HENS)
    edited = _added(installation, tmp_path, HENS.replace("few hens", "few hens and a cock"))
    same = _added(installation, tmp_path, HENS.replace("few hens", "few hens and a cock"))
    hens = ("training_topic", "keeping_chickens")
    before = run(["scaffolds", "show", *hens, "--version", "1"], installation).stdout.splitlines()

    assert [each.stdout for each in (added, edited, same)] == [
        "1 new version of local\n",
        "1 new version of local\n",
        "0 new versions of local, 1 scaffold is as before\n",
    ]
    assert _listed(installation)[hens] | {"name": ""} == {
        "kind": "training_topic", "key": "keeping_chickens", "name": "", "is_active": True, "tier": None, "version": 2,
        "origin": "local",
    }  # fmt: skip
    assert hens not in _listed(installation, "--owner", "bob")
    assert before[:2] == ["from         local", "version      1 of 2"]
    assert "description  What a few hens need, cost and give." in before


def test_what_would_not_fit_is_not_added(installation, tmp_path):
    result = _added(installation, tmp_path, BROKEN)

    assert result.exit_code == 1
    assert result.stderr == "error: 3 findings, and nothing is changed: mend what they name\n"
    assert "placeholders that are known" in result.stdout
    assert ("prompt_template", "ours") not in _listed(installation)


def test_one_is_switched_off_and_on_for_new_plans_of_its_owner(installation):
    debt = ["training_topic", "student_debt"]
    results = [run(["scaffolds", "switch", *debt, said], installation) for said in ("--off", "--off", "--on")]

    assert [(each.exit_code, each.stdout) for each in results] == [
        (0, "training_topic student_debt: off, version 1\n"),
        (0, "training_topic student_debt is off already\n"),
        (0, "training_topic student_debt: on, version 2\n"),
    ]
    run(["scaffolds", "switch", *debt, "--off"], installation)
    assert not _listed(installation)["training_topic", "student_debt"]["is_active"]
    assert _listed(installation, "--owner", "bob")["training_topic", "student_debt"]["is_active"]
    plan = ["generate", "plan", "--items", "3", "--topic", "student_debt", "--dry-run"]
    assert "found 'student_debt', which is not drawn any more" in run(plan, installation).stderr


def test_what_others_need_is_not_switched_off(installation):
    """An arc has one template."""
    result = run(["scaffolds", "switch", "prompt_template", "explaining", "--off"], installation)

    assert result.exit_code == 1
    assert "an active prompt template for it or its tier" in result.stdout
    assert result.stderr == "error: 1 finding, and nothing is changed: mend what they name\n"
    assert _listed(installation)["prompt_template", "explaining"]["is_active"]


def test_a_file_is_checked_over_what_the_catalog_has(installation, tmp_path):
    _added(installation, tmp_path, HENS)
    (tmp_path / "other.toml").write_text(BROKEN)

    result = run(["scaffolds", "check", str(tmp_path / "other.toml"), "--json"], installation)

    assert (result.exit_code, result.stderr) == (1, "3 findings\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["add", "none.toml"], "FILE: expected a TOML file that exists, found none at none.toml"),
        (["switch", "persona", "night_shift_carer"], "expected --on or --off, found neither"),
        (["switch", "persona", "carer", "--on"], "expected the key of a persona, found 'carer': list them first"),
        (
            ["show", "persona", "night_shift_carer", "--version", "7"],
            "--version: expected one of those that there are (1), found 7",
        ),
    ],
)
def test_wrong_use_of_a_catalog_is_answered_with_what_to_type(arguments, sentence, installation):
    result = run(["scaffolds", *arguments], installation)

    assert (result.exit_code, result.stderr) == (2, f"error: {sentence}\n")
