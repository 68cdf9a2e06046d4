"""What a card says in words and numbers; pure functions, also the filters of its templates."""

from collections import Counter
from datetime import datetime

from pipeline.card.card import Card, Example, Figures
from pipeline.dataset.findings.finding import CATALOGUE, Severity
from pipeline.trainers.acceptance import Acceptance, Effect, Reason, Verdict

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
_METHODS = {"exact": "counted with", "sample": "estimated from a sample with"}


def _place(example: Example, figures: Figures) -> str:
    if figures.is_array:
        return f"row {example.row:,} (line {example.line:,}, byte {example.offset})"
    return f"line {example.line:,}"


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
    return _sentence(first.message) if first else "It holds no conversations."


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


def detail(message: str, remedy: str) -> str:
    """A finding's message without what to do, which stands above it once."""
    return message.removesuffix(f"; {remedy}")


def language_name(code: str) -> str:
    """The English name of an ISO 639-1 code; others as they are."""
    return _LANGUAGES.get(code, code)


def count_of(count: int, what: str) -> str:
    """`1 line`, `2 lines`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def number(value: float) -> str:
    """With thousands separators; others than whole numbers with one digit."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}".removesuffix(".0")


def percent(share: float) -> str:
    """A share as people write it; what exists is never 0 %."""
    value = 100 * share
    if 0 < value < 0.1:
        return "<0.1%"
    if 99.9 < value < 100:
        return ">99.9%"
    return f"{value:.1f}".removesuffix(".0") + "%"


def size(size_bytes: int) -> str:
    """In the largest decimal unit that leaves a whole part."""
    value, unit = float(size_bytes), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1_000:
            break
        value, unit = value / 1_000, larger
    return count_of(size_bytes, "byte") if unit == "bytes" else f"{value:.1f} {unit}"


def moment(time: datetime) -> str:
    """To the minute, with its zone."""
    return f"{time:%Y-%m-%d %H:%M} {time.tzname() or ''}".rstrip()


def cut(text: str, most: int) -> str:
    """At most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def opening(text: str, most: int) -> str:
    """The beginning of a long text, ending before white space where there is some; the whole of one hardly longer."""
    if len(text) <= most + most // 2:
        return text
    begin = text[:most]
    parts = begin.rsplit(maxsplit=1)
    return (parts[0] if len(parts) == 2 and len(parts[0]) >= most // 2 else begin) + "…"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
