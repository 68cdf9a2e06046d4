"""What a card says of a dataset; pure functions, also the filters of its templates. How counts read: `wording.py`."""

from collections import Counter
from collections.abc import Mapping

from pipeline.card.card import Card, Figures
from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.findings.finding import CATALOGUE, Severity
from pipeline.dataset.findings.path_words import path_in_words
from pipeline.trainers.acceptance import Acceptance, Effect, Reason, Verdict
from pipeline.wording import count_of, sentence

VERDICTS = {Verdict.ACCEPTED: "accepts it", Verdict.WITH_LOSS: "accepts it with loss", Verdict.REFUSED: "refuses it"}
EFFECTS = {
    Effect.REFUSES: "refuses",
    Effect.DROPS: "drops",
    Effect.TRUNCATES: "cuts off",
    Effect.HARMS: "harms",
    Effect.NOTES: "note",
}
_SHOWN_LINES = 5
# Rules whose sentence gives the number already.
_COUNTED_IN_WORDS = {"too-few-conversations", "too-many-conversations", "file-too-large"}
_LANGUAGES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "tr": "Turkish",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "km", "my"})
_MOSTLY = 0.5
_METHODS = {"exact": "counted with", "sample": "estimated from a sample with"}


def _place(example: FindingRecord, figures: Figures) -> str:
    if figures.is_array:
        return f"row {example.row:,} (line {example.line:,}, byte {example.byte_offset})"
    return f"line {example.line:,}"


def words_note(languages: Mapping[str, float] | None) -> str:
    """Why words are not counted, where most answers are in languages without spaces; empty where they are."""
    found = {name: share for name, share in (languages or {}).items() if name in _WITHOUT_SPACES}
    if sum(found.values()) < _MOSTLY:
        return ""
    named = " and ".join(language_name(name) for name in found)
    return f"not counted: {named} {'is' if len(found) == 1 else 'are'} written without spaces"


def where(example: FindingRecord, figures: Figures) -> str:
    """Where in its row a finding is, in words."""
    return path_in_words(example.path, example.code, "row" if figures.is_array else "line", example.column)


def headline(card: Card) -> str:
    """Why the verdict is what it is, in a sentence or two."""
    figures = card.figures
    read = figures.lines - figures.blank_lines
    rejected = figures.rejected_lines
    unit = "row" if figures.is_array else "line"
    if figures.status == "ready":
        if not rejected:
            one = "Its one conversation could be read."
            return one if read == 1 else f"All {count_of(read, unit)} could be read as conversations."
        return (
            f"{count_of(figures.conversations, 'conversation')} could be read; "
            f"{count_of(rejected, unit)} of {read:,} could not, no more than is allowed here."
        )
    errors = [e for e in card.examples if e.code in CATALOGUE and CATALOGUE[e.code].severity is Severity.ERROR]
    first = min(errors, key=lambda example: example.row, default=None)
    if rejected:
        where = f" The first is {_place(first, figures)}: {CATALOGUE[first.code].title}." if first else ""
        return f"{rejected:,} of {count_of(read, unit)} cannot be read as conversations.{where}"
    return sentence(first.message) if first else "It holds no conversations."


def trainers_summary(acceptance: tuple[Acceptance, ...]) -> str:
    """How many trainers take the dataset."""
    counts = Counter(row.verdict for row in acceptance)
    parts = [(counts[Verdict.ACCEPTED], "without loss"), (counts[Verdict.WITH_LOSS], "with loss")]
    taken = ", ".join(f"{count} {how}" for count, how in parts if count)
    refused = counts[Verdict.REFUSED]
    if not taken:
        return f"None of {len(acceptance)} trainers takes it."
    return f"{len(acceptance) - refused} of {len(acceptance)} trainers take it: {taken}."


def losses(row: Acceptance) -> str:
    """The rows that a trainer leaves out or cuts off; empty where there are none, or it takes nothing at all."""
    if row.verdict is Verdict.REFUSED:
        return ""
    counts = [(row.rows_dropped, "dropped"), (row.rows_truncated, "cut off")]
    return ", ".join(f"{count_of(count, 'row')} {what}" for count, what in counts if count)


def reach(reason: Reason) -> str:
    """How much of the dataset a reason is about, and where it begins."""
    if reason.rule in _COUNTED_IN_WORDS or not reason.count:
        return ""
    if reason.first_lines:
        rows = ", ".join(f"{row:,}" for row in reason.first_lines[:_SHOWN_LINES])
        more = ", …" if reason.count > len(reason.first_lines) else ""
        return f"row {rows}" if reason.count == 1 else f"{count_of(reason.count, 'row')}: {rows}{more}"
    return count_of(reason.count, "turn" if reason.rule.startswith("role-") else "row")


def token_note(figures: Figures) -> str:
    """How the tokens were counted, and how sure that is."""
    if not figures.turns:
        return ""
    kind, _, tokenizer = figures.token_method.partition(":")
    how = f"{_METHODS[kind]} {tokenizer}" if kind in _METHODS else f"estimated: {figures.token_method}"
    error = figures.tokens_standard_error
    return f"± {error:,.0f}, {how}" if error else how


def language_name(code: str) -> str:
    """The English name of an ISO 639-1 code; others as they are."""
    return _LANGUAGES.get(code, code)
