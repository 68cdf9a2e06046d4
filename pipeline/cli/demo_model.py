"""A stand-in for a model, in this process: it speaks OpenAI's wire, and writes by rule what the schema asks for.

It is what `demo --generate` asks where there is neither key nor network. Its conversations read like an exercise; that
they are made, annotated, judged and paid is as with a real one.
"""

import hashlib
import json
import random
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WRITER, JUDGE = "stand-in-writer", "stand-in-judge"
PRICES = "".join(
    f"""
[[inference_prices]]
name = "{name}"
provider = "local"
input_usd = 0.05
output_usd = 0.25
cache_write_usd = 0.05
cache_read_usd = 0.05
source = "the demo's own: what an hour of one's own machine may cost a million tokens"
as_of = 2026-11-29
"""
    for name in (WRITER, JUDGE)
)
_TURNS = re.compile(r"exactly (\d+) messages")
# What differs stands at both ends: no opening and no closing line may be common to many conversations.
_ASKED = (
    "{when} {thing} came up, and {feeling}. {question} It is about {number} in all.",
    "{thing}, {when}: {feeling}. {question} I had thought of {number}.",
    "{thing} and {other} together {when}, and {feeling}. {question} That makes {number}.",
)
_ANSWERED = (
    "{thing} and {other} are two matters. {step} {reason} The {number} can wait for {later}.",
    "{number} sounds like much {when}. {step} {reason} Look at {other} again {later}.",
    "{when} is not the hour for {thing}. {step} {reason} Then {other} is left, {later}.",
)
_FIRST = (
    "the rent|a letter from the bank|the heating bill|my savings|the car repair|the school trip|an old loan|the payslip"
    "|the tax bill|a card statement|the insurance|the phone contract|the deposit|a gift for my sister|the pension paper"
    "|the invoice of last month|the overdraft|the club fee|a refund|the new fridge"
).split("|")
_WHEN = (
    "this morning|on Tuesday|after the night shift|at the kitchen table|before breakfast|on the bus|last weekend"
    "|while the children slept|during lunch|yesterday evening|two weeks ago|in the waiting room"
).split("|")
_FEELING = (
    "I could not look at it for long|my stomach turned|I felt smaller than I am|I was almost relieved|I got angry"
    "|I counted everything twice|I put it back into the drawer|I laughed, which surprised me|I did not know whom to ask"
    "|I wrote a number down and crossed it out"
).split("|")
_QUESTION = (
    "Where would you begin?|Is that as bad as it sounds?|What do other people do?|Which part comes first?"
    "|Do I have to decide now?|What would you want to know?|Can I do that in an hour?|Who could help me read it?"
).split("|")
_STEP = (
    "Write down the one date that matters, and nothing else.|Put the {number} that you know into one column."
    "|Call them and ask for the amount in writing.|Leave {number} aside before anything else goes out."
    "|Open only the newest envelope today.|Tell one person whom you trust what the figure is."
    "|Compare the last {number} months side by side.|Ask for a plan in {number} parts, and wait for their answer."
).split("|")
_REASON = (
    "A figure on paper is smaller than one in the head.|It tells you what is left to choose."
    "|After that the next step is yours to pick.|Nothing else has to be settled this week."
    "|It buys time without a promise.|You will see which of the worries has a date."
    "|That is enough for one evening.|From there we can look at the rest together."
).split("|")


@contextmanager
def stand_in() -> Iterator[str]:
    """Serve it on a free port of this machine; yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # the library's name
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        content = json.dumps(completion(json.loads(body))).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # the library's name
        """Say nothing: a terminal is for the demo."""


def completion(request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a request of chat completions: the same one gives the same."""
    asked = "\n".join(str(message["content"]) for message in request["messages"])
    text = json.dumps(_answer(asked, request["response_format"]["json_schema"]["schema"], request.get("seed")))
    usage = {"prompt_tokens": len(asked) // 4 + 1, "completion_tokens": len(text) // 4 + 1}
    return {
        "id": "stand-in",
        "object": "chat.completion",
        "model": request["model"],
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": usage | {"total_tokens": sum(usage.values())},
    }


def _answer(asked: str, schema: Mapping[str, Any], seed: object) -> dict[str, Any]:
    rng = random.Random(hashlib.sha256(f"{seed}\n{asked}".encode()).digest())
    properties = schema["properties"]
    if "criteria" in properties:
        return _judgement(asked, properties["criteria"]["properties"], rng)
    [listed] = [name for name, field in properties.items() if field.get("type") == "array"]
    fields = properties[listed]["items"]["properties"]
    told = {name: _sentence(_ASKED, rng)[:60] for name in properties if name != listed}
    return told | {listed: [_turn(number, fields, rng) for number in range(_count(asked))]}


def _count(asked: str) -> int:
    found = _TURNS.search(asked)
    return int(found[1]) if found else max(2, len(re.findall(r"(?m)^\W*(?:turn )?\d+\W", asked)))


def _turn(number: int, fields: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    patterns = _ANSWERED if number % 2 else _ASKED
    known = {
        "role": "assistant" if number % 2 else "user",
        "content": " ".join(_sentence(patterns, rng) for _ in range(2)),
        "turn": number + 1,
    }
    return {name: known[name] if name in known else _value(field, rng) for name, field in fields.items()}


def _sentence(patterns: tuple[str, ...], rng: random.Random) -> str:
    thing, other = rng.sample(_FIRST, 2)
    when, later = rng.sample(_WHEN, 2)
    filled = rng.choice(patterns).format(
        thing=thing,
        other=other,
        when=when,
        later=later.replace("yesterday", "tomorrow"),
        number=rng.randint(40, 4_000),
        feeling=rng.choice(_FEELING),
        question=rng.choice(_QUESTION),
        step=rng.choice(_STEP).format(number=rng.randint(2, 900)),
        reason=rng.choice(_REASON),
    )
    return filled[:1].upper() + filled[1:]


def _judgement(asked: str, criteria: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    said = asked.rpartition("<conversation>")[2].partition("</conversation>")[0]
    quotes = re.findall(r"[A-Z][^.?!\n\"]{25,90}[.?!]", said) or [""]
    judged = {name: {"quote": rng.choice(quotes), "score": rng.choice((3, 4, 4, 5))} for name in criteria}
    return {"reason": "It stays with what was said.", "criteria": judged, "is_arc_reached": True}


def _value(schema: Mapping[str, Any], rng: random.Random) -> Any:
    if "anyOf" in schema:
        return _value(schema["anyOf"][0], rng)
    if "enum" in schema:
        return rng.choice([each for each in schema["enum"] if each is not None])
    kind = schema["type"][0] if isinstance(schema["type"], list) else schema["type"]
    if kind == "string":
        return "steady"
    return rng.randint(1, 3) if kind == "integer" else round(rng.random(), 2)
