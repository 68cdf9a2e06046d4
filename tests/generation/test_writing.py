"""Requests: the same item, the same bytes; what is the same comes first.

`tests/golden/generation/request.txt` is one as it is sent; `python -m tests.generation.test_writing` writes it anew.
"""

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from pipeline.generation.plan import make_plan, refill
from pipeline.generation.scaffold_files import load_scaffolds
from pipeline.generation.wish import PlanWish
from pipeline.generation.writing import most_tokens, system_prompt, write_request
from pipeline.generation.writing_rules import RULES
from tests.generation.small_scaffolds import scaffolds, template

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "generation" / "request.txt"


def _golden_text():
    scaffolds_ = load_scaffolds()
    item = make_plan(PlanWish(items=9, seed=4, arcs=("shame_to_self_respect",)), scaffolds_).items[0]
    request = write_request(item, scaffolds_, "some-model", "item-1", ["hi, i just came off", "sorry, but"])
    parts = (request.system, request.messages[0].content, json.dumps(request.schema, indent=1))
    return "\n\n==========\n\n".join(parts) + f"\n\nmax_tokens {request.max_tokens}, seed {request.seed}\n"


def test_a_request_is_what_it_was():
    assert _golden_text() == GOLDEN.read_text("utf-8")


def _items(count=30, **wish):
    given = scaffolds()
    return make_plan(PlanWish(items=count, **wish), given), given


def test_the_same_item_gives_the_same_bytes():
    plan, given = _items()
    again, _ = _items()

    one, other = (
        [msgspec.json.encode(write_request(item, given, "m", f"i-{item.number}")) for item in each.items]
        for each in (plan, again)
    )

    assert one == other
    assert len({write_request(item, given, "m", "x").messages for item in plan.items}) == len(plan.items)


def test_another_draw_asks_for_something_else():
    plan, given = _items(6)

    first = [write_request(item, given, "m", "x") for item in plan.items]
    second = [write_request(item, given, "m", "x") for item in refill(plan, given, range(1, 7), 1)]

    assert all(
        one.messages != other.messages and one.seed != other.seed for one, other in zip(first, second, strict=True)
    )


def test_what_is_the_same_for_all_of_an_arc_comes_first():
    plan, given = _items()

    prompts = {(item.arc, write_request(item, given, "m", "x").system) for item in plan.items}

    assert len(prompts) == 3
    assert all(system.startswith(RULES) for _, system in prompts)


def test_openings_to_avoid_stand_last_each_on_its_line():
    plan, given = _items(1)

    without, with_ = (
        write_request(plan.items[0], given, "m", "x", avoid) for avoid in ((), ('Hi "you"', "two\nlines"))
    )

    assert with_.messages[0].content == (
        f"{without.messages[0].content}\n\n"
        "Other conversations begin like this. Begin with other words and another thought:\n"
        '- "Hi \\"you\\""\n- "two\\nlines"'
    )
    assert (with_.system, with_.schema) == (without.system, without.schema)


def test_the_model_writes_a_system_prompt_where_the_template_has_none():
    plan, given = _items(1)
    told = replace(given, templates={"plain": template("plain", trained_system="You help.")})

    free, fixed = (write_request(plan.items[0], each, "m", "x") for each in (given, told))

    assert list(free.schema["properties"]) == ["title", "session_context", "expected_outcome", "system", "turns"]
    assert list(fixed.schema["properties"]) == ["title", "session_context", "expected_outcome", "turns"]
    assert "- system: two or three sentences" in free.system
    assert "\nYou help.\n" in fixed.system
    assert "- system:" not in fixed.system


def _keywords(schema):
    """Every keyword in a schema; names of properties are none."""
    if isinstance(schema, list):
        return {word for each in schema for word in _keywords(each)}
    if not isinstance(schema, dict):
        return set()
    below = {word for name, value in schema.items() if name != "properties" for word in _keywords(value)}
    return set(schema) | below | {word for each in schema.get("properties", {}).values() for word in _keywords(each)}


def test_the_schema_has_only_what_every_provider_takes():
    """Anthropic's structured outputs refuse bounds: of numbers, of texts, and of lists beyond one."""
    plan, given = _items(1)

    plain, bounded = (
        write_request(plan.items[0], given, "m", "x", is_bounded=is_bounded).schema for is_bounded in (False, True)
    )

    assert _keywords(plain) == {
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "enum",
        "anyOf",
        "description",
    }
    assert _keywords(bounded) - _keywords(plain) == {"minItems", "maxItems"}
    assert (
        bounded["properties"]["turns"]["minItems"] == bounded["properties"]["turns"]["maxItems"] == plan.items[0].turns
    )


def test_the_answer_has_room_by_its_turns():
    plan, given = _items(1)
    item = plan.items[0]

    assert write_request(item, given, "m", "x").max_tokens == most_tokens(item.turns)
    assert most_tokens(12) - most_tokens(10) == 900


@pytest.mark.parametrize("text", ["{", "}} {turns", "{} {0} {a.b}", '{"role": "user"}'])
def test_a_brace_in_a_text_stays_a_brace(text):
    plan, given = _items(1)
    given = replace(given, templates={"plain": template("plain", system=text, prompt=text)})

    request = write_request(plan.items[0], given, "m", "x")

    assert request.messages[0].content == text
    assert system_prompt(plan.items[0], given).endswith(text)


if __name__ == "__main__":
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(_golden_text(), "utf-8")
