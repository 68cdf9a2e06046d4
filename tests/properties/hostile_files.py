"""Files as nobody should upload them: faultless lines, and every way we know to spoil one.

A line is made from a seed by Python's own random, which is a hundred times faster than asking hypothesis for every
character; hypothesis chooses and shrinks how many lines there are, of which kind, and how the file is read.
"""

import json
from collections.abc import Callable
from random import Random

from hypothesis import strategies as st

ROLES = [*"user assistant user assistant system tool function developer human User".split(), "", "é\u2028"]
IDS = ["a", "b", "c", "ä", " ", "\u2028", "a b", "😀", "\u2029x" * 30]
PIECES = [
    *"a b word 1 , . [ ] { } : / ' é ß 中 😀 \U0010ffff \ue000 \ufeff \u0301 \x7f \x80".split(" "),
    *[" ", "  ", "\t", "\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\xa0", "\u1680"],
    *["\u2000", "\u2007", "\u200a", "\u200b", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\u180e", "\x01"],
    *['"', "\\", "\\\\", '\\"', "\\u0041", "\\n", "\\ud800", "[" * 9, '"content"', '"content":'],
]
NUMBERS = ["0", "-0", "1", "12.5", "1e5", "1E-400", "1e999", "-1.0e+7", "9" * 400, "0." + "3" * 60, "9" * 5_000]
NOT_NUMBERS = ["NaN", "Infinity", "-Infinity", "01", "-", "1.", ".5", "1e", "+1", "0x1", "1_0", "١", "--1", "-a"]
NOT_UTF8 = [b"\xff", b"\x80", b"\xc0\x80", b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf0\x9f\x98", b"\xc3"]
ESCAPES = [r"\ud800", r"\udc00", r"\udBff\uDC00", r"\uDC00\ud800", r"\ud83d\ud83d\ude00", r"\u0000", r"\u12", r"\u12g4"]
ESCAPES += [r"\x41", r"\'", "\\", r"\\", r"\\\\", r"\U0041", r"\u", r"\/", r"\u005c", r"\\u0000", r"\\ud800"]
SPACES = ["", "", "", "", " ", "  ", "\t", "\r", " \t\r "]
NOT_SPACES = [b"\x0b", b"\x0c", b"\xc2\xa0", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\0", b"\x1c", b"\xc2\x85"]


# --- faultless lines, written in every way RFC 8259 allows ------------------------------------------------------------


class Literal(str):
    """JSON text that is written as it is."""


class Pairs(list):
    """An object with its keys in order, which may be equal."""


def text_of(random: Random) -> str:
    return "".join(random.choices(PIECES, k=random.choice((0, 1, 1, 2, 3, 5, 8, 30))))


def conversation_of(random: Random) -> Pairs:
    turns = []
    for index in range(random.choice((1, 1, 2, 2, 2, 3, 4, 6))):
        role = random.choice(ROLES) if random.random() < 0.4 else ("user", "assistant")[index % 2]
        turns.append(Pairs([("role", role), ("content", text_of(random))]))
    return Pairs([("conversation_id", random.choice(IDS) + str(random.randrange(20))), ("turns", turns)])


def any_value(random: Random, depth: int = 3) -> object:
    kind = random.randrange(7 if depth else 5)
    if kind == 5:
        return [any_value(random, depth - 1) for _ in range(random.randrange(3))]
    if kind == 6:
        return Pairs((text_of(random), any_value(random, depth - 1)) for _ in range(random.randrange(3)))
    return (text_of(random), Literal(random.choice(NUMBERS)), True, None, False)[kind]


def write(value: object, random: Random, freely: bool) -> str:
    """JSON text of the value; freely: with odd white space and needless escapes."""
    space = (lambda: random.choice(SPACES)) if freely else (lambda: "")
    if isinstance(value, Literal):
        return value
    if isinstance(value, str):
        return '"' + "".join(write_char(char, random, freely) for char in value) + '"'
    if isinstance(value, Pairs):
        fields = (write(k, random, freely) + space() + ":" + space() + write(v, random, freely) for k, v in value)
        return "{" + space() + (space() + "," + space()).join(fields) + space() + "}"
    if isinstance(value, list):
        return "[" + (space() + "," + space()).join(write(item, random, freely) for item in value) + space() + "]"
    return json.dumps(value)


def write_char(char: str, random: Random, freely: bool) -> str:
    if freely and random.random() < 0.2:
        units = char.encode("utf-16-be")
        escaped = "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
        return escaped if random.random() < 0.5 else escaped.upper().replace("\\U", "\\u")
    if freely and char == "/" and random.random() < 0.5:
        return "\\/"
    return json.dumps(char, ensure_ascii=False)[1:-1]


def plain(random: Random, earlier: list[bytes]) -> bytes:
    """A line as a JSON library writes it."""
    return write(conversation_of(random), random, freely=False).encode()


def free(random: Random, earlier: list[bytes]) -> bytes:
    """A faultless line with white space, escapes, other fields and keys in any order."""
    conversation = conversation_of(random)
    for owner in (conversation, *dict(conversation)["turns"]):
        for _ in range(random.choice((0, 0, 1, 2))):
            owner.append((random.choice(("id", "meta", "Role", "", "x" * 50, text_of(random))), any_value(random)))
        random.shuffle(owner)
    return (random.choice(SPACES) + write(conversation, random, freely=True) + random.choice(SPACES)).encode()


def again(random: Random, earlier: list[bytes]) -> bytes:
    """A line that stood before, or its turns under another id and written anew."""
    line = random.choice(earlier or [b""])
    if random.random() < 0.5:
        return line
    try:
        value = json.loads(line, object_pairs_hook=Pairs, parse_int=Literal, parse_float=Literal)
        value[0] = ("conversation_id", random.choice(IDS))
        return write(value, random, freely=True).encode()
    except (ValueError, TypeError, LookupError, RecursionError):
        return line


def twice_given(random: Random, earlier: list[bytes]) -> bytes:
    """Equal keys: the last one counts, whatever the ones before it hold."""
    conversation = conversation_of(random)
    owner = random.choice([conversation, *dict(conversation)["turns"]])
    name, value = random.choice(owner)
    other = random.choice([any_value(random), text_of(random), "\0", Literal(r'"\ud800"'), [], Literal(nested(random))])
    pairs = [(name, other), (name, value)]
    owner[:] = [pair for pair in owner if pair[0] != name]
    for pair in pairs if random.random() < 0.7 else reversed(pairs):
        owner.insert(random.randrange(len(owner) + 1), pair)
    return write(conversation, random, freely=random.random() < 0.5).encode()


# --- lines of the wrong shape -----------------------------------------------------------------------------------------


def misshapen(random: Random, earlier: list[bytes]) -> bytes:
    """A field is missing, empty, of another type, or holds NUL; often several at once."""
    conversation = conversation_of(random)
    turns = dict(conversation)["turns"]
    for _ in range(random.choice((1, 1, 2, 3))):
        owner = random.choice([conversation, *(turn for turn in turns if isinstance(turn, Pairs))])
        at = random.randrange(len(owner)) if owner else 0
        fault = random.randrange(5)
        if fault == 0:
            del owner[at : at + 1]
        elif fault == 1 and owner:
            owner[at] = (owner[at][0], any_value(random))
        elif fault == 2 and owner:
            owner[at] = (owner[at][0], random.choice(["", [], "\0", "a\0b\0", Pairs(), None, Literal(r'"\ud83d"')]))
        elif fault == 3 and owner:
            owner[at] = (random.choice(("Turns", "id", "content ", "rôle", Literal(r'"\udfff"'))), owner[at][1])
        elif turns:
            turns[random.randrange(len(turns))] = any_value(random)
    return write(conversation, random, freely=random.random() < 0.5).encode()


def no_object(random: Random, earlier: list[bytes]) -> bytes:
    """Another JSON value, or none."""
    values = ["null", "true", "[]", "{}", '""', "0", "[{}]", r'"\ud800"']
    fragments = ["nul", "{", "}", '"', "[}", "{]", "a", "#", "\\"]
    return random.choice([*values, *fragments, *NUMBERS, *NOT_NUMBERS]).encode()


def nested(random: Random) -> str:
    """Brackets about as deep as is allowed, or many and shallow, or only in a string."""
    count = random.choice((1, 3, 5, 508, 509, 510, 511, 512, 513, 600, 1_100))
    shape = random.randrange(5)
    if shape == 0:
        return "[" * count + "]" * count
    if shape == 1:
        return '{"a":' * count + "0" + "}" * count
    if shape == 2:
        return "[" + ",".join(["[]"] * count) + "]"
    if shape == 3:
        return '"' + "[" * count + '"'
    return "[" * count + random.choice(("", "]" * (count - 1), '"', '"\\', "1," + "]" * count))


def deep(random: Random, earlier: list[bytes]) -> bytes:
    """Nesting in another field, in a required one, or at the top."""
    conversation = conversation_of(random)
    turn = random.choice(dict(conversation)["turns"])
    value = Literal(nested(random))
    where = random.randrange(4)
    if where == 0:
        conversation.insert(random.randrange(3), ("extra", value))
    elif where == 1:
        turn.insert(random.randrange(3), ("extra", value))
    elif where == 2:
        turn[1] = ("content", value)
    return (value if where == 3 else write(conversation, random, freely=False)).encode()


# --- lines spoilt byte by byte ----------------------------------------------------------------------------------------


def spoilt(random: Random, earlier: list[bytes]) -> bytes:
    """A faultless line after one or more accidents."""
    line = random.choice((plain, free))(random, earlier)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        line = random.choice(ACCIDENTS)(random, line)
    return line


def somewhere(random: Random, line: bytes) -> int:
    """A place in the line; often just inside a string, where most accidents matter."""
    quotes = [at for at, byte in enumerate(line) if byte == ord('"')]
    if quotes and random.random() < 0.6:
        return min(len(line), random.choice(quotes) + random.randrange(3))
    return random.randrange(len(line) + 1)


def inserted(what: Callable[[Random], bytes]) -> Callable[[Random, bytes], bytes]:
    def accident(random: Random, line: bytes) -> bytes:
        at = somewhere(random, line)
        return line[:at] + what(random) + line[at:]

    return accident


def flip(random: Random, line: bytes) -> bytes:
    at = random.randrange(len(line) or 1)
    return line[:at] + bytes([line[at] ^ 1 << random.randrange(8)]) + line[at + 1 :] if line else line


def delete(random: Random, line: bytes) -> bytes:
    at = somewhere(random, line)
    return line[:at] + line[at + random.choice((1, 1, 2, 10)) :]


def cut_off(random: Random, line: bytes) -> bytes:
    return line[: random.randrange(len(line) + 1)]


def broken_in_two(random: Random, line: bytes) -> bytes:
    r"""A pretty-printed object, or one whose text has a raw line feed."""
    places = [at for at, byte in enumerate(line) if byte in b"{}[],: "]
    for at in sorted(random.sample(places, min(len(places), random.choice((1, 1, 2, 5)))), reverse=True):
        at += random.randrange(2)
        line = line[:at] + random.choice((b"\n", b"\r\n", b"\n  ")) + line[at:]
    return line


def glued(random: Random, line: bytes) -> bytes:
    """Two values on one line."""
    return line + random.choice((b"", b" ", b",", b"\r", b"\t")) + random.choice((line, b"{}", b"1", b'""', b"}", b"]"))


def replaced(random: Random, line: bytes) -> bytes:
    """A value becomes something that is no JSON, or a comma too many."""
    old, new = random.choice([(b'"}', b'",}'), (b"}]", b"},]"), (b'"user"', b"NaN"), (b'":', b'"'), (b'"', b"'")])
    if random.random() < 0.5:
        old, new = b'"user"', random.choice(NOT_NUMBERS).encode()
    return line.replace(old, new, random.choice((1, -1)))


ACCIDENTS: list[Callable[[Random, bytes], bytes]] = [
    flip,
    delete,
    cut_off,
    broken_in_two,
    glued,
    replaced,
    inserted(lambda random: bytes([random.randrange(256)])),
    inserted(lambda random: bytes([random.randrange(32)])),
    inserted(lambda random: random.choice(NOT_UTF8)),
    inserted(lambda random: random.choice(ESCAPES).encode()),
    inserted(lambda random: b"\\" * random.randrange(1, 9)),
    inserted(lambda random: random.choice(NOT_SPACES)),
    lambda random, line: random.choice(NOT_SPACES) + line,
    lambda random, line: line + random.choice(NOT_SPACES),
]


def blank(random: Random, earlier: list[bytes]) -> bytes:
    """A line of white space; some of it only looks like it."""
    return b"".join(random.choices([b"", b" ", b"\t", b"\r"], k=3)) + random.choice((b"", b"", b"", *NOT_SPACES))


# --- files ------------------------------------------------------------------------------------------------------------

KINDS = [plain, plain, plain, free, free, again, twice_given, misshapen, misshapen, no_object, deep, spoilt, spoilt]
KINDS += [spoilt, blank]


def make_file(recipe: list[tuple[int, int]], seed: int) -> bytes:
    """The bytes of a file. recipe: kind and seed of each line."""
    lines: list[bytes] = []
    for kind, line_seed in recipe:
        lines.append(KINDS[kind](Random(line_seed), lines))
    random = Random(seed)
    ends = random.choice(([b"\n"], [b"\r\n"], [b"\n", b"\r\n"], [b"\n", b"\n\n", b"\r"]))
    data = b"".join(line + random.choice(ends) for line in lines)
    if random.random() < 0.2:
        data = regrouped(random, data)
    head = random.choice((b"", b"", b"", b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf", b"\xef\xbb", b"\n"))
    tail = random.choice((b"", b"", b"", b"\n", b" ", b"\r", b"\0", b"{"))
    data = head + data + tail
    return data.removesuffix(b"\n") if random.random() < 0.3 else data


def regrouped(random: Random, data: bytes) -> bytes:
    """As many lines and values as before, but two values on one line and one on two."""
    ends = [at for at, byte in enumerate(data[:-1]) if byte == ord("\n")]
    places = [at for at, byte in enumerate(data) if byte in b"{}[], "]
    if ends and places:
        end, place = random.choice(ends), random.choice(places)
        data = data[:end] + b" " + data[end + 1 :]
        data = (
            data[:place]
            + random.choice((b"\n" + data[place : place + 1], data[place : place + 1] + b"\n"))
            + data[place + 1 :]
        )
    return data


seeds = st.integers(0, 2**32)
kinds = st.integers(0, len(KINDS) - 1)
# Most files have many faultless lines in a row, so that the fast path is taken and left again.
recipes = st.one_of(
    st.lists(st.tuples(kinds, seeds), max_size=12),
    st.lists(st.tuples(st.sampled_from([0, 0, 0, 0, 3, 6]), seeds), max_size=12),
    st.lists(st.tuples(st.sampled_from([0, *range(len(KINDS))]), seeds), min_size=1, max_size=2),
)
files = st.builds(make_file, recipes, seeds)
