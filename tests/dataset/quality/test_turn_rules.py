"""All rules at once find what each finds in each turn by itself, wherever turns and blocks end."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.quality import turn_rules as module
from pipeline.dataset.quality.quality_findings import TEXT_RULES
from pipeline.dataset.quality.turn_rules import _flag_openings, scan
from pipeline.dataset.rules.refused_answers import REFUSAL_RULES
from tests.engine_blocks import columns_of, line_of

PIECES = (
    *("I'm sorry, but I cannot help", "Sorry, I can't", "As an AI language model", "als Sprachmodell", "\n", " ", ". "),
    *(
        "jane.doe",
        "@",
        "acme-corp.org",
        "+49 30 ",
        "1234567",
        "212",
        "-555-",
        "4",
        "4111 1111 ",
        "1111 1111",
        "192.168.",
    ),
    *(
        "81.12",
        ".77.200",
        "DE89 3704 0044 ",
        "0532 0130 00",
        "078-05-",
        "1121",
        "AKIAIOSFODNN7EXAMPLF",
        "ghp_",
        "x1Y2z" * 8,
    ),
    *(
        "{{ name",
        " }}",
        "[your ",
        "name]",
        "<|im_start",
        "|>",
        "Human: ",
        "&nbsp;",
        "<br",
        ">",
        "Ã©",
        "\x07",
        "\u200b",
        "é",
        "数据",
    ),
)
texts = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
conversations = st.lists(st.lists(texts, min_size=1, max_size=4), min_size=1, max_size=4)


def found(*lines: bytes) -> list[tuple[int, str]]:
    return sorted(
        (finding.line, finding.code) for group in scan(columns_of(*lines), TEXT_RULES) for finding in group.findings()
    )


def expected(conversations: list[list[str]]) -> list[tuple[int, str]]:
    """Every rule asked of every turn that it looks at."""
    return sorted(
        {
            (line, rule.kind.code)
            for line, turns in enumerate(conversations, start=1)
            for place, text in enumerate(turns)
            for rule in TEXT_RULES
            if (place % 2 or not rule.is_for_answers) and rule.locate(text)
        }
    )


@given(listed=conversations, most_matches=st.sampled_from([0, 1, 2, 1_000]))
def test_the_rules_together_find_what_each_finds_alone(listed, most_matches):
    """Also where matches are so many that the rest of a block is asked turn by turn."""
    roles = ("user", "assistant")
    lines = [
        line_of(str(number), *((roles[i % 2], text) for i, text in enumerate(turns)))
        for number, turns in enumerate(listed)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MOST_MATCHES", most_matches)

        assert found(*lines) == expected(listed)


@pytest.mark.parametrize("rule", TEXT_RULES, ids=lambda rule: rule.kind.code)
def test_no_suspect_depends_on_what_stands_around_it(rule):
    """Texts lie end to end when they are looked at: an edge of a word or of a text would be another one."""
    assert not re.search(r"\\[AbBzZ]|\(\?<|\(\?=|\(\?!|(?<!\[)\^|\$", re.sub(r"\[[^\]]*\]", "", rule.suspect))


def test_a_match_that_reaches_into_the_next_turn_hides_nothing_there():
    listed = [["tel: 1", "23-45-6789 jane.doe@acme-corp.org"]]

    assert (
        found(line_of("0", ("user", listed[0][0]), ("assistant", listed[0][1])))
        == expected(listed)
        == [(1, "email-address")]
    )


@pytest.mark.parametrize("before", ["", '"', "“", "**", " \n", " " * 20])
@pytest.mark.parametrize("opening", REFUSAL_RULES[0].openings)
def test_answers_are_looked_at_however_an_opening_is_written(opening, before):
    """Only those that begin with the first bytes of one are looked at closely."""
    written = {opening, opening.upper(), opening.title(), opening.replace("s", "ſ").replace("k", "\u212a")}
    turns = [("assistant", f"{before}{each}…") for each in sorted(written)]
    is_suspect = np.zeros(len(turns) + 2, dtype=np.bool_)

    columns = columns_of(line_of("0", *turns, ("user", opening), ("assistant", "“Zebra”")))
    _flag_openings(is_suspect, columns, tuple(REFUSAL_RULES))

    assert is_suspect.tolist() == [*(True for _ in turns), False, False]
