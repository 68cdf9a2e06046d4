"""What a model would answer: a conversation, annotations or a judgement, as the request's schema asks for it.

The words follow from the request alone, and two requests that differ have nothing in common but the language.
"""

import json
import random
import re
from collections.abc import Mapping
from typing import Any

from tests.fakes.provider import Asked

_NOUNS = (
    "rent savings loan salary budget invoice pension account transfer contract letter bill deposit household "
    "supermarket insurance payment refund holiday kitchen bicycle landlord neighbour calendar envelope spreadsheet "
    "overdraft heating electricity repair school wedding garden journey office workshop market river station library"
).split()
_VERBS = (
    "covers delays explains reduces moves keeps doubles checks reminds frees carries follows compares settles opens "
    "closes splits gathers measures replaces supports weighs lifts counts"
).split()
_ADJECTIVES = (
    "small monthly old quiet honest late shared careful sudden steady narrow warm spare heavy patient early gentle "
    "plain useful private common"
).split()
_TURNS = re.compile(r"exactly (\d+) messages")


def answer(asked: Asked) -> str:
    """The text of an answer."""
    schema = _schema(asked.body)
    rng = random.Random(f"{asked.system}\n{asked.prompt}\n{asked.body.get('seed')}")
    properties = schema["properties"]
    if "criteria" in properties:
        return json.dumps(_judgement(asked, properties, rng))
    if "title" in properties:
        return json.dumps(_conversation(asked, properties, rng))
    return json.dumps(_annotations(asked, properties, rng))


def sentence(rng: random.Random) -> str:
    """A sentence that nobody said before."""
    first, second = rng.sample(_NOUNS, 2)
    return (
        f"The {rng.choice(_ADJECTIVES)} {first} {rng.choice(_VERBS)} the {rng.choice(_ADJECTIVES)} {second} after "
        f"{rng.randint(2, 90)} {rng.choice(('days', 'weeks', 'months', 'evenings'))}."
    )


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any]:
    if "output_config" in body:
        return body["output_config"]["format"]["schema"]
    return body["response_format"]["json_schema"]["schema"]


def _conversation(asked: Asked, properties: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    turns = int(_TURNS.search(asked.prompt)[1])
    fields = properties["turns"]["items"]["properties"]
    made = []
    for number in range(turns):
        turn = {name: _value(field, rng) for name, field in fields.items() if name not in ("role", "content")}
        turn |= {"role": "assistant" if number % 2 else "user", "content": _words(rng)}
        made.append({name: turn[name] for name in fields})
    told = {name: sentence(rng) for name in properties if name != "turns"}
    return {**told, "turns": made}


def _annotations(asked: Asked, properties: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    [(name, listed)] = properties.items()
    fields = listed["items"]["properties"]
    count = len(re.findall(r"^\[?(?:turn )?\d+", asked.prompt, re.MULTILINE)) or 4
    rows = [
        {field: number if field == "turn" else _value(of, rng) for field, of in fields.items()}
        for number in range(1, count + 1)
    ]
    return {name: rows}


def _judgement(asked: Asked, properties: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    quotes = re.findall(r"The \w+ \w+ \w+ the \w+ \w+ after \d+ \w+\.", asked.prompt)
    criteria = {
        name: {"quote": rng.choice(quotes), "score": rng.choice((4, 4, 5))}
        for name in properties["criteria"]["properties"]
    }
    return {"reason": sentence(rng), "criteria": criteria, "is_arc_reached": True}


def _words(rng: random.Random) -> str:
    return " ".join(sentence(rng) for _ in range(3))


def _value(schema: Mapping[str, Any], rng: random.Random) -> Any:
    if "anyOf" in schema:
        return _value(schema["anyOf"][0], rng)
    if "enum" in schema:
        return rng.choice([each for each in schema["enum"] if each is not None])
    kind = schema["type"]
    kind = kind[0] if isinstance(kind, list) else kind
    if kind in ("number", "integer"):
        return 0 if kind == "integer" else round(rng.uniform(max(0, schema.get("minimum", 0)), 1), 2)
    return sentence(rng)
