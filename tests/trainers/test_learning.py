"""The model learns what is supervised, within the length, and nothing else."""

from dataclasses import replace

from pipeline.dataset.convert.conversations import Said, Talk
from pipeline.dataset.tokens import load_tokenizer
from pipeline.trainers.learning import Dropped, answers_apart, has_unlearned_answers, prepare

ASK, ANSWER = Said("user", "Why?", False), Said("assistant", "So.", True)
CONTEXT = Said("assistant", "Hm.", False, 0.0)
HALF = replace(ANSWER, weight=0.5)
TOKENIZER = load_tokenizer("o200k_base")


def _talk(*turns: Said) -> Talk:
    return Talk(7, 7, "row-7", list(turns), None, frozenset())


def _prepared(*turns: Said, max_length: int = 512) -> Talk | Dropped:
    return prepare(_talk(*turns), max_length, TOKENIZER)


def test_what_follows_the_last_answer_is_left_out():
    assert _prepared(ASK, ANSWER, ASK) == _talk(ASK, ANSWER)
    assert _prepared(ASK, ANSWER, ASK, CONTEXT) == _talk(ASK, ANSWER)


def test_an_answer_in_between_that_is_context_keeps_its_weight():
    talk = _prepared(ASK, CONTEXT, ASK, ANSWER)

    assert talk == _talk(ASK, CONTEXT, ASK, ANSWER)
    assert has_unlearned_answers(talk)


def test_a_weight_of_1_says_nothing_and_a_fraction_stays():
    assert _prepared(ASK, replace(ANSWER, weight=1.0)) == _talk(ASK, ANSWER)
    assert _prepared(ASK, HALF) == _talk(ASK, HALF)


def test_of_a_judgement_the_last_answer_must_begin_within_the_length():
    before = [ASK, ANSWER, replace(ASK, content="so many words " * 200)]
    talk = replace(_talk(*before, ANSWER), label=True)

    assert prepare(talk, 512, TOKENIZER, "sft") == talk
    assert prepare(talk, 512, TOKENIZER, "kto") == Dropped(7, 7, "answer-cut-off")
    assert prepare(_talk(ANSWER), 512, TOKENIZER, "kto") == Dropped(7, 7, "no-question")


def test_a_preference_is_a_question_with_one_answer_each():
    talk = replace(_talk(ASK, ANSWER), rejected=(HALF,), lost=frozenset({"rejected-answers"}))

    assert prepare(talk, 512, TOKENIZER, "preference") == replace(talk, lost=frozenset())
    for other in (replace(talk, rejected=(ANSWER, ASK, ANSWER)), replace(talk, turns=[ASK, ANSWER, ASK, ANSWER])):
        assert prepare(other, 512, TOKENIZER, "preference") == Dropped(7, 7, "not-one-answer")


def test_nothing_to_learn_is_dropped():
    assert _prepared(ASK, CONTEXT) == Dropped(7, 7, "nothing-supervised")
    assert _prepared(ASK) == Dropped(7, 7, "nothing-supervised")


def test_an_answer_beyond_the_length_is_dropped():
    """A word here is a token; each turn has 4 more of its template."""
    long = Said("user", "word " * 50, False)

    lengths = [length for length in range(8, 80) if isinstance(_prepared(long, ANSWER, max_length=length), Dropped)]

    tokens = int(TOKENIZER.count([long.content])[0])
    assert lengths == list(range(8, tokens + 8 + 1))
    assert _prepared(long, ANSWER, max_length=20) == Dropped(7, 7, "answer-cut-off")


def test_a_first_answer_within_the_length_keeps_the_row():
    long = Said("user", "word " * 500, False)

    assert _prepared(ASK, ANSWER, long, ANSWER, max_length=64) == _talk(ASK, ANSWER, long, ANSWER)


def test_answers_apart_end_with_the_answer_they_teach():
    parts = list(answers_apart(_talk(ASK, ANSWER, ASK, CONTEXT, ASK, ANSWER)))

    assert parts == [_talk(ASK, ANSWER), _talk(ASK, ANSWER, ASK, CONTEXT, ASK, ANSWER)]
