"""Languages are told from the answers, and a file without a main one gets a note."""

from pipeline.dataset.quality.languages import (
    SAMPLE_SIZE,
    LanguageFigures,
    LanguageSample,
    language_findings,
    sample_languages,
)
from pipeline.dataset.reading.rows_again import read_once
from tests.engine_blocks import LIMITS, block_of, columns_of, line_of

ENGLISH = "This is an answer number {} that is long enough to tell the language it was written in."
GERMAN = "Das ist die Antwort Nummer {}, die lang genug ist, damit man ihre Sprache erkennen kann."


def sample_of(*answers: str):
    return sample_languages(columns_of(*[line_of(a, ("user", "안녕하세요 " * 9), ("assistant", a)) for a in answers]))


def numbered(template: str, count: int) -> list[str]:
    return [template.format(number) for number in range(count)]


def test_the_answers_decide_not_the_questions():
    figures = sample_of(*numbered(ENGLISH, 30)).conclude()

    assert figures == LanguageFigures({"en": 1.0}, 30)
    assert language_findings(figures) == []


def test_a_file_in_two_languages_has_a_note():
    figures = sample_of(*numbered(ENGLISH, 30), *numbered(GERMAN, 20)).conclude()

    assert figures == LanguageFigures({"en": 0.6, "de": 0.4}, 50)
    assert [(f.line, f.code, f.path, f.fault) for f in language_findings(figures)] == [
        (1, "mixed-languages", "$", "expected one language in 80% of the answers, found en 60%, de 40% of 50 sampled")
    ]


def test_a_few_texts_tell_nothing_of_a_file():
    assert language_findings(LanguageFigures({"en": 0.5, "de": 0.5}, 10)) == []


def test_texts_without_letters_have_no_language():
    assert sample_of("1234567890 " * 10, "Yes.").conclude() == LanguageFigures({}, 0)
    assert language_findings(LanguageFigures({}, 0)) == []


def test_the_sample_is_bounded_and_cuts_no_character_in_half():
    sample = sample_of(*[f"{number} 訓練資料" * 60 for number in range(SAMPLE_SIZE + 100)])

    assert len(sample.texts) == SAMPLE_SIZE
    assert max(len(text.encode()) for text in sample.texts.values()) <= 300
    assert all("\ufffd" not in text for text in sample.texts.values())


def test_the_sample_does_not_depend_on_the_parts():
    """However often rows come, and where the same words are once an answer and once a question."""
    answers = numbered(ENGLISH, SAMPLE_SIZE + 20)
    rows = [line_of("a", ("user", "Well?"), ("assistant", each)) for each in answers]
    turned = [line_of("b", ("assistant", "Well?"), ("user", each)) for each in answers]
    lines = [*rows[:9] * SAMPLE_SIZE, *rows, *turned, *rows]  # the first block is read by its different rows

    def parts(cut: int):
        blocks = (block_of(b"".join(lines[at : at + cut])) for at in range(0, len(lines), cut))
        return [sample_languages(read_once(block, LIMITS)[1]) for block in blocks]

    whole, *several = (sum(parts(cut), start=LanguageSample()).texts for cut in (len(lines), 1_800, 300))

    assert len(whole) == SAMPLE_SIZE
    assert several == [whole, whole]
