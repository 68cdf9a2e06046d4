"""Every rule that is written is run, and is in the catalogue."""

from importlib import import_module
from pkgutil import iter_modules

from pipeline.dataset import rules
from pipeline.dataset.findings.finding import CATALOGUE
from pipeline.dataset.frames.warnings import WARNING_RULES
from pipeline.dataset.quality.quality_findings import TEXT_RULES
from pipeline.dataset.rules.answer_rules import ANSWER_RULES
from pipeline.dataset.rules.looping_answers import LOOP
from pipeline.dataset.rules.rule_entries import Book


def test_a_book_that_is_left_out_anywhere_is_found():
    modules = [import_module(f"{rules.__name__}.{each.name}") for each in iter_modules(rules.__path__)]
    books = [each for module in modules for each in vars(module).values() if isinstance(each, Book)]

    written = {rule.kind.code for book in books for rule in book} | {rule.kind.code for rule in ANSWER_RULES}

    assert written == {rule.kind.code for rule in (*WARNING_RULES, *TEXT_RULES, *ANSWER_RULES)}
    assert all(CATALOGUE[rule.kind.code] is rule.kind for book in books for rule in book)
    assert CATALOGUE[LOOP.code] is LOOP  # the one rule in no book: it is asked where something stands twice
