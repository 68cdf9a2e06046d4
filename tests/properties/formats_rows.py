"""Faultless rows of every format, made from a seed: what real files hold, and none of what we warn of.

`KINDS` has each shape of each format once. Row n of a file has texts that no other row has, so that nothing repeats.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from pipeline.dataset.formats.mapping import Mapping, format_of
from pipeline.dataset.formats.rows import BY_NAME, MIXED
from pipeline.dataset.formats.rows.chat import CHAT_BARE, SHAREGPT_BARE, Chat
from pipeline.dataset.formats.rows.declaration import DECLARED
from pipeline.dataset.formats.rows.declared import Declared, Part
from pipeline.dataset.formats.rows.flat_messages import NAMED_AS_USUAL
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.preference import OTHER_PREFERENCES
from pipeline.dataset.model.json_text import Json

Row = dict[str, Json]
WORDS = 'tea pot lid spout leaf cup water steam Grüße 中文 😀 kettle 1 2 ? " \\ / \n [ ] { } , : \t'.split(" ")


@dataclass(frozen=True, slots=True)
class Kind:
    """A shape of rows, and the format that it is read as."""

    name: str
    form: Format
    make: Callable[[Random, int], Json]

    def lines(self, random: Random, count: int) -> list[bytes]:
        """Rows of a file, a line each, without their ends."""
        return [json.dumps(self.make(random, n), ensure_ascii=random.random() < 0.5).encode() for n in range(count)]


def text(random: Random, n: int) -> str:
    """A few words that no other row says."""
    return " ".join([*random.choices(WORDS, k=random.randrange(6)), f"row {n}", str(random.randrange(10**9))])


def exchanges(random: Random, n: int) -> list[tuple[str, str]]:
    """Turns by user and assistant, perhaps after one by the system."""
    system = [("system", text(random, n))] if random.random() < 0.3 else []
    pairs = [(role, text(random, n)) for _ in range(random.choice((1, 1, 2, 4))) for role in ("user", "assistant")]
    return [*system, *pairs]


def messages(random: Random, n: int, role: str = "role", content: str = "content") -> list[Json]:
    """The same as messages."""
    return [{role: said_by, content: said} for said_by, said in exchanges(random, n)]


def call(random: Random, n: int) -> Row:
    """What is called, and how."""
    return {"name": f"find_{n}", "arguments": json.dumps({"what": text(random, n)}, ensure_ascii=False)}


def tools(random: Random, n: int) -> list[Json]:
    """One tool."""
    function: Row = {"name": f"find_{n}", "description": text(random, n), "parameters": {"type": "object"}}
    return [{"type": "function", "function": function}]


def rich_messages(random: Random, n: int, weight: str = "weight") -> list[Json]:
    """A call, its result, and answers with weights and parts."""
    call_id = f"call-{n}"
    calling: Row = {
        "role": "assistant",
        "tool_calls": [{"id": call_id, "type": "function", "function": call(random, n)}],
    }
    if random.random() < 0.5:
        calling["content"] = None
    return [
        {"role": "developer", "content": text(random, n)},
        {"role": "user", "content": [{"type": "text", "text": text(random, n)}], "name": "ann"},
        calling,
        {"role": "tool", "content": text(random, n), "tool_call_id": call_id},
        {"role": "assistant", "content": text(random, n), weight: 0},
        {"role": "user", "content": text(random, n)},
        {"role": "assistant", "content": text(random, n), weight: 1, "reasoning_content": text(random, n)},
    ]


def _native(random: Random, n: int) -> Json:
    return {"conversation_id": f"c-{n}", "turns": messages(random, n)}


def _native_rich(random: Random, n: int) -> Json:
    turns = [turn for turn in rich_messages(random, n) if isinstance(turn, dict)]
    for turn in turns:
        turn["content"] = turn["content"] if isinstance(turn.get("content"), str) else text(random, n)
    return {"conversation_id": f"c-{n}", "turns": [*turns], "tools": tools(random, n)}


def _openai(random: Random, n: int) -> Json:
    return {"messages": messages(random, n), **({"id": f"o-{n}"} if random.random() < 0.2 else {})}


def _openai_rich(random: Random, n: int) -> Json:
    return {"messages": rich_messages(random, n), "tools": tools(random, n), "images": [f"{n}.png"]}


def _openai_functions(random: Random, n: int) -> Json:
    turns: list[Json] = [
        {"role": "user", "content": text(random, n)},
        {"role": "assistant", "content": "", "function_call": call(random, n)},
        {"role": "function", "name": f"find_{n}", "content": text(random, n)},
        {"role": "assistant", "content": text(random, n)},
    ]
    return {"messages": turns, "functions": [{"name": f"find_{n}"}]}


def _openai_bare(random: Random, n: int) -> Json:
    return messages(random, n)


_SHAREGPT_ROLES = {"user": ("human", "user"), "assistant": ("gpt", "assistant", "bing"), "system": ("system",)}


def _said(random: Random, n: int) -> list[Json]:
    return [{"from": random.choice(_SHAREGPT_ROLES[role]), "value": said} for role, said in exchanges(random, n)]


def _sharegpt(random: Random, n: int) -> Json:
    return {"id": f"s-{n}", "conversations": _said(random, n)}


def _sharegpt_tools(random: Random, n: int) -> Json:
    asked: Row = {"name": f"find_{n}", "arguments": {"what": text(random, n)}}
    turns: list[Json] = [
        {"from": "human", "value": text(random, n)},
        {"from": "function_call", "value": json.dumps(asked)},
        {"from": random.choice(("observation", "tool")), "value": text(random, n)},
        {"from": "gpt", "value": text(random, n)},
    ]
    return {"conversations": turns, "tools": json.dumps(tools(random, n)), "system": text(random, n)}


def _sharegpt_bare(random: Random, n: int) -> Json:
    return _said(random, n)


def _dialogue(random: Random, n: int) -> Json:
    names = {"user": "USER", "assistant": "SYSTEM", "system": "developer"}
    turns: list[Json] = [{"speaker": names[role], "utterance": said} for role, said in exchanges(random, n)]
    return {"dialogue_id": f"d-{n}", "turns": turns}


def _chat(random: Random, n: int) -> Json:
    return {"conversations": messages(random, n)}


def _alpaca(random: Random, n: int) -> Json:
    row: Row = {"instruction": text(random, n), random.choice(("output", "response")): text(random, n)}
    others: Row = {
        "input": random.choice(("", text(random, n))),
        "system": text(random, n),
        "history": [[text(random, n), text(random, n)]],
    }
    return row | {name: value for name, value in others.items() if random.random() < 0.4}


def _prompt(random: Random, n: int) -> Json:
    if random.random() < 0.5:
        return {"prompt": text(random, n), random.choice(("completion", "response")): text(random, n)}
    listed = messages(random, n)
    return {"prompt": listed[:-1], "completion": listed[-1:]}


def _text(random: Random, n: int) -> Json:
    return {"text": text(random, n)}


def _answers(random: Random, n: int) -> tuple[list[Json], list[Json]]:
    better, worse = ({"role": "assistant", "content": text(random, n)} for _ in range(2))
    return [better], [worse]


def _preference_prompt(random: Random, n: int) -> Json:
    if random.random() < 0.5:
        return {"prompt": text(random, n), "chosen": text(random, n), "rejected": text(random, n)}
    better, worse = _answers(random, n)
    return {"prompt": messages(random, n)[:-1], "chosen": better, "rejected": worse}


def _preference_implicit(random: Random, n: int) -> Json:
    prompt = messages(random, n)[:-1]
    better, worse = _answers(random, n)
    return {"chosen": prompt + better, "rejected": prompt + worse}


def _preference_openai(random: Random, n: int) -> Json:
    better, worse = _answers(random, n)
    request: Row = {"messages": messages(random, n)[:-1], "tools": tools(random, n)}
    return {"input": request, "preferred_output": better, "non_preferred_output": worse}


def _preference_sharegpt(random: Random, n: int) -> Json:
    better, worse = ({"from": "gpt", "value": text(random, n)} for _ in range(2))
    return {"conversations": _said(random, n)[:-1], "chosen": better, "rejected": worse}


def _preference_alpaca(random: Random, n: int) -> Json:
    return {"instruction": text(random, n), "input": "", "chosen": text(random, n), "rejected": text(random, n)}


def _kto_messages(random: Random, n: int) -> Json:
    return {"messages": messages(random, n), "label": random.random() < 0.5}


def _kto_sharegpt(random: Random, n: int) -> Json:
    return {"conversations": _said(random, n), "label": random.random() < 0.5}


def _kto_prompt(random: Random, n: int) -> Json:
    return {"prompt": text(random, n), "completion": text(random, n), "label": random.random() < 0.5}


def _parts(random: Random, n: int) -> list[Json]:
    return [
        {"role": role, "content": [{"type": "text", "value": said}], "loss_weight": float(role == "assistant")}
        for role, said in exchanges(random, n)
    ]


def _v1(random: Random, n: int) -> Json:
    return {"messages": _parts(random, n)}


def _v1_preference(random: Random, n: int) -> Json:
    prompt = _parts(random, n)[:-1]
    better, worse = (
        {"role": "assistant", "content": [{"type": "text", "value": text(random, n)}], "loss_weight": 1.0}
        for _ in range(2)
    )
    return {"chosen_messages": [*prompt, better], "rejected_messages": [*prompt, worse]}


def _gemini(random: Random, n: int) -> Json:
    roles = {"assistant": "model"}
    turns: list[Json] = [
        {"role": roles.get(role, role), "parts": [{"text": said}]} for role, said in exchanges(random, n)
    ]
    return {"contents": turns}


def _gemini_rich(random: Random, n: int) -> Json:
    """With a system's words, tools, a call, its result, and a text in two parts."""
    called: Row = {"name": f"find_{n}", "args": {"what": text(random, n)}}
    turns: list[Json] = [
        {"role": "user", "parts": [{"text": text(random, n)}]},
        {"role": "model", "parts": [{"functionCall": called}]},
        {"role": "user", "parts": [{"functionResponse": {"name": f"find_{n}", "response": {"found": n}}}]},
        {"role": "model", "parts": [{"text": text(random, n)}, {"text": text(random, n)}]},
    ]
    declared: list[Json] = [{"name": f"find_{n}", "parameters": {"type": "object"}}]
    return {
        "systemInstruction": {"parts": [{"text": text(random, n)}]},
        "contents": turns,
        "tools": [{"functionDeclarations": declared}],
    }


def _talk_of_pairs(random: Random, n: int) -> tuple[str, list[tuple[str, str]]]:
    """A system text, and turns by user and assistant in turn."""
    return text(random, n), [exchange for _ in range(random.randrange(1, 4)) for exchange in exchanges(random, n)[-2:]]


def _brightrun_pair(random: Random, n: int) -> Json:
    system, turns = _talk_of_pairs(random, n)
    history: list[Json] = [{"turn": k, "role": role, "content": said} for k, (role, said) in enumerate(turns[:-2])]
    return {
        "id": f"p-{n}",
        "conversation_id": f"c-{n}",
        "turn_number": len(turns) // 2,
        "system_prompt": system,
        "conversation_history": history,
        "current_user_input": turns[-2][1],
        "target_response": turns[-1][1],
    }


def brightrun_talk(random: Random, n: int) -> Row:
    """A conversation of pairs, as files of the replaced system have them: a pair a turn, those of answers empty."""
    system, turns = _talk_of_pairs(random, n)
    has_input = random.random() < 0.5  # the history ends with the question
    pairs: list[Json] = []
    for number, (role, said) in enumerate(turns):
        entries: list[Json] = [
            {"turn": k + 1, "role": who, "content": words, "emotional_state": {"primary": "calm", "intensity": k / 10}}
            for k, (who, words) in enumerate(turns[: number + 1 if has_input else number])
        ]
        is_asked = role == "user"
        pairs.append(
            {
                "id": f"c-{n}_turn{number + 1}",
                "conversation_id": f"c-{n}",
                "turn_number": number + 1,
                "conversation_metadata": {"client_persona": f"persona {n}", "emotional_arc_key": None},
                **({"system_prompt": system} if random.random() < 0.9 else {}),
                "conversation_history": entries,
                "current_user_input": said if is_asked else "",
                "emotional_context": {"detected_emotions": {"primary": "calm", "intensity": random.random()}},
                "target_response": turns[number + 1][1] if is_asked and random.random() < 0.8 else None,
                "training_metadata": {"quality_score": random.choice([1, 4.5, None]), "human_reviewed": False},
            }
        )
    return {"conversation_metadata": {"topic": f"topic {n}"}, "training_pairs": pairs}


def _brightrun(random: Random, n: int) -> Json:
    """The same with an answer in every pair."""
    row = brightrun_talk(random, n)
    pairs = row["training_pairs"]
    answered: list[Json] = [
        pair
        for pair in (pairs if isinstance(pairs, list) else [])
        if isinstance(pair, dict) and pair["target_response"]
    ]
    return {**row, "training_pairs": answered} if answered else _brightrun(random, n)


def declared_row(form: Declared | Chat, random: Random, n: int) -> Json:
    """A row of a format that is data."""
    if isinstance(form, Chat):
        names = {role: theirs(form, role) for role in ("user", "assistant", "system")}
        turns: list[Json] = [
            {form.keys.role: names[role], form.keys.content: said} for role, said in exchanges(random, n)
        ]
        has_system = random.random() < 0.3 and len(turns) % 2 == 0
        return {form.system: text(random, n), form.turns: turns} if has_system else {form.turns: turns}
    row: Row = {name: text(random, n) for name in form.needs}
    for part in form.parts:
        if not part.is_optional or random.random() < 0.4:
            row[random.choice(part.fields)] = _held(part, random, n)
        if part.added and random.random() < 0.4:
            row[part.added] = text(random, n)
    return row


def theirs(form: Chat, role: str) -> str:
    """What a chat calls a role."""
    names = [name for name in (*form.known_by, *dict(form.keys.aliases)) if dict(form.keys.aliases).get(name) == role]
    return role if role in form.known_by else next(iter(names), role)


def _held(part: Part, random: Random, n: int) -> Json:
    pairs: list[Json] = [[text(random, n), text(random, n)] for _ in range(random.choice((1, 2)))]
    if part.holds == "pairs":
        return pairs
    if part.holds == "objects":
        return [dict(zip(part.pair, pair, strict=True)) for pair in pairs]
    if part.holds == "texts-in-turn":
        return [said for pair in pairs for said in pair]
    is_text = part.holds == "text" or random.random() < 0.5
    return text(random, n) if is_text else [{"role": part.role, "content": text(random, n)}]


def _blocks(random: Random, n: int) -> list[Json]:
    return [{"role": role, "content": [{"text": said}]} for role, said in exchanges(random, n) if role != "system"]


def _bedrock(random: Random, n: int) -> Json:
    row: Row = {"schemaVersion": "bedrock-conversation-2024", "messages": _blocks(random, n)}
    return row | ({"system": [{"text": text(random, n)}]} if random.random() < 0.5 else {})


def _bedrock_rich(random: Random, n: int) -> Json:
    """With tools, a call, its result, reasoning and a text in two blocks."""
    used: Row = {"toolUseId": f"use-{n}", "name": f"find_{n}", "input": {"what": text(random, n)}}
    result: Row = {"toolUseId": f"use-{n}", "content": [{"json": {"found": n}}, {"text": text(random, n)}]}
    thought: Row = {"reasoningContent": {"reasoningText": {"text": text(random, n)}}}
    turns: list[Json] = [
        {"role": "user", "content": [{"text": text(random, n)}]},
        {"role": "assistant", "content": [{"toolUse": used}]},
        {"role": "user", "content": [{"toolResult": result}]},
        {"role": "assistant", "content": [thought, {"text": text(random, n)}, {"text": text(random, n)}]},
    ]
    spec: Row = {"name": f"find_{n}", "inputSchema": {"json": {"type": "object"}}}
    return {"system": [{"text": text(random, n)}], "messages": turns, "toolConfig": {"tools": [{"toolSpec": spec}]}}


def _xlam(random: Random, n: int) -> Json:
    asked: list[Json] = [{"name": f"find_{n}", "arguments": {"what": text(random, n)}}]
    known: list[Json] = [
        {"name": f"find_{n}", "description": text(random, n), "parameters": {"what": {"type": "str, optional"}}}
    ]
    is_text = random.random() < 0.7
    return {
        "id": n,
        "query": text(random, n),
        "tools": json.dumps(known) if is_text else known,
        "answers": json.dumps(asked) if is_text else asked,
    }


def _request_log(random: Random, n: int) -> Json:
    asked: Row = {"model": "x", "messages": messages(random, n)[:-1]}
    answered: Row = {"choices": [{"message": {"role": "assistant", "content": text(random, n)}}]}
    is_body = random.random() < 0.5
    return {
        "request": {"body": asked} if is_body else asked,
        "response": {"status_code": 200, "body": answered} if is_body else answered,
    }


def _segments(random: Random, n: int) -> Json:
    return {"segments": [{"label": role == "assistant", "text": said} for role, said in exchanges(random, n)]}


def _guanaco(random: Random, n: int) -> Json:
    return {"id": f"guanaco-{n}", "text": f"### Human: {text(random, n)}### Assistant: {text(random, n)}"}


def _glaive(random: Random, n: int) -> Json:
    asked = json.dumps({"what": f"tea {n}"})
    said = [
        f"USER: {text(random, n)}",
        f'ASSISTANT: <functioncall> {{"name": "find_{n}", "arguments": \'{asked}\'}} <|endoftext|>',
        f'FUNCTION RESPONSE: {{"found": {n}}}',
        f"ASSISTANT: {text(random, n)} <|endoftext|>",
    ]
    known = json.dumps({"name": f"find_{n}", "parameters": {"type": "object"}}, indent=4)
    system = (
        f"SYSTEM: You are a helpful assistant with access to the following functions. Use them if required -\n{known}\n"
    )
    return {"system": system, "chat": "\n\n\n".join(said) + "\n\n\n"}


def _chatgpt_export(random: Random, n: int) -> Json:
    nodes: Row = {"root": {"id": "root", "message": None, "parent": None}}
    last = "root"
    for index, (role, said) in enumerate(exchanges(random, n)):
        message: Row = {"author": {"role": role}, "content": {"content_type": "text", "parts": [said]}}
        nodes[f"m-{index}"] = {"id": f"m-{index}", "message": message, "parent": last}
        last = f"m-{index}"
    nodes["other"] = {"id": "other", "message": {"author": {"role": "assistant"}, "content": {}}, "parent": "root"}
    return {"title": f"Tea {n}", "mapping": nodes, "current_node": last, "conversation_id": f"g-{n}"}


def _hub_rows(random: Random, n: int) -> Json:
    return {"row_idx": n, "row": {"messages": messages(random, n)}, "truncated_cells": []}


def _flat_messages(random: Random, n: int) -> Json:
    """As messages of one conversation are put together."""
    return {"conversation_id": f"f-{n}", "messages": messages(random, n)}


def _replies(random: Random, n: int) -> list[Row]:
    """The messages of a tree that has one way."""
    names = {"user": "prompter", "assistant": "assistant", "system": "system"}
    return [
        {"message_id": f"{n}-{k}", "role": names[role], "text": said, "rank": 0}
        for k, (role, said) in enumerate(exchanges(random, n))
    ]


def _oasst(random: Random, n: int) -> Json:
    return {"message_tree_id": f"{n}-0", "messages": [*_replies(random, n)]}


def _oasst_tree(random: Random, n: int) -> Json:
    below: list[Json] = []
    for message in reversed(_replies(random, n)):
        below = [{**message, "replies": below}]
    return {"message_tree_id": f"{n}-0", "prompt": below[0]}


def _preference_swift(random: Random, n: int) -> Json:
    return {"messages": messages(random, n), "rejected_response": text(random, n)}


def _preference_query(random: Random, n: int) -> Json:
    return {"query": text(random, n), "response": text(random, n), "rejected_response": text(random, n)}


_OTHERS = {form.alternatives[0]: form for form in OTHER_PREFERENCES}
CHAT = next(form for form in MIXED if (form.turns, form.keys.role) == ("conversations", "role"))
_WRITTEN = (
    Kind("native", BY_NAME["native"], _native),
    Kind("gemini", BY_NAME["gemini"], _gemini),
    Kind("gemini-rich", BY_NAME["gemini"], _gemini_rich),
    Kind("brightrun", BY_NAME["brightrun-v4"], _brightrun),
    Kind("native-rich", BY_NAME["native"], _native_rich),
    Kind("openai", BY_NAME["openai"], _openai),
    Kind("openai-rich", BY_NAME["openai"], _openai_rich),
    Kind("openai-functions", BY_NAME["openai"], _openai_functions),
    Kind("openai-bare", CHAT_BARE, _openai_bare),
    Kind("sharegpt", BY_NAME["sharegpt"], _sharegpt),
    Kind("sharegpt-tools", BY_NAME["sharegpt"], _sharegpt_tools),
    Kind("sharegpt-bare", SHAREGPT_BARE, _sharegpt_bare),
    Kind("dialogue", BY_NAME["dialogue"], _dialogue),
    Kind("chat", CHAT, _chat),
    Kind("alpaca", BY_NAME["alpaca"], _alpaca),
    Kind("prompt-completion", BY_NAME["prompt-completion"], _prompt),
    Kind("plain-text", BY_NAME["plain-text"], _text),
    Kind("preference-prompt", BY_NAME["preference"], _preference_prompt),
    Kind("preference-implicit", BY_NAME["preference"], _preference_implicit),
    Kind("preference-openai", BY_NAME["preference"], _preference_openai),
    Kind("preference-sharegpt", BY_NAME["preference"], _preference_sharegpt),
    Kind("preference-alpaca", BY_NAME["preference"], _preference_alpaca),
    Kind("kto-messages", BY_NAME["kto"], _kto_messages),
    Kind("kto-sharegpt", BY_NAME["kto"], _kto_sharegpt),
    Kind("kto-prompt", BY_NAME["kto"], _kto_prompt),
    Kind("v1", BY_NAME["llamafactory-v1"], _v1),
    Kind("preference-swift", _OTHERS["messages", "rejected_response"], _preference_swift),
    Kind("preference-query", _OTHERS["response", "rejected_response"], _preference_query),
    Kind("bedrock", BY_NAME["bedrock"], _bedrock),
    Kind("bedrock-rich", BY_NAME["bedrock"], _bedrock_rich),
    Kind("xlam", BY_NAME["xlam"], _xlam),
    Kind("request-log", BY_NAME["request-log"], _request_log),
    Kind("segments", BY_NAME["segments"], _segments),
    Kind("glaive", BY_NAME["glaive"], _glaive),
    Kind("guanaco", BY_NAME["guanaco"], _guanaco),
    Kind("chatgpt-export", BY_NAME["chatgpt-export"], _chatgpt_export),
    Kind("hub-rows", BY_NAME["hub-rows"], _hub_rows),
    Kind("flat-messages", NAMED_AS_USUAL, _flat_messages),
    Kind("oasst", BY_NAME["oasst"], _oasst),
    Kind("oasst-tree", BY_NAME["oasst"], _oasst_tree),
    Kind("v1-preference", BY_NAME["llamafactory-v1"], _v1_preference),
)
# Rows of one file that are put together before they are read; no row of such a file stands alone.
PAIRS = Kind("brightrun-pair", BY_NAME["brightrun-v4"], _brightrun_pair)
_NAMED = {kind.form.name for kind in _WRITTEN}
# Formats that are data have a kind made from the same data, and one for each variant.
VARIANTS = tuple(
    Kind(f"{form.name}-{number}", form, partial(declared_row, form))
    for number, form in enumerate(DECLARED)
    if form.name not in _NAMED
)
_FIRST = {kind.form.name: replace(kind, name=kind.form.name) for kind in reversed(VARIANTS)}
KINDS = (*_WRITTEN, *_FIRST.values())
BY_KIND = {kind.name: kind for kind in KINDS}


def _weighed(random: Random, n: int, role: str = "role", content: str = "content") -> list[Json]:
    turns: list[Json] = []
    for said_by, said in exchanges(random, n):
        weight: Row = {"weight": random.choice((0, 1, 1.0, None))} if said_by == "assistant" else {}
        turns.append({role: said_by, content: said, **weight})
    return turns


def _history(random: Random, n: int) -> list[Json]:
    return [[text(random, n), text(random, n)] for _ in range(random.randrange(3))]


def _asked(random: Random, n: int) -> Row:
    question: Row = {"instruction": text(random, n), "input": random.choice(("", text(random, n)))}
    return question | {"system": random.choice(("", text(random, n))), "history": _history(random, n)}


def _two_answers(random: Random, n: int, names: tuple[str, str] = ("chosen", "rejected")) -> Row:
    return dict(zip(names, _answers(random, n), strict=True))


def _two_texts(random: Random, n: int) -> Row:
    return {"chosen": text(random, n), "rejected": text(random, n)}


MAPPED = format_of(Mapping(prompt="question", answer="reply", system="about", id="key"))
# What most files of a format are: rows that are alike, of nothing but texts, roles and weights.
USUAL_KINDS = (
    Kind("native-weights", BY_NAME["native"], lambda r, n: {"conversation_id": f"c-{n}", "turns": _weighed(r, n)}),
    Kind("openai-weights", BY_NAME["openai"], lambda r, n: {"messages": _weighed(r, n), "tools": None}),
    Kind("openai-system", BY_NAME["openai"], lambda r, n: {"system": text(r, n), "x": [n], "messages": messages(r, n)}),
    Kind("alpaca-history", BY_NAME["alpaca"], lambda r, n: {**_asked(r, n), "output": text(r, n), "id": n}),
    Kind("alpaca-response", BY_NAME["alpaca"], lambda r, n: {**_asked(r, n), "response": text(r, n)}),
    Kind(
        "prompt-texts",
        BY_NAME["prompt-completion"],
        lambda r, n: {"prompt": text(r, n), "completion": text(r, n), "source": "x"},
    ),
    Kind(
        "prompt-messages",
        BY_NAME["prompt-completion"],
        lambda r, n: {"prompt": messages(r, n), "response": [{"role": "assistant", "content": text(r, n)}]},
    ),
    Kind("preference-texts", BY_NAME["preference"], lambda r, n: {"prompt": text(r, n), **_two_texts(r, n)}),
    Kind("preference-messages", BY_NAME["preference"], lambda r, n: {"prompt": messages(r, n), **_two_answers(r, n)}),
    Kind(
        "preference-question",
        BY_NAME["preference"],
        lambda r, n: {"system": text(r, n), "question": text(r, n), **_two_texts(r, n)},
    ),
    Kind("preference-history", BY_NAME["preference"], lambda r, n: {**_asked(r, n), **_two_texts(r, n)}),
    Kind(
        "preference-input",
        BY_NAME["preference"],
        lambda r, n: {
            "input": {"messages": messages(r, n)},
            **_two_answers(r, n, ("preferred_output", "non_preferred_output")),
        },
    ),
    Kind(
        "mapped",
        MAPPED,
        lambda r, n: {"key": f"k-{n}", "about": text(r, n), "question": text(r, n), "reply": text(r, n)},
    ),
)
