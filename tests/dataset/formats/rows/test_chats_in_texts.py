"""Preferences whose answers are chats as one text become the turns that they name, byte for byte, or stay texts."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.findings.faults import Faults
from pipeline.dataset.formats.rows.preference import PREFERENCE
from pipeline.dataset.model.conversation import Branch
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream

CHAT = "\n\nHuman: Hot?\n\nAssistant: Yes. \n\nHuman: How hot?\n\nAssistant: "
contents = st.text().filter(lambda text: "\n\nHuman: " not in text and "\n\nAssistant: " not in text)
chats = st.lists(st.tuples(contents, contents), min_size=1, max_size=4)


def turns(row: dict[str, object]) -> list[tuple[str, str, int, bool]]:
    read = PREFERENCE.read(row, Faults(1, 0))  # type: ignore[arg-type]
    assert read is not None
    return [(turn.role, turn.content, turn.branch, turn.is_supervised) for turn in read.turns]


def written(chat: list[tuple[str, str]]) -> str:
    return "".join(f"\n\nHuman: {asked}\n\nAssistant: {answered}" for asked, answered in chat)


def test_what_both_chats_begin_with_is_the_prompt():
    assert turns({"chosen": f"{CHAT}Nearly boiling.", "rejected": f"{CHAT}No."}) == [
        ("user", "Hot?", Branch.NONE, False),
        ("assistant", "Yes. ", Branch.NONE, False),
        ("user", "How hot?", Branch.NONE, False),
        ("assistant", "Nearly boiling.", Branch.CHOSEN, True),
        ("assistant", "No.", Branch.REJECTED, True),
    ]


@given(chosen=chats, rejected=chats)
def test_nothing_of_a_text_is_lost(chosen, rejected):
    row = {"chosen": written(chosen), "rejected": written(rejected)}

    found = turns(row)

    names = {"user": "Human", "assistant": "Assistant"}
    for text, other in zip(row.values(), (Branch.REJECTED, Branch.CHOSEN), strict=True):
        own = [(role, said) for role, said, branch, _ in found if branch != other]
        assert "".join(f"\n\n{names[role]}: {said}" for role, said in own) == text


@pytest.mark.parametrize(
    "chosen",
    [
        "Yes.",
        "",
        "\n\nHuman: a",
        "Human: a\n\nAssistant: b",
        " \n\nHuman: a\n\nAssistant: b",
        "\n\nHuman: a\n\nHuman: b\n\nAssistant: c",
        "\n\nAssistant: a\n\nHuman: b",
        "\n\nHuman: a\n\nAssistant:b",
    ],
)
def test_all_else_stays_the_text_that_it_is(chosen):
    other = f"{CHAT}No."

    assert turns({"chosen": chosen, "rejected": other}) == [
        ("assistant", chosen, Branch.CHOSEN, True),
        ("assistant", other, Branch.REJECTED, True),
    ]
    assert turns({"chosen": other, "rejected": chosen})[0][1] == other


def test_beside_a_prompt_they_stay_texts():
    found = turns({"prompt": "Hot?", "chosen": f"{CHAT}Yes.", "rejected": f"{CHAT}No."})

    assert [content for _, content, _, _ in found] == ["Hot?", f"{CHAT}Yes.", f"{CHAT}No."]


def test_a_file_of_both_kinds_is_read_row_by_row_and_the_marks_left_are_told(tmp_path):
    rows = [{"chosen": f"{CHAT}{n}.", "rejected": f"{CHAT}No {n}."} for n in range(2)]
    rows.append({"chosen": "\n\nHuman: a", "rejected": "b"})
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    report = profile_stream(io.BytesIO(data), tmp_path, Rules()).as_dict("a.jsonl")

    assert (report["format"], report["status"], report["turns"]) == ("preference", "ready", 12)
    assert [row["line"] for row in report["findings"] if row["code"] == "template-marker"] == [3]
