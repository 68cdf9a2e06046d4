"""Spoils rows of any format: values, keys and whole bytes change at random, so that nobody can foresee the verdict."""

import json
from random import Random

from tests.properties.formats_rows import KINDS, Kind
from tests.properties.hostile_files import ACCIDENTS, Literal, Pairs, any_value, nested, write

NAMES = (
    *"role content from value speaker utterance text messages conversations turns id conversation_id tools".split(),
    *"functions tool_calls function_call function arguments name weight loss_weight tool_call_id label type".split(),
    *"prompt completion response chosen rejected instruction input output history system".split(),
)
VALUES = (
    *('""', "[]", "{}", "null", "true", "0", "1", "0.5", "-1", "1e999", "9" * 30, "9" * 400, "9" * 5_000, "1.50"),
    *(r'"\u0000"', r'"a\u0000"', r'"\ud800"', r'"\ud83d\ude00"', '"user"', '"gpt"', '"function_call"', '"😀"'),
    *(r'"{\"name\": \"f\", \"arguments\": {\"a\": 1}}"', '"[]"', r'"\"\""', "[[1, 2]]", '["a", "b"]', '[{"type": 1}]'),
    *('[{"type": "text", "text": "x"}]', '[{"type": "image_url"}]', '[{"name": "f"}]', '{"name": "f"}', '"row-1"'),
    *('[{"function": {"name": "f", "arguments": 1e400}}]', '[{"role": "user", "content": "x"}]', '{"value": "x"}'),
    *(r'[{"name": "\ud800"}]', r'{"\ud800": 1}', '[["a", "b"]]', '[9999999999999999999999999]', '[1e999]', "[1.0]"),
)  # fmt: skip


def pairs(value: object) -> object:
    """Objects with their keys in order, which may then be equal."""
    if isinstance(value, dict):
        return Pairs((name, pairs(each)) for name, each in value.items())
    return [pairs(each) for each in value] if isinstance(value, list) else value


def owners(value: object) -> list[list[object]]:
    """Every object and list in the value."""
    if isinstance(value, Pairs):
        return [value, *(owner for _, each in value for owner in owners(each))]
    return [value, *(owner for each in value for owner in owners(each))] if isinstance(value, list) else []


def odd_value(random: Random) -> object:
    """A value that is wrong in most places."""
    kind = random.randrange(10)
    if kind == 0:
        return Literal(nested(random))
    return any_value(random) if kind < 3 else Literal(random.choice(VALUES))


def change(random: Random, row: object) -> None:
    """Change one thing somewhere in the row."""
    owner = random.choice(owners(row))
    at = random.randrange(len(owner)) if owner else 0
    deed = random.randrange(5)
    if deed == 0:
        del owner[at : at + 1]
    elif deed == 1 and isinstance(owner, Pairs):
        owner.insert(at, (random.choice(NAMES), odd_value(random)))
    elif deed == 2 and owner and isinstance(owner, Pairs):
        owner[at] = (random.choice(NAMES), owner[at][1])
    elif deed == 3:
        random.shuffle(owner)
    elif owner:
        owner[at] = (owner[at][0], odd_value(random)) if isinstance(owner, Pairs) else odd_value(random)


def line(random: Random, kind: Kind, n: int) -> bytes:
    """A line of a file of this kind, right or wrong; never blank, and without line breaks."""
    other = random.choice(KINDS) if random.random() < 0.1 else kind
    row = other.make(random, n)
    deed = random.randrange(8)
    if deed < 3:
        return json.dumps(row, ensure_ascii=random.random() < 0.5).encode()
    spoilt = [pairs(row)]
    if deed > 3:
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            change(random, spoilt[0])
    written = write(spoilt[0], random, freely=random.random() < 0.5).encode()
    if deed == 7:
        written = random.choice(ACCIDENTS)(random, written)
    written = written.replace(b"\n", b" ").removeprefix(b"\xef\xbb\xbf")
    return written if written.strip(b" \t\r") else b"x"
