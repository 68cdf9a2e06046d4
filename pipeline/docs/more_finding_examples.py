"""Examples of what only some formats can have, and of what a person would not want to train on.

`finding_examples.py` joins them with those of the native format. Secrets and personal data here are made up.
"""

import gzip
import io
import json
import zipfile

from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.rules.answer_rules import ANSWER_RULES
from pipeline.docs.example import Example


def _chat(*messages: dict[str, object], **fields: object) -> bytes:
    return json.dumps({"messages": messages, **fields}, ensure_ascii=False).encode() + b"\n"


def _said(role: str, content: str, **fields: object) -> dict[str, object]:
    return {"role": role, "content": content, **fields}


def _called(arguments: object, name: str = "f", **fields: object) -> dict[str, object]:
    function = {"name": name, "arguments": arguments}
    return {"role": "assistant", **fields, "tool_calls": [{"id": "1", "type": "function", "function": function}]}


def _answer(text: str, question: str = "Hello") -> Example:
    return Example(_chat(_said("user", question), _said("assistant", text)))


def _many(count: int, *answers: str, note: str) -> Example:
    pairs = [(f"Question {index}", answers[index % len(answers)]) for index in range(count)]
    data = b"".join(_chat(_said("user", question), _said("assistant", answer)) for question, answer in pairs)
    return Example(data, note, abridged=_shortened(data.split(b"\n")[0].decode()) + "\n…")


def _shortened(line: str) -> str:
    return line if len(line) <= 150 else line[:149] + "…"


def _wide(data: bytes) -> Example:
    return Example(data, abridged=_shortened(data.decode().rstrip("\n")))


def _zip(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)  # of one day, so that it has the same bytes on any other
    return made.getvalue()


_USER, _DONE = _said("user", "Hello"), _said("assistant", "Hi!")
_RESULT = _said("tool", "42", tool_call_id="1")
_ENGLISH = "The weather will be fine tomorrow, so we could walk along the river and eat under the trees."
_GERMAN = "Das Wetter wird morgen schön, wir könnten also am Fluss entlang gehen und unter den Bäumen essen."
_LONG = (
    "The harbour was quiet that morning, and the boats lay still on the grey water while the gulls slept on the wall. "
)

FORMAT_EXAMPLES: dict[str, Example] = {
    "broken-archive": Example(
        gzip.compress(_chat(_USER, _DONE), mtime=0)[:-12], "a .gz that was cut off", abridged="\\x1f\\x8b\\x08\\x00…"
    ),
    "expands-too-much": Example(
        gzip.compress(b" " * 80_000_000, mtime=0), "a .gz of 80 million spaces", abridged="\\x1f\\x8b\\x08\\x00…"
    ),
    "unpacked-too-large": Example(
        gzip.compress(_chat(_USER, _DONE) * 2, mtime=0),
        "a .gz of more than `LORA_MAX_UNPACKED_BYTES`",
        rules=Rules(Limits(max_unpacked_bytes=100)),
        abridged="\\x1f\\x8b\\x08\\x00…",
    ),
    "window-too-large": Example(
        b"\x28\xb5\x2f\xfd\x80\xa8" + (2**30).to_bytes(4, "little"),
        "a .zst of a gigabyte, made with --long=31",
        abridged="\\x28\\xb5\\x2f\\xfd…",
    ),
    "archive-without-data": Example(
        _zip({"README.md": b"Our data"}), "a .zip of a README alone", abridged="PK\\x03\\x04…README.md…"
    ),
    "mixed-archive": Example(
        _zip({"a.jsonl": _chat(_USER, _DONE), "b.csv": b"question,answer\nHow long?,Three minutes.\n"}),
        "a .zip of lines and a table",
        abridged="PK\\x03\\x04…a.jsonl…b.csv…",
    ),
    "archive-not-read": Example(
        _zip({"../a.jsonl": _chat(_USER, _DONE)}),
        "a .zip whose file would be put outside of it",
        abridged="PK\\x03\\x04…../a.jsonl…",
    ),
    "data-passed-over": Example(
        _zip({"a.jsonl": _chat(_USER, _DONE), ".b.jsonl": _chat(_USER, _DONE)}),
        "a .zip with a hidden file",
        abridged="PK\\x03\\x04…a.jsonl….b.jsonl…",
    ),
    "splits-in-archive": Example(
        _zip({"train.jsonl": _chat(_USER, _DONE), "test.jsonl": _chat(_said("user", "Good day"), _DONE)}),
        "a .zip of two splits",
        abridged="PK\\x03\\x04…train.jsonl…test.jsonl…",
    ),
    "unknown-format": Example(b'{"question": "How long?", "answer": "Three minutes.", "context": "A book on tea."}\n'),
    "unreadable-rows": Example(b'data: {"prompt": "How long?", "completion": "Three minutes."}\n'),
    "number-too-large": Example(b'{"prompt": "How long?", "completion": "Three minutes.", "score": 1e999}\n'),
    "integer-too-large": Example(_chat(_USER, _DONE, id=12345678901234567890)),
    "other-format": Example(_chat(_USER, _DONE) * 2 + b'{"instruction": "Hello", "output": "Hi!"}\n'),
    "malformed-tool-call": Example(
        b'{"conversations": [{"from": "human", "value": "2+2?"}, {"from": "function_call", "value": "add(2, 2)"}]}\n'
    ),
    "ambiguous-answer": Example(b'{"instruction": "Hello", "output": "Hi!", "response": "Good day."}\n'),
    "system-not-first": Example(_chat(_USER, _said("system", "Be brief."), _DONE)),
    "several-system-turns": _wide(_chat(_said("system", "Be brief."), _said("system", "Be kind."), _USER, _DONE)),
    "first-turn-not-user": Example(_chat(_DONE, _USER, _DONE)),
    "consecutive-tool-results": _wide(_chat(_USER, _called("{}"), _RESULT, {**_RESULT, "tool_call_id": "2"}, _DONE)),
    "tool-result-without-call": Example(_chat(_USER, _RESULT, _DONE)),
    "tool-call-without-result": _wide(_chat(_USER, _called("{}"), _USER, _DONE)),
    "partial-weight": Example(_chat(_USER, {**_DONE, "weight": 0.5})),
    "weight-on-non-assistant": Example(_chat({**_USER, "weight": 1}, _DONE)),
    "unsupported-content-part": _wide(
        _chat({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "cat.png"}}]}, _DONE)
    ),
    "double-encoded-arguments": _wide(_chat(_USER, _called('"{\\"a\\": 1}"'), _RESULT, _DONE)),
    "arguments-not-json": _wide(_chat(_USER, _called("a=1"), _RESULT, _DONE)),
    "odd-field-name": Example(b'{"Instruction": "How long?", "Output": "Three minutes."}\n'),
    "type-drift": Example(_chat(_USER, _DONE, id=1) + _chat(_said("user", "Hey"), _said("assistant", "Ho!"), id="b")),
    "repeated-key": Example(
        b'{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hm", "content": "Hi!"}]}\n'
    ),
    "nothing-supervised": Example(_chat(_USER, {**_DONE, "weight": 0})),
}

TOOL_SHAPE_EXAMPLES: dict[str, Example] = {
    "tool-call-without-id": _wide(
        _chat(
            _USER, {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}, _RESULT, _DONE
        )
    ),
    "tool-result-without-id": _wide(_chat(_USER, _called("{}"), _said("tool", "42"), _DONE)),
    "tool-call-without-type": _wide(
        _chat(_USER, {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f"}}]}, _RESULT, _DONE)
    ),
    "function-name-not-plain": _wide(_chat(_USER, _called("{}", "get price"), _RESULT, _DONE)),
    "words-beside-tool-call": _wide(_chat(_USER, _called("{}", content="Let me look."), _RESULT, _DONE)),
    "tool-result-of-unknown-call": _wide(_chat(_USER, _called("{}"), {**_RESULT, "tool_call_id": "7"}, _DONE)),
    "tool-call-answered-twice": _wide(_chat(_USER, _called("{}"), _RESULT, _RESULT, _DONE)),
    "tool-call-id-repeated": _wide(_chat(_USER, _called("{}"), _RESULT, _called("{}"), _RESULT, _DONE)),
    "tool-result-in-parts": _wide(
        _chat(_USER, _called("{}"), {**_RESULT, "content": [{"type": "text", "text": "42"}]}, _DONE)
    ),
    "tool-without-wrapper": _wide(_chat(_USER, _DONE, tools=[{"name": "f", "parameters": {}}])),
    "tool-call-id-not-nine": _wide(_chat(_USER, _called("{}"), _RESULT, _DONE)),
    "role-tag-not-usual": Example(
        b'{"conversations": [{"from": "user", "value": "Hello"}, {"from": "assistant", "value": "Hi!"}]}\n'
    ),
    "arguments-object": _wide(_chat(_USER, _called({"a": 1}), _RESULT, _DONE)),
}

BESIDE_EXAMPLES: dict[str, Example] = {
    "media-beside-text": Example(_chat(_USER, _DONE, images=["cat.png"])),
    "media-mark": Example(_chat(_said("user", "<image>\nWhat is this?"), _said("assistant", "A cat."))),
    "reasoning-not-closed": _answer("<think>A greeting. I greet as well."),
    "reasoning-not-opened": _answer("A greeting.</think>Hi!"),
    "reasoning-without-answer": _answer("<think>A greeting. I greet as well.</think>"),
    "reasoning-apart": Example(_chat(_USER, {**_DONE, "reasoning_content": "A greeting."})),
    "reasoning-in-earlier-answers": _wide(_chat(_USER, _said("assistant", "<think>Hm.</think>Hi!"), _USER, _DONE)),
    "mixed-reasoning": Example(
        _chat(_USER, _said("assistant", "<think>Hm.</think>Hi!")) + _chat(_said("user", "Hey"), _DONE)
    ),
}


def _pair(turn: int, history: list[dict[str, object]], asked: str, answer: str | None) -> dict[str, object]:
    said = {"conversation_history": history, "current_user_input": asked, "target_response": answer}
    return {"id": f"c-1_turn{turn}", "conversation_id": "c-1", "turn_number": turn, **said}


def _pairs(*pairs: dict[str, object], first: bytes = b"") -> Example:
    data = first + b"".join(json.dumps(pair).encode() + b"\n" for pair in pairs)
    return Example(data, abridged="\n".join(map(_shortened, data.decode().splitlines())))


def _reply(name: str, parent: str | None, text: str, **fields: object) -> dict[str, object]:
    role = "prompter" if parent is None else "assistant"
    return {"message_id": name, "parent_id": parent, "role": role, "text": text, **fields}


PAIR_EXAMPLES: dict[str, Example] = {
    "different-prompts": Example(
        json.dumps(
            {
                "chosen": "\n\nHuman: How long?\n\nAssistant: Three minutes.",
                "rejected": "\n\nHuman: How hot?\n\nAssistant: I do not know.",
            }
        ).encode()
        + b"\n"
    ),
    "message-without-key": _pairs(
        *({"conversation_id": "c-1", **message} for message in (_USER, _DONE)), {"role": "user", "content": "Thanks."}
    ),
    "message-without-parent": _pairs(
        _reply("a", None, "Hello"), _reply("b", "a", "Hi!"), _reply("d", "c", "Three minutes.")
    ),
    "other-replies-left-out": _pairs(
        _reply("a", None, "Hello"), _reply("b", "a", "Hi!", rank=0), _reply("c", "a", "What?", rank=1)
    ),
    "contradicting-pairs": _pairs(
        _pair(1, [], "Hello", "Hi!"), _pair(2, [_said("user", "Good day"), _DONE], "How are you?", "Fine.")
    ),
    "pair-without-target": _pairs(_pair(1, [], "Hello", "Hi!"), _pair(2, [_USER, _DONE], "How are you?", None)),
    "file-metadata-line": _pairs(_pair(1, [], "Hello", "Hi!"), first=b'{"_meta": {"version": "4.0.0"}}\n'),
}

QUALITY_EXAMPLES: dict[str, Example] = {
    **{rule.kind.code: Example(_chat(*map(_said, ("user", "assistant"), rule.example))) for rule in ANSWER_RULES},
    "refusal": _answer("I'm sorry, but I can't help with that."),
    "assistant-boilerplate": _answer("As an AI language model, I have no favourite colour."),
    "degenerate-repetition": Example(
        _answer("I think that it is so. " * 30).data,
        abridged=_chat(_USER, _said("assistant", "I think that it is so. I think that it is so. …")).decode().strip(),
    ),
    "email-address": _answer("Write to jane.doe@mailbox-of-jane.org."),
    "phone-number": _answer("Call me: Tel. +49 30 901820"),
    "credit-card-number": _answer("Pay with 4539 1488 0343 6467."),
    "iban": _answer("The account is DE89 3704 0044 0532 0130 00."),
    "social-security-number": _answer("My SSN is 536-22-8145."),
    "secret": _answer("Use AKIAQ7ZP2MX4LKV5T3WB for the bucket."),
    "placeholder": _answer("I am {{name}}, made by {{author}}."),
    "template-marker": _answer("Hi!<|im_end|>"),
    "mojibake": _answer("The cafÃ© is closed."),
    "control-character": _answer("Hi\x07!"),
    "hidden-text": _answer("Hi\u202e!"),
    "ip-address": _answer("The server is 185.12.64.33."),
    "html-leftover": _answer("Hello<br/>and <div class='x'>good day</div>&nbsp;to you"),
    "escaped-twice": _answer(r"Two steps:\n1. Boil the water.\n2. Add the tea."),
    "very-short-answers": _answer("Hi!"),
    "white-space-at-edges": _answer("Hi! "),
    "length-outliers": Example(
        _many(100, _ENGLISH, note="").data + _chat(_USER, _said("assistant", _LONG * 400)),
        "a hundred short conversations, and one that is a book",
        abridged="…",
    ),
    "mixed-languages": _many(100, _ENGLISH, _GERMAN, note="half of the answers in English, half in German"),
}

NEAR_EXAMPLES: dict[str, Example] = {
    "near-duplicate-conversation": Example(
        _chat(_said("user", "Tell me a story."), _said("assistant", _LONG * 3 + "The end."))
        + _chat(_said("user", "Tell me a story."), _said("assistant", _LONG * 3 + "Fin.")),
        "two stories that differ in the last word",
        abridged="…",
    ),
    "conflicting-answers": Example(_chat(_USER, _DONE) + _chat(_USER, _said("assistant", "Good day."))),
}
