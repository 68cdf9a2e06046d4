"""The packaged scaffolds, as texts: what a domain expert reads, and what later stages look for in conversations."""

import re
from collections import Counter
from itertools import chain, combinations

import pytest

from pipeline.dataset.tokens import load_tokenizer
from pipeline.generation.plan import make_plan
from pipeline.generation.scaffold_files import load_scaffolds
from pipeline.generation.wish import PlanWish
from pipeline.generation.writing import system_prompt

SCAFFOLDS = load_scaffolds()


def test_each_persona_varies_enough_for_many_conversations():
    for persona in SCAFFOLDS.personas.values():
        assert min(len(persona.situations), len(persona.openings)) >= 8
        assert len(persona.questions) >= 3


def test_no_two_personas_share_a_name_or_a_text():
    personas = SCAFFOLDS.personas.values()
    texts = list(chain.from_iterable((each.description, *each.situations, *each.openings) for each in personas))

    assert len({each.name for each in personas}) == len(personas)
    assert len(set(texts)) == len(texts)


def test_words_that_answers_are_annotated_with_are_short():
    words = [each for arc in SCAFFOLDS.arcs.values() for each in (*arc.techniques, *arc.phases)]

    assert [each for each in words if len(each.split()) > 9] == []
    assert [arc.strategy for arc in SCAFFOLDS.arcs.values() if len(arc.strategy.split()) > 14] == []


def test_no_arc_tells_the_model_to_say_what_it_is_to_avoid():
    for template in SCAFFOLDS.templates.values():
        arc = SCAFFOLDS.arcs[template.arc]
        said = f"{template.system} {template.prompt} {arc.strategy} {' '.join(arc.techniques)}".lower()
        assert [phrase for phrase in arc.avoid if phrase in said] == []


@pytest.mark.parametrize("template", SCAFFOLDS.templates.values(), ids=lambda template: template.key)
def test_edge_cases_and_losses_point_to_help(template):
    help_ = r"emergency number|crisis line|counselling|advice centre|police|notary"

    assert bool(re.search(help_, template.system)) == (template.tier == "edge_case" or template.arc in HELPED)


HELPED = {"lost_income_to_footing", "inheritance_to_unhurried"}


def test_every_prompt_is_another_one():
    for one, other in combinations(SCAFFOLDS.templates.values(), 2):
        assert one.prompt != other.prompt
        assert one.system != other.system


def test_system_prompts_are_long_enough_to_be_kept_by_providers():
    """From 1,024 tokens on, Anthropic's and OpenAI's caches keep the beginning of a prompt."""
    items = {item.arc: item for item in make_plan(PlanWish(items=len(SCAFFOLDS.arcs)), SCAFFOLDS).items}
    prompts = [system_prompt(item, SCAFFOLDS) for item in items.values()]

    assert len(prompts) == len(SCAFFOLDS.arcs)
    assert min(load_tokenizer().count(prompts)) >= 1_024


def test_a_plan_of_all_of_them_has_every_pair_and_is_even():
    """13 arcs and 40 topics are 520 pairs: with as many items, each is made once."""
    plan = make_plan(PlanWish(items=520, seed=1), SCAFFOLDS)
    counts = [Counter(getattr(item, axis) for item in plan.items) for axis in ("persona", "arc", "topic")]

    assert len({(item.arc, item.topic) for item in plan.items}) == 520
    assert [len(count) for count in counts] == [6, 13, 40]
    assert all(max(count.values()) - min(count.values()) <= 1 for count in counts)
