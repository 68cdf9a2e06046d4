"""The page of a dataset's rows: what narrows them, and each as a conversation; rejected ones as they stand."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from pydantic import ValidationError

from pipeline.card.card import Figures
from pipeline.card.card_sentences import language_name, words_note
from pipeline.contract.finding_record import FindingRecord
from pipeline.contract.marked_line import MarkedLine
from pipeline.contract.row_values import BrowsedRow, RejectedPage, RejectedRow, RowPage, RowQuery, RowTurn
from pipeline.dataset.findings.finding import CATALOGUE, Scope
from pipeline.dataset.findings.finding_sentences import fault_of
from pipeline.dataset.findings.path_words import path_in_words
from pipeline.dataset.findings.plain_sentences import plain_sentence
from pipeline.dataset.model.json_text import decoded
from pipeline.dataset.model.tool_calls import function_of
from pipeline.service.pages.conversation_listing import Select
from pipeline.service.pages.dataset_card import DatasetCard
from pipeline.service.pages.dataset_page import TONES
from pipeline.service.pages.listing import Filter
from pipeline.service.pages.pager import Pager, pager
from pipeline.service.pages.train_choices import Choice
from pipeline.wording import count_of, percent, sentence

REJECTED = "rejected"
SHOWN_TURNS = 60
SHOWN_CHARACTERS = 20_000  # of a turn; the API has five times as many of a conversation
_MOST_HITS = 100


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text."""

    text: str
    is_hit: bool
    """Whether it is what was searched for."""


@dataclass(frozen=True, slots=True)
class RowFinding:
    """What was found in a row."""

    code: str
    tone: str
    severity: str
    where: str
    """In words."""
    sentence: str


@dataclass(frozen=True, slots=True)
class Bubble:
    """A turn."""

    role: str
    name: str
    pieces: tuple[Piece, ...]
    opening: str
    reasoning: str
    calls: tuple[str, ...]
    media: tuple[str, ...]
    note: str
    """What else is to be known of it, such as that it is not learned from."""
    more: int
    """Characters left out."""
    size: int


@dataclass(frozen=True, slots=True)
class RowArticle:
    """An accepted row."""

    row: int
    title: str
    facts: tuple[str, ...]
    cluster: str
    cluster_url: str
    """To the others that say nearly the same."""
    tools: tuple[str, ...]
    media: tuple[str, ...]
    findings: tuple[RowFinding, ...]
    bubbles: tuple[Bubble, ...]
    more: int
    """Turns that are left out."""


@dataclass(frozen=True, slots=True)
class RejectedArticle:
    """A rejected row."""

    row: int
    place: str
    findings: tuple[RowFinding, ...]
    line: MarkedLine | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for."""

    query: RowQuery
    kind: str = ""
    """Rejected, or empty for accepted rows."""
    page: int = 1
    after: int = 0
    said: str = ""
    """What of it could not be meant."""

    @property
    def is_rejected(self) -> bool:
        """Whether rejected rows are meant."""
        return self.kind == REJECTED

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return self.query != RowQuery()


@dataclass(frozen=True, slots=True)
class RowsPage:
    """The page."""

    card: DatasetCard
    asked: Asked
    filters: tuple[Filter, ...]
    selects: tuple[Select, ...]
    numbers: tuple[tuple[str, str, str], ...]
    kept: tuple[tuple[str, str], ...]
    rows: tuple[RowArticle, ...]
    rejected: tuple[RejectedArticle, ...]
    pager: Pager | None
    found: str
    scope: str
    """What of a language was looked at."""
    next_url: str
    """Where that goes on."""
    all_url: str
    unit: str
    """What a row is called."""


def asked_of(asked: Mapping[str, str]) -> Asked:
    """What an address asks for; a value that cannot be asks for nothing."""
    values: dict[str, object] = {}
    for name in RowQuery.model_fields:
        text = asked.get(name, "").replace("\x00", "").strip()
        if text:
            try:
                RowQuery.model_validate({name: text})
            except ValidationError:
                continue
            values[name] = text
    if values.get("finding") not in CATALOGUE:
        values.pop("finding", None)
    kind = REJECTED if asked.get("kind") == REJECTED else ""
    if kind:
        values = {name: value for name, value in values.items() if name == "finding"}
    return Asked(
        RowQuery.model_validate(values), kind, _number(asked.get("page", "")) or 1, _number(asked.get("after", ""))
    )


def rows_page(
    card: DatasetCard, figures: Figures, asked: Asked, found: RowPage | None, rejected: RejectedPage | None
) -> RowsPage:
    """The page, of accepted or of rejected rows."""
    unit = "row" if figures.is_array else "line"
    has_words = not words_note(figures.languages)
    of_page: RowPage | RejectedPage = rejected or found  # type: ignore[assignment]  # one of them is there
    total = of_page.total
    return RowsPage(
        card=card,
        asked=asked,
        filters=_filters(card.id, figures, asked),
        selects=_selects(figures, asked),
        numbers=_numbers(asked.query, has_words=has_words) if not asked.is_rejected else (),
        kept=(("kind", REJECTED),) if asked.is_rejected else _kept(asked.query),
        rows=tuple(_article(each, card.id, asked.query.text, unit, has_words=has_words) for each in found.items)
        if found
        else (),
        rejected=tuple(_rejected(each, unit) for each in rejected.items) if rejected else (),
        pager=None
        if total is None
        else pager(of_page.page, total, of_page.limit, lambda page: rows_url(card.id, asked, page)),
        found="" if total is None else count_of(total, "rejected row" if asked.is_rejected else "conversation"),
        scope=_scope(asked, found),
        next_url=_next_url(card.id, asked, found),
        all_url=rows_url(card.id, Asked(RowQuery(), asked.kind)),
        unit=unit,
    )


def rows_url(dataset_id: str, asked: Asked, page: int = 1, after: int = 0) -> str:
    """The address of rows; what is left to its default is not in it."""
    pairs = [("kind", asked.kind), *asked.query.model_dump(exclude_none=True).items()]
    pairs += [("page", page if page > 1 else None), ("after", after or None)]
    query = urlencode([(name, value) for name, value in pairs if value not in (None, "")], errors="replace")
    return f"/datasets/{quote(dataset_id)}/rows{'?' if query else ''}{query}"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _filters(dataset_id: str, figures: Figures, asked: Asked) -> tuple[Filter, ...]:
    counts = (("", "Accepted", figures.conversations, "good"), (REJECTED, "Rejected", figures.rejected_lines, "bad"))
    return tuple(
        Filter(label, count, rows_url(dataset_id, Asked(RowQuery(), kind)), asked.kind == kind, tone)
        for kind, label, count, tone in counts
    )


def _selects(figures: Figures, asked: Asked) -> tuple[Select, ...]:
    query = asked.query
    counts = {code: count for code, count in figures.finding_counts.items() if count and code in CATALOGUE}
    of_rows = {code: count for code, count in counts.items() if CATALOGUE[code].scope is not Scope.FILE}
    grave = {code for code in of_rows if CATALOGUE[code].severity == "error"}
    codes = {code: f"{code} ({of_rows[code]:,})" for code in sorted(of_rows) if (code in grave) == asked.is_rejected}
    finding = _select("finding", "Any finding", codes, query.finding)
    if asked.is_rejected:
        return (finding,)
    roles = {role: role for role in figures.roles}
    languages = {
        name: f"{language_name(name)} ({percent(share, 0)})" for name, share in (figures.languages or {}).items()
    }
    sides = {"train": "For training", "validation": "For validation"}
    return (
        finding,
        _select("role", "Any role", roles, query.role),
        _select("language", "Any language", languages, query.language),
        _select("split", "Any side", sides, query.split),
    )


def _select(name: str, every: str, labels: Mapping[str, str], chosen: str | None) -> Select:
    known = dict(labels) | ({chosen: chosen} if chosen and chosen not in labels else {})
    choices = (Choice(value, label, value == chosen) for value, label in known.items())
    return Select(name, every.removeprefix("Any ").capitalize(), (Choice("", every, not chosen), *choices))


def _numbers(query: RowQuery, *, has_words: bool) -> tuple[tuple[str, str, str], ...]:
    """Name, label and value of the fields of sizes. has_words: not of languages without spaces."""
    labels = {
        "turns_min": "Turns from",
        "turns_max": "Turns to",
        "words_min": "Words from",
        "words_max": "Words to",
    }
    shown = {name: label for name, label in labels.items() if has_words or name.startswith("turns")}
    return tuple((name, label, _said(getattr(query, name))) for name, label in shown.items())


def _said(value: object) -> str:
    return "" if value is None else str(value)


def _kept(query: RowQuery) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name in ("row", "cluster") if (value := getattr(query, name)) is not None)


def _scope(asked: Asked, found: RowPage | None) -> str:
    if asked.query.language is None or found is None:
        return ""
    begin = f"behind row {asked.after:,}" if asked.after else "from the beginning"
    return (
        f"The language is told row by row: {count_of(found.looked_at, 'row')} {begin} "
        f"{'was' if found.looked_at == 1 else 'were'} looked at, {len(found.items):,} fit."
    )


def _next_url(dataset_id: str, asked: Asked, found: RowPage | None) -> str:
    return "" if found is None or found.next_after is None else rows_url(dataset_id, asked, after=found.next_after)


def _article(row: BrowsedRow, dataset_id: str, text: str | None, unit: str, *, has_words: bool) -> RowArticle:
    facts = [count_of(row.turn_count, "turn")]
    facts += [count_of(row.word_count, "word")] if has_words else []
    facts += ["for validation"] if row.split == "validation" else []
    facts += [] if row.label is None else ["liked" if row.label else "not liked"]
    has_others = row.cluster is not None and row.cluster_size > 1
    shown = row.turns[:SHOWN_TURNS]
    return RowArticle(
        row=row.row,
        title=row.conversation_id,
        facts=tuple(facts),
        cluster=f"{count_of(row.cluster_size - 1, 'near duplicate')}" if has_others else "",
        cluster_url=rows_url(dataset_id, Asked(RowQuery(cluster=row.cluster))) if has_others else "",
        tools=_tool_names(row.tools),
        media=tuple(row.media),
        findings=tuple(_finding(each, unit) for each in row.findings),
        bubbles=tuple(_bubble(each, text) for each in shown),
        more=row.turn_count - len(shown),
    )


def _rejected(row: RejectedRow, unit: str) -> RejectedArticle:
    place = f"{unit.capitalize()} {row.row:,}" + (f", line {row.line:,}" if unit == "row" else "")
    return RejectedArticle(row.row, place, tuple(_finding(each, unit) for each in row.findings), row.text)


def _finding(found: FindingRecord, unit: str) -> RowFinding:
    said = f"{plain_sentence(found.code)} {sentence(fault_of(found))}".strip()
    where = path_in_words(found.path, found.code, unit, found.column)
    return RowFinding(found.code, TONES.get(found.severity, "info"), found.severity, where, said)


def _bubble(turn: RowTurn, text: str | None) -> Bubble:
    content = turn.content[:SHOWN_CHARACTERS]
    notes = [turn.branch or "", "" if turn.role != "assistant" or turn.is_learned else "not learned from"]
    notes += ["" if turn.weight in (None, 0, 1) else f"weight {turn.weight:g}"]
    return Bubble(
        role=turn.role,
        name=turn.name or "",
        pieces=tuple(_pieces(content, text)),
        opening=content,
        reasoning=(turn.reasoning or "")[:SHOWN_CHARACTERS],
        calls=tuple(_calls(turn.tool_calls)),
        media=tuple(turn.media),
        note=", ".join(filter(None, notes)),
        more=turn.characters - len(content),
        size=turn.characters,
    )


def _pieces(content: str, text: str | None) -> Iterator[Piece]:
    """The content, with what was searched for apart."""
    at = 0
    if text:
        for place, hit in enumerate(re.finditer(re.escape(text), content, re.IGNORECASE)):
            if place == _MOST_HITS:
                break
            if hit.start() > at:
                yield Piece(content[at : hit.start()], is_hit=False)
            yield Piece(hit[0], is_hit=True)
            at = hit.end()
    if at < len(content):
        yield Piece(content[at:], is_hit=False)


def _calls(text: str | None) -> Iterator[str]:
    """Calls of tools as people read them: name and arguments."""
    if not text:
        return
    value = decoded(text)
    for each in value if isinstance(value, list) else [text]:
        call = function_of(each)
        if call is not None and isinstance(call.get("name"), str):
            yield f"{call['name']}({call.get('arguments', '')})"[:SHOWN_CHARACTERS]
        else:
            yield str(each)[:SHOWN_CHARACTERS]


def _tool_names(text: str | None) -> tuple[str, ...]:
    value = decoded(text) if text else None
    listed: Sequence[object] = value if isinstance(value, list) else []
    names = [tool.get("name") for tool in map(function_of, listed) if tool is not None]
    return tuple(name for name in names if isinstance(name, str))
