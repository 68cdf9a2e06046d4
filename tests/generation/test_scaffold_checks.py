"""Whether scaffolds fit one another: all that does not is found at once, and nothing raises."""

from dataclasses import replace

import pytest

from pipeline.generation.model import Feeling
from pipeline.generation.scaffold_checks import ScaffoldFinding, check_scaffolds
from pipeline.generation.scaffold_files import load_scaffolds
from tests.generation.small_scaffolds import PROMPT, arc, persona, scaffolds, template


def test_the_packaged_scaffolds_fit():
    assert check_scaffolds(load_scaffolds()) == []


def test_scaffolds_that_fit_have_no_findings():
    assert check_scaffolds(scaffolds()) == []


@pytest.mark.parametrize(
    ("changed", "field", "expected", "found"),
    [
        ({"turns_min": 9, "turns_max": 8}, "turns_min", "turns_max, 8, or less", "9"),
        ({"turns_min": 5, "turns_max": 5}, "turns_max", "an even number of turns", "only 5"),
        ({"turns_min": 4, "turns_max": 7}, "turns_max", "an even number of turns", "7"),
        ({"phases": ("one", "two", "three")}, "phases", "2 at most, for 4 turns", "3"),
        ({"phases": ("one", "one")}, "phases", "each phase once", "one of them again"),
        ({"phases": ()}, "phases", "each phase once", "none"),
        (
            {"middle": Feeling(emotion="sad", least=0.5, most=0.25)},
            "middle",
            "a least of 0.25 or less",
            "0.5",
        ),
        ({"tier": "scenario"}, "tier", "an active prompt template for it or its tier", "none for scenario"),
    ],
)
def test_what_is_wrong_with_an_arc(changed, field, expected, found):
    given = scaffolds(arcs=2)
    given = replace(given, arcs={**given.arcs, "arc_0": arc("arc_0", **changed)})

    assert check_scaffolds(given) == [ScaffoldFinding("emotional_arc", "arc_0", field, expected, found)]


@pytest.mark.parametrize(
    ("changed", "field", "expected", "found"),
    [
        ({"arc": "arc_9"}, "arc", "the key of an emotional arc", "arc_9; did you mean arc_1 or arc_0?"),
        ({"arc": "arc_0", "tier": "scenario"}, "tier", "that of its arc, template", "scenario"),
        (
            {"prompt": f"{PROMPT} {{}} {{a.b}} {{ {{turn}}"},
            "prompt",
            "placeholders that are known",
            "{turn}; did you mean turns or situation?",
        ),
        (
            {"system": "{arc} {topic_name}"},
            "system",
            "only what is of the arc, the same for all its conversations",
            "{topic_name}",
        ),
        ({"prompt": PROMPT.replace("{opening}", "")}, "prompt", "{opening}", "none"),
    ],
)
def test_what_is_wrong_with_a_template(changed, field, expected, found):
    given = scaffolds(arcs=2)
    given = replace(given, templates={**given.templates, "other": template("other", **changed)})

    assert check_scaffolds(given) == [ScaffoldFinding("prompt_template", "other", field, expected, found)]


def test_a_part_of_a_persona_is_enough():
    given = scaffolds()
    prompt = PROMPT.replace("{persona}", "{persona_name}").replace("{topic}", "{topic_description}")

    assert check_scaffolds(replace(given, templates={"plain": template("plain", prompt=prompt)})) == []


def test_a_persona_names_arcs_that_are_there_and_active():
    given = scaffolds(arcs=2, suiting={"persona_0": ["arc_1", "arc_9"]})
    given = replace(given, arcs={**given.arcs, "arc_1": arc("arc_1", is_active=False)})

    assert check_scaffolds(given) == [
        ScaffoldFinding("persona", "persona_0", "arcs", "an active arc", "none"),
        ScaffoldFinding(
            "persona", "persona_0", "arcs", "keys of emotional arcs", "arc_9; did you mean arc_1 or arc_0?"
        ),
    ]


def test_an_arc_that_suits_nobody_is_found():
    given = scaffolds(personas=1, arcs=2, suiting={"persona_0": ["arc_0"]})

    assert check_scaffolds(given) == [
        ScaffoldFinding("emotional_arc", "arc_1", "key", "an active persona that it suits", "none")
    ]


def test_without_anything_active_there_is_nothing_to_plan():
    given = scaffolds(1, 1, 0)
    given = replace(given, personas={"persona_0": persona("persona_0", is_active=False)})

    assert check_scaffolds(given) == [
        ScaffoldFinding("emotional_arc", "arc_0", "key", "an active persona that it suits", "none"),
        ScaffoldFinding("persona", "*", "is_active", "an active one", "none"),
        ScaffoldFinding("training_topic", "*", "is_active", "an active one", "none"),
    ]
