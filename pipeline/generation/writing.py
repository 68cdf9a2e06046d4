"""From a planned item to the request that has it written: the same item, the same bytes.

What is the same comes first, so that providers keep it: the rules, then the template's system prompt, which all
conversations of an arc have, then what is this one's own. The words are in `writing_rules.py` and in the scaffolds.
"""

import json
from collections.abc import Sequence

from pipeline.generation.filling import arc_values, filled, item_values
from pipeline.generation.model import PlannedItem, PromptTemplate, Scaffolds
from pipeline.generation.writing_rules import RULES, WRITES_SYSTEM
from pipeline.generation.written_answers import Schema, answer_schema, closed_object
from pipeline.llm.asking import Message, Request

# Room for what the rules ask for at its longest: an answer of 180 words is some 240 tokens of English, its values 60;
# half as much again for other languages and for models that write more than they were told.
_MOST_TOKENS_A_TURN, _MOST_TOKENS_MORE = 450, 800


def write_request(
    item: PlannedItem,
    scaffolds: Scaffolds,
    model: str,
    custom_id: str,
    avoid_openings: Sequence[str] = (),
    *,
    is_bounded: bool = False,
) -> Request:
    """What a model is asked so that it writes the item's conversation; answered with a `WrittenConversation`.

    custom_id: 1 to 64 of `[a-zA-Z0-9_-]`, the caller's. avoid_openings: beginnings of other conversations, which this
    one is not to have. is_bounded: whether the schema bounds the number of turns, which OpenAI's and local models take
    and Anthropic's refuse; the prompt tells it in any case.
    """
    template, arc = scaffolds.templates[item.template], scaffolds.arcs[item.arc]
    schema = answer_schema(arc)
    if not template.trained_system:
        schema = _with_system(schema)
    return Request(
        custom_id=custom_id,
        model=model,
        system=system_prompt(item, scaffolds),
        messages=(Message("user", _prompt(item, scaffolds, avoid_openings)),),
        max_tokens=most_tokens(item.turns),
        schema=_bounded(schema, item.turns) if is_bounded else schema,
        seed=item.seed,
    )


def system_prompt(item: PlannedItem, scaffolds: Scaffolds) -> str:
    """What comes before the prompt: the same for all items of a template and an arc."""
    template = scaffolds.templates[item.template]
    own = filled(template.system, arc_values(scaffolds.arcs[item.arc])).strip()
    return f"{RULES}{_about_system(template)}\n{own}"


def most_tokens(turns: int) -> int:
    """What an answer of so many turns may have."""
    return _MOST_TOKENS_A_TURN * turns + _MOST_TOKENS_MORE


def _about_system(template: PromptTemplate) -> str:
    if not template.trained_system:
        return WRITES_SYSTEM
    return f"\nThe assistant has been told this, and nothing else:\n{template.trained_system.strip()}\n"


def _prompt(item: PlannedItem, scaffolds: Scaffolds, avoid_openings: Sequence[str]) -> str:
    own = filled(scaffolds.templates[item.template].prompt, item_values(item, scaffolds)).strip()
    if not avoid_openings:
        return own
    listed = "\n".join(f"- {json.dumps(opening, ensure_ascii=False)}" for opening in avoid_openings)
    return f"{own}\n\nOther conversations begin like this. Begin with other words and another thought:\n{listed}"


def _with_system(schema: Schema) -> Schema:
    """The schema with a system prompt to be written, before the turns."""
    properties = dict(schema["properties"])
    turns = properties.pop("turns")
    return closed_object({**properties, "system": {"type": "string"}, "turns": turns})


def _bounded(schema: Schema, turns: int) -> Schema:
    properties = dict(schema["properties"])
    properties["turns"] = {**properties["turns"], "minItems": turns, "maxItems": turns}
    return closed_object(properties)
