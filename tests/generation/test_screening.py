"""What the engine would say of a file is said of each conversation, and what shows how it was made is found."""

import io
import json
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dataset.profiles.profile_rules import WORDS, Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.generation.made_findings import MadeFinding, state_by
from pipeline.generation.made_rows import said
from pipeline.generation.model import MadeConversation, MadeTurn
from pipeline.generation.scaffold_rules import SCAFFOLD_RULES
from pipeline.generation.screening import screened
from tests.generation.made_samples import ARC, SCAFFOLDS, conversation, item

MADE = conversation()
TEXTS = (
    "Write to ada.lovelace@gmail.com, please.",
    "I'm sorry, but I can't help with that.",
    "Dear [Your Name], thank you.",
    "As an AI language model, I have no feelings.",
    "<|im_end|> That is all.",
    "The key is AKIAIOSFODNN7ABCDEFG, keep it.",
    "ha " * 200,
    "A NUL\0 in a text.",
    "Well said.",
)


def with_texts(*texts: str, system: str = "You are a patient adviser.") -> MadeConversation:
    turns = (MadeTurn("assistant" if n % 2 else "user", text) for n, text in enumerate(texts))
    return MadeConversation("T", system, tuple(turns))


def findings(*texts: str, **changed: object) -> list[MadeFinding]:
    return list(screened([(item(**changed), with_texts(*texts))], SCAFFOLDS)[0])


@settings(max_examples=25)
@given(
    said_by=st.lists(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4), min_size=1, max_size=4),
    system=st.booleans(),
)
def test_the_very_same_findings_as_of_a_file(said_by, system, tmp_path_factory):
    made = [with_texts(*texts, system="Be kind." if system else "") for texts in said_by]

    found = screened([(item(), each) for each in made], SCAFFOLDS)

    rows = (
        {"conversation_id": str(n), "turns": [{"role": role, "content": text} for role, text in said(each)]}
        for n, each in enumerate(made)
    )
    data = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
    rules = Rules(tokenizer=WORDS, has_near_duplicates=False)
    profile = profile_stream(io.BytesIO(data), tmp_path_factory.mktemp("file"), rules)
    of_file = [
        (each["row"], each["code"], each["severity"], each["message"])
        for each in profile.findings
        if each["code"] not in {"very-short-answers", "white-space-at-edges"}
        and not each["code"].startswith("duplicate")
    ]
    ours = {rule.kind.code for rule in SCAFFOLD_RULES}
    of_each = [
        (n, each.code, each.severity, each.sentence)
        for n, several in enumerate(found, start=1)
        for each in several
        if each.code not in ours
    ]
    assert sorted(of_each) == sorted(of_file)


def test_a_finding_names_the_turn_whether_there_is_a_system_prompt_or_not():
    for system in ("", "Be kind."):
        (found,) = screened([(item(), with_texts("Hello there.", TEXTS[3], system=system))], SCAFFOLDS)

        assert [(each.code, each.turn) for each in found] == [("assistant-boilerplate", 2)]
    (found,) = screened([(item(), with_texts("Hello.", "Hi.", system=TEXTS[0]))], SCAFFOLDS)
    assert [(each.code, each.turn) for each in found] == [("email-address", 0)]


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        (
            "Dear {persona_name}, it is fine.",
            "template-placeholder",
            "expected filled text, found the template's {persona_name}; mend the template, and draw the item anew",
        ),
        (
            "This is fear_to_calm at work.",
            "scaffold-key",
            "expected what people say, found the key fear_to_calm; draw the item anew, or rewrite the turn",
        ),
        (
            "We go from fear to calm together.",
            "scaffold-word",
            "expected what people say, found 'from fear to calm', which is of the request; "
            "rewrite the turn, or draw the item anew",
        ),
        (
            "As Oskar always says, go on.",
            "other-persona",
            "expected this persona alone, found the name Oskar, of quick_starter; "
            "look whether somebody else is meant; else rewrite the turn",
        ),
        (
            "Just Calm Down, will you.",
            "avoided-phrase",
            "expected none of what the arc avoids, found 'calm down'; rewrite the answer, or reject the conversation",
        ),
        (
            "So what you do is take the letter from the bank to the window and read it",
            "unclosed-answer",
            "expected an answer that ends with a mark, found none; read its end",
        ),
    ],
)
def test_what_shows_how_it_was_made_is_found(text, code, sentence):
    (found,) = findings("How do I begin?", text)

    assert (found.code, found.turn, found.sentence) == (code, 2, sentence)


@pytest.mark.parametrize(
    "text",
    [
        "As Ines always says, go on.",  # this persona's own name
        "Oskars live longer.",
        "Set my_variable to 4.",
        "Read it at example.com/fear_to_calm today.",
        "The pension is small.",  # a key that is a word
        "It could be worsened by that.",  # the letters of a phrase that is avoided
    ],
)
def test_what_people_say_is_left_alone(text):
    assert findings("How do I begin?", text) == []


def test_a_phrase_is_found_however_its_apostrophe_is_written():
    arc = ARC.model_copy(update={"avoid": ("It's simple",)})
    scaffolds = replace(SCAFFOLDS, arcs={ARC.key: arc})

    (found,) = screened([(item(), with_texts("How?", "Well, it’s simple."))], scaffolds)

    assert [each.code for each in found] == ["avoided-phrase"]


def test_who_asks_may_say_what_answers_are_to_avoid():
    assert findings("Everybody tells me to calm down.", "That does not help.") == []


def test_a_rule_tells_its_first_place_and_names_the_others():
    (found,) = findings("Is it fear_to_calm?", "Yes.", "Really fear_to_calm?", "It is fear_to_calm.")

    assert (found.turn, found.sentence) == (
        1,
        "expected what people say, found the key fear_to_calm (also in turn 3, 4); "
        "draw the item anew, or rewrite the turn",
    )


def test_another_language_than_nearly_all_have_is_told():
    german = with_texts(
        "Wie fange ich an?", "Am besten schreiben Sie zuerst auf, was Sie jeden Monat einnehmen und was Sie ausgeben."
    )
    english = [
        with_texts("Where do I begin?", f"It is best to write down first what you earn every month, and spend. {n}.")
        for n in range(30)
    ]
    made = [(item(), each) for each in (*english, german)]

    assert [each for found in screened(made, SCAFFOLDS)[:-1] for each in found] == []
    assert screened(made, SCAFFOLDS)[-1] == (
        MadeFinding(
            "other-language",
            "warning",
            None,
            "expected answers in en, found de; read it, or draw the item anew",
        ),
    )
    assert screened(made[-1:], SCAFFOLDS) == [()]
    assert [each.code for each in screened(made[:1], SCAFFOLDS, language="de")[0]] == ["other-language"]


def test_errors_fail_warnings_are_to_be_read_and_notes_are_for_the_eye():
    def found(*severities: str) -> list[MadeFinding]:
        return [MadeFinding("code", each, None, "") for each in severities]

    assert state_by(found("note", "error", "warning")) == "failed"
    assert state_by(found("note", "warning")) == "needs_review"
    assert state_by(found("note")) is None


def test_what_is_well_has_no_findings():
    made = [(item(number), conversation(number)) for number in range(1, 30)]

    assert screened(made, SCAFFOLDS) == [()] * 29
    assert screened([], SCAFFOLDS) == []


def test_each_rule_has_a_case_here():
    told = json.dumps([mark.args[1] for mark in test_what_shows_how_it_was_made_is_found.pytestmark])

    assert [rule.kind.code for rule in SCAFFOLD_RULES if f'"{rule.kind.code}"' not in told] == []
