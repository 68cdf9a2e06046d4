"""docs/findings.md: every finding with an example that triggers it, from the catalogue."""

from itertools import groupby

from pydantic import TypeAdapter

from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.findings.finding import CATALOGUE, FindingKind, Scope, Severity
from pipeline.dataset.findings.groups import MAX_LISTED
from pipeline.dataset.findings.plain_sentences import plain_sentence
from pipeline.docs.finding_examples import EXAMPLES
from pipeline.docs.markdown import block, code, section, table

_INTRODUCTION = f"""Codes are public and stable for ever. An **error** rejects its line, or the whole file; a
**warning** does not. A code is reported once a line, at its first place, and names up to three others. All findings are
counted; listed, in files, pages and SQL, are the first {MAX_LISTED:,} of each code in a file. In examples `\\xNN`
stands for a byte, and each line is one line of the file."""
_TITLES = {
    (Severity.ERROR, Scope.FILE): "Errors of a whole file",
    (Severity.ERROR, Scope.LINE): "Errors of a line",
    (Severity.WARNING, Scope.LINE): "Warnings",
    (Severity.WARNING, Scope.FILE): "Warnings about a whole file",
    (Severity.NOTE, Scope.LINE): "Notes",
    (Severity.NOTE, Scope.FILE): "Notes about a whole file",
}


_PARTS = """In files, in the API and in SQL a finding has the columns below. What was expected, what was found and what
else there is to say stand apart; `message` is the sentence that they make, with what to do. So one can count what is
found, `SELECT code, expected, found, count(*) FROM findings GROUP BY ALL ORDER BY 4 DESC`, and no program has to read
sentences. In SQL `column` is called `column_number`, as it is a word of the language."""


def page() -> str:
    """The page."""
    parts = [section("The parts of a finding", _PARTS, table(("column", "meaning"), _columns()))]
    for key, kinds in groupby(CATALOGUE.values(), lambda kind: (kind.severity, kind.scope)):
        listed = list(kinds)
        overview = table(("code", "what it says"), [(f"[{kind.code}](#{kind.code})", kind.title) for kind in listed])
        parts.append(section(_TITLES[key], overview, *map(_section, listed)))
    return section("Findings", _INTRODUCTION, *parts, level=1)


def _columns() -> list[tuple[str, str]]:
    fields = TypeAdapter(FindingRecord).json_schema()["properties"]
    return [(code(name), field["description"]) for name, field in fields.items()]


def _section(kind: FindingKind) -> str:
    paragraphs = [
        plain_sentence(kind.code),
        f"{_sentence(kind.title)} ({kind.severity}). {kind.why}",
        f"**What to do:** {kind.remedy}.",
    ]
    if example := EXAMPLES.get(kind.code):
        paragraphs += [f"**Example**{f', {example.note}' if example.note else ''}:", block(example.shown)]
    return section(kind.code, *paragraphs, level=3)


def _sentence(title: str) -> str:
    return title[0].upper() + title[1:] if title.split()[0].isalpha() else code(title)
