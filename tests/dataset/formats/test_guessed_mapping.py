"""A mapping that fits is printed ready to paste and read as it says; nothing is guessed where a text would be lost."""

import io
import json

import pytest

from pipeline.dataset.findings.faults import NoFaults
from pipeline.dataset.formats.containers import Compression
from pipeline.dataset.formats.guessed_mapping import guessed_mapping, mapping_text
from pipeline.dataset.formats.mapped_rows import AUTO_MAPPED
from pipeline.dataset.formats.mapping import checked_mapping, mapped_format
from pipeline.dataset.formats.recognise import recognise
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.errors import UsageError

ASKED, ANSWERED = "How long should it steep?", "Three minutes."
FITTING = {
    "texts": ({"request": ASKED, "reply": ANSWERED}, {"prompt": "request", "answer": "reply"}),
    "beside-them": (
        {
            "uuid": "f.0",
            "sys_prompt": "Be brief.",
            "request": ASKED,
            "reply": ANSWERED,
            "chat_history": [["Hello", "Hi"]],
        },
        {"prompt": "request", "answer": "reply", "system": "sys_prompt", "history": "chat_history", "id": "uuid"},
    ),
    "in-an-object": (
        {"data": {"Question": ASKED, "Answer": ANSWERED}},
        {"prompt": "data.Question", "answer": "data.Answer"},
    ),
    "messages": (
        {"chat": [{"who": "Customer", "says": ASKED}, {"who": "Agent", "says": ANSWERED}]},
        {"turns": "chat", "role": "who", "content": "says", "roles": {"Agent": "assistant", "Customer": "user"}},
    ),
}


def read(row: dict, form) -> list[tuple[str, str]]:
    return [(turn.role, turn.content) for turn in form.read(row, NoFaults()).turns]


@pytest.mark.parametrize("name", FITTING)
def test_the_mapping_that_fits_is_printed_and_reads_the_rows(name, tmp_path):
    row, expected = FITTING[name]
    data = (json.dumps(row) + "\n").encode() * 3

    reading = recognise(data, Compression.NONE, None)

    said = reading.unlike.partition("--mapping '")[2].partition("'")[0]
    assert json.loads(said) == expected
    assert read(row, mapped_format(said))[-2:] == [("user", ASKED), ("assistant", ANSWERED)]
    report = profile_stream(io.BytesIO(data), tmp_path, Rules(form=AUTO_MAPPED).structure_only()).as_dict("a.jsonl")
    assert (report["format"], report["rejected_lines"], report["conversations"]) == ("custom", 0, 3)


def test_earlier_pairs_of_a_history_come_first():
    row, mapping = FITTING["beside-them"]

    assert read(row, mapped_format(json.dumps(mapping))) == [
        ("system", "Be brief."),
        ("user", "Hello"),
        ("assistant", "Hi"),
        ("user", ASKED),
        ("assistant", ANSWERED),
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"context": "Green tea is delicate.", "request": ASKED, "reply": ANSWERED},
        {"Instruction": "Answer briefly.", "Input": ASKED, "Output": ANSWERED},
        {"question": ASKED, "choices": ["Two.", ANSWERED], "answer": ANSWERED},
        {"asked": [{"role": "user", "content": ASKED}], "replied": ANSWERED},
        {"request": ASKED, "reply": 4},
        {"request": ASKED},
        {"chat": [{"who": "Zed", "says": ASKED}, {"who": "Moth", "says": ANSWERED}]},
        {"it's": ASKED, "b": ANSWERED},
        {},
        [],
        "text",
    ],
)
def test_nothing_is_guessed_where_a_text_would_be_lost_or_nobody_can_say(row):
    assert guessed_mapping([row] * 3) is None


def test_empty_fields_beside_a_question_are_no_loss():
    mapping = guessed_mapping([{"Instruction": ASKED, "Input": "", "Output": ANSWERED}])

    assert mapping is not None
    assert json.loads(mapping_text(mapping)) == {"prompt": "Instruction", "answer": "Output"}


def test_auto_of_a_known_format_is_that_format():
    row = {"messages": [{"role": "user", "content": ASKED}, {"role": "assistant", "content": ANSWERED}]}

    assert recognise(json.dumps(row).encode(), Compression.NONE, AUTO_MAPPED).form == BY_NAME["openai"]


def test_what_comes_over_the_network_names_no_file():
    assert checked_mapping(" auto ", 100) == "auto"
    assert checked_mapping('{"prompt": "q", "answer": "a"}', 100) == '{"prompt":"q","answer":"a"}'
    with pytest.raises(UsageError, match="expected auto, or a JSON object"):
        checked_mapping("/etc/hostname", 100)


@pytest.mark.parametrize("said", [None, "", "  "])
def test_nothing_said_over_the_network_is_no_mapping(said):
    assert checked_mapping(said, 100) is None


@pytest.mark.parametrize("said", ['{"turns":' + "[" * 1_900 + "]" * 1_900 + "}", '{"turns": "%s"}' % ("a" * 4_000)])
def test_what_is_too_deep_or_too_long_is_refused_by_its_own_name(said):
    with pytest.raises(UsageError, match=r"^mapping: expected "):
        checked_mapping(said, 4_000)


@pytest.mark.parametrize("said", ['{"prompt": "q"}', "{", '{"turns": "a", "history": "b"}', '{"x": 1}'])
def test_a_mapping_that_is_none_is_refused(said):
    with pytest.raises(UsageError, match="--mapping"):
        mapped_format(said)


def test_what_belongs_to_a_question_counts_in_whichever_row_it_stands():
    rows = [{"message": ASKED, "reply": ANSWERED}, {"message": ASKED, "reply": ANSWERED, "context": "It is green tea."}]

    assert guessed_mapping(rows) is guessed_mapping(rows[::-1]) is None
    assert guessed_mapping(rows[:1]) is not None
