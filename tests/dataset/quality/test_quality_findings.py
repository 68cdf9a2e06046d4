"""Every rule finds what is planted, on its line and at its character, and nothing in clean text."""

import re

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.findings.finding import CATALOGUE, Scope
from pipeline.dataset.findings.quality_kinds import QUALITY_KINDS
from pipeline.dataset.quality.quality_findings import TEXT_RULES, quality_findings
from pipeline.dataset.reading.columns import read_columns
from pipeline.dataset.rules.answer_rules import ANSWER_RULES
from tests.dataset.rules.planting import PLANTS, TOKENS, found
from tests.engine_blocks import LIMITS, block_of, columns_of, line_of

WORDS = "the of and to people 42 3.14 café naïve 你好 训练 안녕하세요 привет 🙂 → it’s – ½ don't (see) a/b".split()
clean_texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=30).map(" ".join)
conversations = st.lists(st.lists(clean_texts, min_size=1, max_size=4), min_size=1, max_size=5)


def lines_of(texts: list[list[str]]) -> list[bytes]:
    return [line_of(str(number), *[("assistant", text) for text in turns]) for number, turns in enumerate(texts)]


@given(texts=conversations)
def test_clean_text_has_no_finding(texts):
    assert quality_findings(columns_of(*lines_of(texts))) == []


@given(texts=conversations, code=st.sampled_from(sorted(PLANTS)), data=st.data())
def test_what_is_planted_is_found_on_its_line_at_its_character(texts, code, data):
    plant, inside = PLANTS[code]
    conversation = data.draw(st.integers(0, len(texts) - 1))
    turn = data.draw(st.integers(0, len(texts[conversation]) - 1))
    words = texts[conversation][turn].split()
    before = data.draw(st.integers(0, len(words)))
    head = " ".join([*words[:before], ""]) if before else ""
    texts[conversation][turn] = " ".join([*words[:before], plant, *words[before:]])

    findings = quality_findings(columns_of(*lines_of(texts)))

    places = [(f.line, f.code, f.path) for f in findings]
    assert places == [(conversation + 1, code, f"$.turns[{turn}].content")]
    assert findings[0].fault.endswith(f" at character {len(head) + inside + 1}")


@given(texts=conversations, plants=st.lists(st.sampled_from([plant for plant, _ in PLANTS.values()]), max_size=5))
def test_findings_do_not_depend_on_where_blocks_begin(texts, plants):
    for place, plant in enumerate(plants):
        texts[place % len(texts)].append(plant)
    lines = lines_of(texts)

    whole = quality_findings(columns_of(*lines))

    alone = [finding.fault for line in lines for finding in quality_findings(columns_of(line))]
    assert [finding.fault for finding in whole] == alone


@given(
    text=st.one_of(
        st.text(),
        st.lists(st.sampled_from([*"0123456789-+.@()[]{}<>|&;:# \n'ÃÂâ€", *WORDS])).map("".join),
        st.lists(st.sampled_from([*PLANTS.values()])).map(lambda plants: " ".join(plant for plant, _ in plants)),
        st.sampled_from(list(TOKENS.values())),
    )
)
def test_the_suspects_of_a_rule_hold_all_that_it_finds(text):
    """The two expressions of a rule are written apart; the quick one may only be wider."""
    for rule in TEXT_RULES:
        if rule.locate(text) is not None:
            assert pc.match_substring_regex(pa.array([text]), rule.suspect)[0].as_py(), rule.kind.code


def test_a_code_is_told_once_a_line_with_its_other_places():
    assert found("write to jane@posteo.de", "none", "or to joe@posteo.de and jim@posteo.de") == [
        (
            "email-address",
            "expected no personal data, found an e-mail address at character 10 (also at $.turns[2].content)",
        )
    ]


def test_a_line_lists_its_findings_in_the_catalogues_order():
    (line,) = {
        tuple(finding.code for finding in quality_findings(columns_of(line_of("a", ("assistant", text)))))
        for text in ("<br> \u202e 93.184.216.34 jane@posteo.de", "jane@posteo.de 93.184.216.34 \u202e <br>")
    }

    assert line == ("email-address", "hidden-text", "ip-address", "html-leftover")


@pytest.mark.parametrize("plant", [*(plant for plant, _ in PLANTS.values()), *TOKENS.values()])
def test_a_message_never_quotes_what_was_found(plant):
    for _, detail in found(f"so {plant}"):
        assert plant not in detail
        assert re.fullmatch(r"expected [a-z ]+, found [A-Za-z0-9+ -]+ at character \d", detail)


@pytest.mark.parametrize("code", ["refusal", "assistant-boilerplate"])
def test_only_answers_are_asked_for_their_voice(code):
    text = "I'm sorry, but as an AI language model I cannot help."

    assert code in [each for each, _ in found(text)]
    assert found(text, role="user") == []


def test_every_code_of_a_line_has_its_rule():
    in_code = (
        {rule.kind.code for rule in TEXT_RULES} | {rule.kind.code for rule in ANSWER_RULES} | {"degenerate-repetition"}
    )

    assert in_code == {kind.code for kind in QUALITY_KINDS if kind.scope is Scope.LINE}
    assert in_code <= set(CATALOGUE)


def test_no_conversations_have_no_findings():
    assert quality_findings(columns_of(b"{}\n")) == []


def test_lines_and_offsets_are_those_of_the_file():
    first = line_of("a", ("assistant", "fine"))
    second = line_of("b", ("assistant", "write to jane@posteo.de"))

    _, columns = read_columns(block_of(first + second, line=11, offset=500), LIMITS)

    assert [(f.line, f.byte_offset) for f in quality_findings(columns)] == [(12, 500 + len(first))]
