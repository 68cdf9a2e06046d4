"""`lora-pipeline scaffolds`: what it lists, shows and finds, packaged and in a file of one's own."""

import json

import pytest

from pipeline.generation.scaffold_files import load_scaffolds
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
        "origin": "your file",
    }
    assert {row["origin"] for row in rows[1:]} == {"packaged"}
    assert len(rows) == sum(map(len, (packaged.personas, packaged.arcs, packaged.topics, packaged.templates)))


def test_those_of_a_kind_are_listed(environment):
    result = run(["scaffolds", "list", "--kind", "emotional_arc"], environment)

    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.stdout.splitlines() if "│" in line]
    assert cells[0] == ["kind", "key", "name", "tier", "active", "from"]
    assert cells[1] == [
        "emotional_arc", "confusion_to_clarity", "From confusion to clarity", "template", "yes", "packaged",
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
