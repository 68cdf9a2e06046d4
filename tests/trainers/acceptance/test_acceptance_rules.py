"""The rules of every target are data that is checked; a slip in a file is an error, not a rule that never fires."""

from collections import Counter

import pytest

from pipeline.dataset.findings.finding import CATALOGUE, Severity
from pipeline.dataset.formats.rows import FORMATS
from pipeline.trainers.acceptance.acceptance_rules import Effect, load_targets, parse_target
from pipeline.trainers.registry import JUDGING

MINIMAL = """
title = "A trainer"
version = "1"
as_of = 2026-11-24
sources = ["its documentation"]
reads = ["openai"]
convert_to = "openai"
rejected_lines = "It stops."
"""


@pytest.mark.parametrize("target", load_targets(), ids=lambda target: target.name)
def test_a_targets_rules_are_whole(target):
    names = {form.name for form in FORMATS}
    judged = [(rule.code, form) for rule in target.codes for form in target.reads if rule.applies_to(form)]
    sentences = [rule.because for rule in (*target.codes, *target.roles, *target.formats)] + [target.rejected_lines]

    assert target.convert_to in target.reads
    assert {*target.reads, *(rule.format for rule in target.formats)} <= names
    assert max(Counter(judged).values()) == 1, "two rules for one code and format"
    assert all(sentence.endswith(".") and sentence[0].isupper() for sentence in sentences)
    assert all(CATALOGUE[rule.code].severity is not Severity.ERROR for rule in target.codes)
    assert not {rule.format for rule in target.formats if rule.effect is Effect.REFUSES} & set(target.reads)


def test_the_targets_stand_in_their_order():
    assert tuple(target.name for target in load_targets()) == JUDGING


@pytest.mark.parametrize(
    ("addition", "complaint"),
    [
        (
            '[[codes]]\ncode = "no-such"\neffect = "drops"\nbecause = "x"',
            "a code of the findings catalogue, found no-such",
        ),
        (
            '[[codes]]\ncode = "blank-line"\neffect = "truncates"\nbecause = "x"',
            "effect: expected one of refuses, drops, harms, notes, found truncates - at `$.codes[0]`",
        ),
        ('[[roles]]\nrole = "user"\neffect = "notes"\nbecause = "x"', "`$.roles[0].role`"),
        ('colour = "red"', "unknown field `colour`"),
        ('[length]\nmax_length = 9\neffect = "harms"\nbecause = "x"', "`$.length`"),
        ('[[formats]]\nformat = "fax"\neffect = "notes"\nbecause = "x"', "found 'fax'"),
        ("min_conversations = 0", "`$.min_conversations`"),
    ],
)
def test_a_slip_in_a_file_is_an_error(addition, complaint):
    with pytest.raises(ValueError) as error:
        parse_target("x", f"{MINIMAL}{addition}\n")

    assert complaint in str(error.value)
