"""Reading scaffolds: the packaged ones, the user's over them, and what is said of files that cannot be used."""

import pytest

from pipeline.errors import UsageError
from pipeline.generation.scaffold_files import load_scaffolds, read_scaffolds

TOPIC = """
[[training_topics]]
key = "{key}"
name = "{name}"
description = "d"
complexity = "simple"
"""


def test_enough_is_packaged():
    found = load_scaffolds()
    tiers = [arc.tier for arc in found.arcs.values()]

    assert len(found.personas) >= 3
    assert len(found.topics) >= 30
    assert (tiers.count("template"), tiers.count("scenario"), tiers.count("edge_case")) == (7, 3, 3)
    assert {template.arc for template in found.templates.values()} == set(found.arcs)


def test_a_users_scaffold_replaces_the_one_of_its_key_and_others_stay(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text(TOPIC.format(key="first_budget", name="Ours") + TOPIC.format(key="chickens", name="Chickens"))

    found, packaged = load_scaffolds(mine), load_scaffolds()

    assert (found.topics["first_budget"].name, found.topics["chickens"].name) == ("Ours", "Chickens")
    assert len(found.topics) == len(packaged.topics) + 1
    assert found.personas == packaged.personas


def test_without_a_file_there_is_nothing_of_ones_own(tmp_path):
    nothing = {"persona": {}, "emotional_arc": {}, "training_topic": {}, "prompt_template": {}}

    assert read_scaffolds(None) == nothing
    assert read_scaffolds(tmp_path / "none.toml") == nothing


def test_all_that_is_wrong_with_a_file_is_said_at_once(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text(
        """
        prompt_templates = 3

        [[topics]]
        key = "chickens"

        [[training_topics]]
        key = "Chickens"
        name = ""
        complexity = "hard"
        question = ["Why?"]

        [[training_topics]]
        name = "Eggs"
        description = 3
        complexity = "simple"
        is_active = "maybe"

        [[emotional_arcs]]
        key = "down"
        name = "Down"
        tier = "template"
        start = { emotion = "sad", least = -1, most = 2.5 }
        middle = "sad"
        end = { emotion = "sad", least = 0, most = 1 }
        phases = "one"
        strategy = "s"
        techniques = []
        avoid = []
        turns_min = 1
        turns_max = 4.5
        """
    )

    with pytest.raises(UsageError) as caught:
        load_scaffolds(mine)

    assert str(caught.value).splitlines() == [
        f"{mine}: scaffolds that cannot be used:",
        "  expected the tables personas, emotional_arcs, training_topics, prompt_templates, found topics; "
        "did you mean training_topics or emotional_arcs?",
        "  emotional_arcs, down, start.least: expected 0 or more, found -1",
        "  emotional_arcs, down, start.most: expected 1 or less, found 2.5",
        "  emotional_arcs, down, middle: expected a table, found 'sad'",
        "  emotional_arcs, down, phases: expected a list, found 'one'",
        "  emotional_arcs, down, turns_min: expected 2 or more, found 1",
        "  emotional_arcs, down, turns_max: expected a whole number, found 4.5",
        "  training_topics, Chickens, key: expected 1 to 64 small letters, digits and _, found 'Chickens'",
        "  training_topics, Chickens, name: expected some text, found ''",
        "  training_topics, Chickens, description: expected a value, found none",
        "  training_topics, Chickens, complexity: expected 'simple', 'moderate' or 'complex', found 'hard'",
        "  training_topics, Chickens, question: expected one of its fields, found another; "
        "did you mean questions or description?",
        "  training_topics, number 2, key: expected a value, found none",
        "  training_topics, number 2, is_active: expected true or false, found 'maybe'",
        "  training_topics, number 2, description: expected a text, found 3",
        "  prompt_templates: expected [[prompt_templates]] tables, found 3",
    ]


def test_a_key_is_there_once(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text(TOPIC.format(key="chickens", name="One") + TOPIC.format(key="chickens", name="Two"))

    with pytest.raises(UsageError, match="training_topics, chickens: expected each key once, found it again"):
        load_scaffolds(mine)


def test_what_is_no_toml_is_said_with_its_file(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text("[[personas]\n")

    with pytest.raises(UsageError) as caught:
        load_scaffolds(mine)

    assert str(caught.value).startswith(f"{mine}: ")
