"""Every finding is said in everyday words."""

import re

from pipeline.dataset.findings.finding import CATALOGUE
from pipeline.dataset.findings.plain_sentences import PLAIN_SENTENCES, plain_sentence

_JARGON = re.compile(
    r"\b(JSON|UTF-8|field|object|array|string|boolean|null|byte|token|parse|decod|encod|Unicode|regex)", re.I
)


def test_each_code_has_one_sentence_and_no_other_has():
    assert list(PLAIN_SENTENCES) == list(CATALOGUE)
    assert len(set(PLAIN_SENTENCES.values())) == len(CATALOGUE)
    assert plain_sentence("of-another-version") == ""


def test_they_are_sentences_without_the_words_of_programmers():
    assert [text for text in PLAIN_SENTENCES.values() if _JARGON.search(text)] == []
    assert [
        text for text in PLAIN_SENTENCES.values() if not (text[0].isupper() and text.endswith(".") and len(text) <= 110)
    ] == []
