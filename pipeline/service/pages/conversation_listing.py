"""The list of made conversations: its filters, the rows, and what can be decided of all of them at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

from pipeline.contract.conversation_values import MAX_REVIEWED, ConversationSummary
from pipeline.service.pages.conversation_query import list_url, query_pairs, with_query
from pipeline.service.pages.dataset_card import Badge, When, when
from pipeline.service.pages.listing import Filter
from pipeline.service.pages.made_names import TIERS, ScaffoldNames
from pipeline.service.pages.pager import Pager, pager
from pipeline.service.pages.train_choices import Choice
from pipeline.state.catalog.generation_records import MadeQuery
from pipeline.state.catalog.statuses import QUALITY_TIERS, ConversationStatus
from pipeline.wording import count_of, sentence

PAGE_SIZE = 25
BADGES: dict[ConversationStatus, Badge] = {
    "needs_review": Badge("To be reviewed", "warning"),
    "accepted": Badge("Accepted", "good"),
    "rejected": Badge("Rejected", "bad"),
    "failed": Badge("Failed", "bad"),
    "pending": Badge("Being made", "info"),
}
"""In the order of the filters: what waits for a person first."""
_SCORES = ("4.5", "4", "3.5", "3", "2.5")


@dataclass(frozen=True, slots=True)
class Select:
    """A field that narrows the list; its first choice is for all."""

    name: str
    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class ConversationLine:
    """A conversation in the list."""

    url: str
    title: str
    badge: Badge
    persona: str
    arc: str
    topic: str
    tier: str
    score: str
    quality_tier: str
    findings: tuple[str, ...]
    turns: int
    note: str
    """That a person read it, or changed it since it was judged."""
    updated: When


@dataclass(frozen=True, slots=True)
class Bulk:
    """What is decided of all that fit."""

    expected: int
    """How many they are, as the decision has to say again."""
    told: str
    asked: tuple[tuple[str, str], ...]
    obstacle: str
    """Why nothing can be decided of all at once."""


@dataclass(frozen=True, slots=True)
class ConversationListing:
    """The page."""

    query: MadeQuery
    filters: tuple[Filter, ...]
    selects: tuple[Select, ...]
    kept: tuple[tuple[str, str], ...]
    codes: tuple[str, ...]
    lines: tuple[ConversationLine, ...]
    pager: Pager
    bulk: Bulk
    batch: str
    export_url: str
    build_url: str
    is_empty: bool
    """This person has none at all, whatever was asked for."""
    refused: str
    done: str
    """What was decided a moment ago."""

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return self.query != MadeQuery()


@dataclass(frozen=True, slots=True)
class Found:
    """What the catalog has of a list."""

    items: Sequence[ConversationSummary]
    counts: Mapping[ConversationStatus, int]
    """By status, whichever is asked for."""
    own_counts: Mapping[ConversationStatus, int]
    """Of this person's own only."""
    batch: str
    """The name of the one asked for."""
    is_none: bool
    """This person may see no conversation at all."""


def conversation_listing(
    query: MadeQuery,
    found: Found,
    page: int,
    names: ScaffoldNames,
    codes: Sequence[str],
    now: datetime,
    refused: str = "",
    done: str = "",
) -> ConversationListing:
    """The page. codes: of findings, to choose from."""
    total = found.counts.get(query.status, 0) if query.status else sum(found.counts.values())
    return ConversationListing(
        query=query,
        filters=_filters(query, found.counts),
        selects=selects_of(query, names),
        kept=tuple(pair for pair in query_pairs(query) if pair[0] in ("status", "batch_id")),
        codes=tuple(codes),
        lines=tuple(_line(each, query, names, now) for each in found.items),
        pager=pager(page, total, PAGE_SIZE, lambda number: list_url(query, number)),
        bulk=_bulk(query, found.own_counts),
        batch=found.batch,
        export_url=with_query("/api/conversations/export", query),
        build_url=with_query("/training-files/new", replace(query, status=None)),
        is_empty=found.is_none,
        refused=sentence(refused),
        done=done,
    )


def conversation_url(conversation_id: str, query: MadeQuery, **more: str) -> str:
    """The address of one, out of a list."""
    return with_query(f"/conversations/{quote(conversation_id)}", query, **more)


def selects_of(query: MadeQuery, names: ScaffoldNames) -> tuple[Select, ...]:
    """The fields by which conversations are chosen."""
    scores = {score: f"{score} or more" for score in _SCORES}
    tiers: dict[str, str] = {tier: tier.capitalize() for tier in QUALITY_TIERS}
    score = "" if query.score_min is None else f"{query.score_min:g}"
    return (
        _select("persona", "Any persona", names.personas, query.persona),
        _select("arc", "Any arc", names.arcs, query.arc),
        _select("topic", "Any topic", names.topics, query.topic),
        _select("tier", "Any tier", TIERS, query.tier),
        _select("quality_tier", "Any quality", tiers, query.quality_tier),
        _select("score_min", "Any score", scores, score),
    )


def score_said(score: float | None) -> str:
    """A score as it is listed; a dash where nobody gave one."""
    return "–" if score is None else f"{score:.1f}"


def _line(made: ConversationSummary, query: MadeQuery, names: ScaffoldNames, now: datetime) -> ConversationLine:
    notes = (
        "read by a person" if made.reviewed_by else "",
        "changed since it was judged" if made.is_judgement_stale else "",
    )
    return ConversationLine(
        url=conversation_url(made.id, query),
        title=made.title,
        badge=BADGES[made.status],
        persona=names.personas.get(made.persona, made.persona),
        arc=names.arcs.get(made.arc, made.arc),
        topic=names.topics.get(made.topic, made.topic),
        tier=TIERS.get(made.tier, made.tier),
        score=score_said(made.score),
        quality_tier=made.quality_tier or "",
        findings=tuple(made.finding_codes),
        turns=made.turn_count,
        note=", ".join(filter(None, notes)),
        updated=when(made.updated_at, now),
    )


def _filters(query: MadeQuery, counts: Mapping[ConversationStatus, int]) -> tuple[Filter, ...]:
    def link(status: ConversationStatus | None, label: str, count: int, tone: str) -> Filter:
        return Filter(label, count, list_url(replace(query, status=status)), query.status == status, tone)

    shown = [(status, badge) for status, badge in BADGES.items() if counts.get(status) or status == query.status]
    each = (link(status, badge.label, counts.get(status, 0), badge.tone) for status, badge in shown)
    return (link(None, "All", sum(counts.values()), ""), *each)


def _select(name: str, every: str, labels: Mapping[str, str], chosen: str | None) -> Select:
    known = dict(labels) | ({chosen: chosen} if chosen and chosen not in labels else {})
    choices = (Choice(value, label, value == chosen) for value, label in known.items())
    return Select(name, every.removeprefix("Any ").capitalize(), (Choice("", every, not chosen), *choices))


def _bulk(query: MadeQuery, counts: Mapping[ConversationStatus, int]) -> Bulk:
    """What is under way cannot be decided yet; what is decided already counts, and stays."""
    meant = {status: count for status, count in counts.items() if query.status in (None, status)}
    expected = sum(count for status, count in meant.items() if status != "pending")
    settled = ", ".join(
        f"{meant[status]:,} {BADGES[status].label.lower()}"
        for status in BADGES
        if meant.get(status) and status != "pending"
    )
    obstacle = ""
    if expected > MAX_REVIEWED:
        obstacle = f"At most {MAX_REVIEWED:,} are decided at once: narrow the list."
    elif not expected:
        obstacle = "None of these can be decided yet."
    return Bulk(expected, f"{count_of(expected, 'conversation')}: {settled}", query_pairs(query), obstacle)
