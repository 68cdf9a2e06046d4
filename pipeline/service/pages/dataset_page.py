"""The page of one dataset: verdict, figures, findings, trainers, conversations, and where it comes from.

Before its verdict a dataset has a card in the list and nothing else; `Card` is what validation left in the lake.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from urllib.parse import quote, urlencode

from pipeline.card import card_sentences
from pipeline.card.card import Card, Conversation, Figures
from pipeline.contract.finding_record import FindingRecord
from pipeline.contract.marked_line import MarkedLine
from pipeline.dataset.findings.drawn_lines import is_of_a_line
from pipeline.dataset.findings.finding import CATALOGUE, Severity
from pipeline.dataset.findings.finding_sentences import fault_of, mismatch_of
from pipeline.dataset.findings.groups import MAX_LISTED, unlisted_sentence
from pipeline.dataset.findings.path_words import path_in_words
from pipeline.dataset.findings.plain_sentences import plain_sentence
from pipeline.service.pages.dataset_card import DatasetCard, Tone, dataset_card
from pipeline.service.pages.dataset_charts import DatasetCharts, dataset_charts
from pipeline.service.pages.origin import Origin
from pipeline.service.pages.pager import Pager, pager
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.trainers.acceptance import Acceptance
from pipeline.wording import compact, count_of, moment, number, sentence

FINDINGS_PAGE = 25
Versions = tuple[Sequence[Dataset], Sequence[Dataset]]
TONES: dict[str, Tone] = {"error": "bad", "warning": "warning", "note": "info"}
_SEVERITIES = tuple(Severity)
_HEADLINES = {
    "uploading": ("Waiting for the file", "It is checked as soon as it has arrived whole."),
    "validating": ("Reading every line", "This page shows the verdict as soon as there is one."),
    "failed": ("Not validated yet", "It is tried again hourly."),
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure with what qualifies it."""

    label: str
    value: str
    exact: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line about the dataset."""

    label: str
    value: str
    url: str = ""
    """Where more is."""
    is_code: bool = False
    """An identifier, to be copied."""


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A row of the table: a finding, what is wrong, what to do, and how grave it looks."""

    finding: FindingRecord
    title: str
    """What is wrong, in everyday words."""
    fault: str
    remedy: str
    """Empty where the fault says it."""
    tone: Tone
    where: str = ""
    """Its path in words."""
    line: MarkedLine | None = None
    """The piece of the line that it speaks of."""
    url: str = ""
    """Of the row, where that was accepted."""


@dataclass(frozen=True, slots=True)
class KindFilter:
    """A link that narrows the findings to one kind; the first stands for all."""

    label: str
    severity: str
    tone: str
    count: int
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the chosen kind of finding means."""

    title: str
    why: str
    remedy: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Findings:
    """The findings of a dataset: all kinds, and one page of rows."""

    total: int
    kinds: tuple[KindFilter, ...]
    chosen: Chosen | None
    rows: tuple[ShownFinding, ...]
    pager: Pager
    jsonl_url: str
    csv_url: str
    not_listed: str = ""
    """How many more there are, in words."""
    are_of_array: bool = False
    """Rows may share lines."""
    lines_missing: bool = False
    """None of the lines can be shown, as the upload is not as it was read."""


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """Everything on the page but its frame and its jobs; empty where there is no verdict yet."""

    card: DatasetCard
    headline: str
    explanation: str
    card_url: str
    facts: tuple[Fact, ...]
    stats: tuple[Tile, ...] = ()
    charts: DatasetCharts | None = None
    findings: Findings | None = None
    acceptance: tuple[Acceptance, ...] = ()
    samples: tuple[Conversation, ...] = ()
    mapping: str = ""
    origin: Origin | None = None
    can_retry: bool = False
    is_replaced: bool = False

    @property
    def can_replace(self) -> bool:
        """Whether a corrected file may take its place."""
        return self.has_verdict and not self.card.is_deleted and not self.is_replaced

    @property
    def can_map(self) -> bool:
        """Whether a person may want to say how its fields are read."""
        return self.has_verdict and not self.card.is_deleted and (self.card.status == "error" or bool(self.mapping))

    @property
    def has_verdict(self) -> bool:
        """Whether there is a dataset card to open."""
        return self.findings is not None

    @property
    def sections(self) -> tuple[tuple[str, str], ...]:
        """Anchors and names of what is on the page."""
        figures = ("figures", "Figures", self.stats)
        named = (
            *(() if self.card.status == "error" else (figures,)),
            ("findings", "Findings", self.findings),
            ("fields", "Fields", self.can_map),
            ("trainers", "Trainers", self.acceptance),
            *((figures,) if self.card.status == "error" else ()),
            ("conversations", "Conversations", self.samples),
            ("about", "About", True),
        )
        return tuple((anchor, label) for anchor, label, is_there in named if is_there)


_ALONE: Versions = ((), ())


def dataset_page(
    dataset: Dataset,
    card: Card | None,
    findings: Findings | None,
    dagster_url: str,
    now: datetime,
    origin: Origin | None = None,
    versions: Versions = _ALONE,
) -> DatasetPage:
    """The page. card, findings: None before the verdict. dagster_url: of the UI, empty where nobody said.

    origin: what it was made of, if it was made here. versions: those before and after it.
    """
    shown = dataset_card(dataset, now)
    card_url = f"/api/datasets/{quote(dataset.id)}/card"
    facts = _facts(dataset, card, dagster_url, versions)
    if card is None:
        headline, explanation = _HEADLINES.get(dataset.status, ("No verdict", ""))
        if shown.problem:
            explanation = f"{shown.problem.summary} {shown.problem.detail}".strip()
        return DatasetPage(shown, headline, explanation, card_url, facts, origin=origin, can_retry=_can_retry(dataset))
    summary = card_sentences.trainers_summary(card.acceptance) if card.acceptance else ""
    return DatasetPage(
        card=shown,
        headline="Ready to train" if dataset.status == "ready" else "Not ready",
        explanation=f"{card_sentences.headline(card)} {summary}".strip(),
        card_url=card_url,
        facts=facts,
        stats=_tiles(card.figures),
        charts=dataset_charts(card.figures),
        findings=findings,
        acceptance=card.acceptance,
        samples=card.samples,
        mapping=dataset.mapping or "",
        origin=origin,
        can_retry=_can_retry(dataset),
        is_replaced=dataset.superseded_by is not None,
    )


def _can_retry(dataset: Dataset) -> bool:
    """Whether a person may want it validated again; the catalog decides."""
    is_current = dataset.superseded_by is None and dataset.deleted_at is None
    # An upload that was given up is an error without a verdict.
    has_verdict = dataset.status in ("ready", "error") and dataset.validated_at is not None
    return is_current and (has_verdict or dataset.status == "failed")


def findings_of(
    dataset_id: str,
    figures: Figures,
    rows: Sequence[FindingRecord],
    code: str,
    page: int,
    lines: Sequence[MarkedLine | None] = (),
) -> Findings:
    """The findings. rows: those of the page asked for; code: the kind asked for, empty for all.

    lines: of the rows, in their order; None where one cannot be shown.
    """
    base, api = f"/datasets/{quote(dataset_id)}", f"/api/datasets/{quote(dataset_id)}/findings"
    unit = "row" if figures.is_array else "line"
    shown_rows = tuple(_shown(row, unit, line, base) for row, line in zip_longest(rows, lines))
    counts = {kind: count for kind, count in figures.finding_counts.items() if count and kind in CATALOGUE}
    total = sum(counts.values())
    ranked = sorted(counts, key=lambda kind: (_SEVERITIES.index(CATALOGUE[kind].severity), -counts[kind], kind))
    kinds = [KindFilter("All", "", "", total, f"{base}#findings", not code)] if total else []
    for kind in ranked:
        severity = CATALOGUE[kind].severity.value
        url = f"{base}?{urlencode({'code': kind})}#findings"
        kinds.append(KindFilter(kind, severity, TONES[severity], counts[kind], url, kind == code))
    narrow, shown = ({"code": code}, [code]) if code else ({}, ranked)

    def page_url(number: int) -> str:
        return f"{base}?{urlencode({**narrow, 'page': number})}#findings"

    def download_url(form: str) -> str:
        return f"{api}?{urlencode({**narrow, 'format': form})}"

    return Findings(
        total=total,
        kinds=tuple(kinds),
        chosen=_chosen(code),
        rows=shown_rows,
        pager=pager(page, sum(min(counts.get(kind, 0), MAX_LISTED) for kind in shown), FINDINGS_PAGE, page_url),
        not_listed=unlisted_sentence(counts, shown),
        jsonl_url=download_url("jsonl"),
        csv_url=download_url("csv"),
        are_of_array=figures.is_array,
        lines_missing=not any(lines) and any(map(is_of_a_line, rows)),
    )


def _shown(finding: FindingRecord, unit: str, line: MarkedLine | None, base: str) -> ShownFinding:
    kind = CATALOGUE.get(finding.code)
    remedy = kind.remedy if kind and mismatch_of(finding) else ""
    where = path_in_words(finding.path, finding.code, unit, finding.column)
    title = plain_sentence(finding.code)
    tone = TONES.get(finding.severity, "info")
    is_accepted = is_of_a_line(finding) and tone != "bad" and finding.code != "blank-line"
    url = f"{base}/rows?row={finding.row}" if is_accepted else ""
    return ShownFinding(finding, title, fault_of(finding), remedy, tone, where, line, url)


def _chosen(code: str) -> Chosen | None:
    kind = CATALOGUE.get(code)
    return Chosen(plain_sentence(code), kind.why, kind.remedy, TONES[kind.severity.value]) if kind else None


def _tiles(figures: Figures) -> tuple[Tile, ...]:
    def tile(label: str, count: int, note: str = "") -> Tile:
        return Tile(label, compact(count), f"{count:,}", note)

    turns_each = figures.avg_turns_per_conversation
    near = figures.near_duplicate_conversations
    answers = figures.assistant_turns if figures.answers_to_learn is None else figures.answers_to_learn
    tiles = [
        tile("answers to learn", answers, f"of {figures.turns:,} turns"),
        tile(
            "conversations",
            figures.conversations,
            f"{number(turns_each)} turns each" if turns_each else "",
        ),
        tile("tokens", figures.tokens, card_sentences.token_note(figures)),
        tile("lines rejected", figures.rejected_lines, f"of {figures.lines:,}"),
        tile(
            "exact duplicates",
            figures.exact_duplicate_conversations,
            count_of(near, "near duplicate") if near else "",
        ),
    ]
    if figures.validation_conversations is not None:
        tiles.append(tile("for validation", figures.validation_conversations, "conversations held back"))
    return tuple(tiles) if figures.lines else ()


def _versions(dataset: Dataset, versions: Versions) -> Iterator[Fact]:
    """What it replaces and is replaced by, each beside what changed."""
    before, after = versions
    for each in before:
        yield Fact("Replaces", each.id, f"/datasets/{quote(each.id)}")
        if each.validated_at and dataset.validated_at:
            yield Fact("What changed", "Compare with the version before", compare_url(dataset.id, each.id))
    for each in after:
        if each.id != dataset.superseded_by:
            yield Fact("Replaced by", each.id, f"/datasets/{quote(each.id)}")
        if each.validated_at and dataset.validated_at:
            yield Fact("What changed since", "Compare with the version after", compare_url(each.id, dataset.id))


def compare_url(dataset_id: str, before_id: str) -> str:
    """The page of what changed from one dataset to another."""
    return f"/datasets/{quote(dataset_id)}/compare?{urlencode({'with': before_id})}"


def _facts(dataset: Dataset, card: Card | None, dagster_url: str, versions: Versions) -> tuple[Fact, ...]:
    figures = card.figures if card else None
    facts = [
        Fact("Description", dataset.description or ""),
        Fact("Read as", sentence(f"{figures.format}: {figures.format_why}") if figures and figures.format_why else ""),
        Fact("Replaced by", dataset.superseded_by or "", f"/datasets/{quote(dataset.superseded_by or '')}"),
        *_versions(dataset, versions),
        Fact("Identifier", dataset.id, is_code=True),
        Fact("Place in the store", dataset.storage_path, is_code=True),
        Fact("SHA-256", dataset.content_sha256 or "", is_code=True),
        Fact("Uploaded", moment(dataset.created_at)),
        Fact("Validated", moment(dataset.validated_at) if dataset.validated_at else ""),
        Fact(
            "In Dagster",
            "Runs, lineage and checks" if dagster_url and card else "",
            asset_url(dagster_url, dataset.partition),
        ),
    ]
    return tuple(fact for fact in facts if fact.value)


def asset_url(dagster_url: str, partition: str) -> str:
    """The page of a dataset's profile in Dagster's UI, or of the batch that it is in."""
    asked = urlencode({"view": "partitions", "partition": partition})
    return f"{dagster_url.rstrip('/')}/assets/dataset_profiles?{asked}" if dagster_url else ""
