"""Messages that stand one a row are conversations at every door, and what is wrong is told at the message's line."""

import csv
import io
import json

import pytest

from pipeline.dataset.convert.converting import convert_stream
from pipeline.dataset.mend.mending import mend_file
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream

STRUCTURE = Rules(max_rejected_share=0.9).structure_only()


def lines(*rows: dict[str, object] | str) -> bytes:
    return b"".join((row if isinstance(row, str) else json.dumps(row)).encode() + b"\n" for row in rows)


def flat(key: object, role: str, content: object, **others: object) -> dict[str, object]:
    return {"conversation_id": key, "role": role, "content": content, **others}


def reply(name: str, parent: str | None, role: str, **others: object) -> dict[str, object]:
    return {"message_id": name, "parent_id": parent, "role": role, "text": f"It is {name}.", **others}


TALKS = [
    flat("a", "user", "Tea?"),
    flat("b", "user", "Milk?"),
    flat("a", "assistant", "Yes."),
    flat("b", "assistant", "No."),
]
TREE = [
    reply("a", None, "prompter"),
    reply("b", "a", "assistant", rank=1),
    reply("c", "a", "assistant", rank=0),
    reply("d", "c", "prompter"),
    reply("e", "d", "assistant"),
]


def checked(data: bytes, tmp_path):
    return profile_stream(io.BytesIO(data), tmp_path, STRUCTURE)


def converted(data: bytes, target: str = "openai"):
    out: list[bytes] = []
    result = convert_stream(io.BytesIO(data), out.append, target, None, Limits())
    return result, [json.loads(line) for line in b"".join(out).splitlines()]


@pytest.mark.parametrize("rows", [TALKS, [TALKS[0], TALKS[2], TALKS[1], TALKS[3]]], ids=["mixed", "in order"])
def test_flat_messages_are_conversations(rows, tmp_path):
    profile = checked(lines(*rows), tmp_path)

    assert (profile.reading.form.name, profile.reading.container_name) == ("flat-messages", "messages")
    assert (profile.status, profile.statistics.lines, profile.finding_counts) == ("ready", 2, {})
    assert "put together by conversation_id" in profile.reading.why
    assert converted(lines(*rows))[1] == [
        {"messages": [{"role": "user", "content": "Tea?"}, {"role": "assistant", "content": "Yes."}]},
        {"messages": [{"role": "user", "content": "Milk?"}, {"role": "assistant", "content": "No."}]},
    ]


def test_what_is_wrong_is_told_at_the_line_of_the_message(tmp_path):
    data = lines(
        *TALKS,
        flat("c", "user", "Sugar?"),
        flat(None, "user", "Whose?"),
        "{",
        flat("c", "assistant", 5),
        flat("d", "assistant", "Hello."),
        flat("a", "user", "More?"),
    )

    profile = checked(data, tmp_path)

    assert [(each["code"], each["line"], each["path"]) for each in profile.findings] == [
        ("last-turn-not-assistant", 10, "$.role"),
        ("wrong-type", 8, "$.content"),
        ("message-without-key", 6, "$.conversation_id"),
        ("malformed-json", 7, "$"),
        ("first-turn-not-user", 9, "$.role"),
    ]
    offset = profile.findings[1]["byte_offset"]
    assert json.loads(data[offset:].splitlines()[0]) == flat("c", "assistant", 5)


def test_a_table_of_messages_is_read_in_the_order_of_its_turns(tmp_path):
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerows(
        [
            ("session_id", "turn", "from", "value"),
            ("s", 10, "gpt", "Yes."),
            ("s", 9, "human", "Tea?"),
            ("t", 1, "human", "Hi"),
        ]
    )

    profile = checked(table.getvalue().encode(), tmp_path)

    assert profile.reading.why.endswith("put together by session_id in the order of turn")
    assert converted(table.getvalue().encode(), "sharegpt")[1][0]["conversations"] == [
        {"from": "human", "value": "Tea?"},
        {"from": "gpt", "value": "Yes."},
    ]


def test_a_place_that_no_double_holds_disturbs_no_other_conversation():
    rows = [
        flat("a", "assistant", "Yes.", turn=2),
        flat("a", "user", "Tea?", turn=1),
        flat("b", "user", "Milk?", turn=10**400),
        flat("b", "assistant", "No.", turn=2),
    ]

    assert [[turn["content"] for turn in row["messages"]] for row in converted(lines(*rows))[1]] == [
        ["Tea?", "Yes."],
        ["Milk?", "No."],
    ]


@pytest.mark.parametrize("rank", [10**400, 1e301])
def test_a_reply_of_a_rank_beyond_all_others_is_taken_after_them_but_not_as_a_deleted_one(rank):
    rows = [
        reply("a", None, "prompter"),
        reply("b", "a", "assistant", rank=rank),
        reply("c", "a", "assistant", rank=0),
        reply("d", "c", "prompter"),
        reply("e", "d", "assistant", rank=rank),
    ]

    way = converted(lines(*rows))[1][0]["messages"]

    assert [turn["content"] for turn in way] == ["It is a.", "It is c.", "It is d.", "It is e."]


def test_an_oasst_tree_is_its_best_way_and_the_rest_is_counted(tmp_path):
    rows = [*TREE, reply("x", "gone", "assistant"), reply("y", "x", "prompter")]
    profile = checked(lines(*rows), tmp_path)

    assert [(each["code"], each["line"], each["found"]) for each in profile.findings] == [
        ("other-replies-left-out", 1, "1 more reply, which the conversation leaves out"),
        ("message-without-parent", 6, "gone, which no row has, or which answers this message itself"),
    ]
    result, written = converted(lines(*rows))
    assert [turn["content"] for turn in written[0]["messages"]] == ["It is a.", "It is c.", "It is d.", "It is e."]
    assert (result.written, result.rejected) == (1, 1)


def test_messages_and_trees_of_oasst_are_the_same_conversations():
    def node(name: str) -> dict[str, object]:
        own = next(row for row in TREE if row["message_id"] == name)
        return {**own, "replies": [node(str(row["message_id"])) for row in TREE if row["parent_id"] == name]}

    tree = converted(lines({"message_tree_id": "a", "prompt": node("a")}))

    assert tree[1] == converted(lines(*TREE))[1]
    assert dict(tree[0].losses.counts) == dict(converted(lines(*TREE))[0].losses.counts)


@pytest.mark.parametrize(
    ("rows", "kept", "aside"),
    [
        ([*TALKS, flat("", "user", "Whose?")], ["openai", 2], 1),
        ([*TREE, reply("x", "gone", "assistant")], ["oasst", 1], 1),
    ],
    ids=["flat", "oasst"],
)
def test_a_mended_file_has_a_conversation_a_line_and_nothing_is_lost(rows, kept, aside, tmp_path):
    mending = mend_file(io.BytesIO(lines(*rows)), tmp_path / "out.jsonl", "out.jsonl")

    assert [mending.lines_out, mending.lines_aside] == [kept[1], aside]
    again = checked((tmp_path / "out.jsonl").read_bytes(), tmp_path)
    assert [again.reading.form.name, again.statistics.lines, again.reading.grouping] == [*kept, None]
    written = json.loads((tmp_path / "out.jsonl").read_bytes().splitlines()[0])
    assert sum(len(value) for value in written.values() if isinstance(value, list)) == (5 if kept[0] == "oasst" else 2)


def test_a_message_is_repaired_before_its_conversation_is_put_together(tmp_path):
    broken = json.dumps(TALKS[2])[:-1] + ",}"
    data = lines("```json", TALKS[0], TALKS[1], broken, TALKS[3], "```")

    mending = mend_file(io.BytesIO(data), tmp_path / "out.jsonl", "out.jsonl")

    assert (mending.is_ready, mending.lines_out, mending.lines_rejected) == (True, 2, 0)
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_bytes().splitlines()]
    assert [[message["content"] for message in row["messages"]] for row in written] == [
        ["Tea?", "Yes."],
        ["Milk?", "No."],
    ]
    assert mending.mended == {"malformed-json": 3}


def test_a_chosen_format_takes_the_names_of_the_file(tmp_path):
    from pipeline.dataset.formats.chosen_format import format_chosen

    rules = Rules(form=format_chosen("flat-messages", None)).structure_only()
    profile = profile_stream(io.BytesIO(lines({"thread_id": 1, "sender": "user", "text": "Hi"})), tmp_path, rules)

    assert profile.reading.form.title == "flat messages: sender and text, one a row, with thread_id"
