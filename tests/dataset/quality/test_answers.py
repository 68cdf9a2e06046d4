"""Short answers and loose white space are notes about the file: a share, and the first lines."""

from pipeline.dataset.frames.figures import figures_of
from pipeline.dataset.frames.frames import frames_of
from pipeline.dataset.quality.short_answers import Answers, Marked, answer_figures, measure_answers
from tests.engine_blocks import columns_of, line_of

CLEAN = ("assistant", "A good answer, long enough.")


def measured(*answers: str) -> Answers:
    lines = [line_of(str(i), ("user", " a "), ("assistant", a)) for i, a in enumerate(answers)]
    columns = columns_of(*lines)
    return measure_answers(figures_of(frames_of(columns), columns, answer_figures(), {}))


def test_a_file_without_either_has_no_note():
    answers = measured(CLEAN[1], "One two three.", "Donaudampfschifffahrt", "這是一個很長的回答")

    assert answers == Answers(4)
    assert answers.findings() == []


def test_answers_of_one_or_two_words_are_short():
    assert measured("Yes.", "Oui, bien.", CLEAN[1], "42").short == Marked(3, (1, 2, 4))


def test_answers_with_white_space_before_or_after_are_loose():
    assert measured(" It begins with one.", "It ends with one.\n", "It has none.").spaced == Marked(2, (1, 2))


def test_an_answer_without_a_word_is_neither():
    assert measured("", "  ", CLEAN[1]) == Answers(1)


def test_the_notes_give_the_share_and_the_first_five_lines():
    answers = measured(*["Yes. "] * 7, CLEAN[1])

    assert [(f.line, f.byte_offset, f.code, f.path, f.fault) for f in answers.findings()] == [
        (
            1,
            0,
            "very-short-answers",
            "$",
            "expected more than 2 words or 15 bytes in an answer, found 7 of 8 (87.5%) otherwise, "
            "first on lines 1, 2, 3, 4 and 5",
        ),
        (
            1,
            0,
            "white-space-at-edges",
            "$",
            "expected answers without white space at their edges, found 7 of 8 (87.5%) otherwise, "
            "first on lines 1, 2, 3, 4 and 5",
        ),
    ]
