"""The page of a made conversation: its turns to the left, all that is known of it beside, and what a person decides.

The turns and what was found in them are in `conversation_turns.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from pipeline.contract.conversation_values import ConversationDetails
from pipeline.generation.model import EmotionalArc, Feeling, Persona, TrainingTopic
from pipeline.service.pages.batch_figures import batch_url
from pipeline.service.pages.conversation_edit import EditForm
from pipeline.service.pages.conversation_listing import BADGES, conversation_url, score_said
from pipeline.service.pages.conversation_query import list_url
from pipeline.service.pages.conversation_turns import Bubble, FindingLine, Judged, bubbles_of, finding_line, judged_of
from pipeline.service.pages.dataset_card import Badge, When, when
from pipeline.service.pages.made_names import TIERS
from pipeline.state.catalog.generation_records import MadeQuery
from pipeline.wording import sentence

_ACTIONS = {"approve": "approved", "reject": "rejected", "edit": "edited"}


@dataclass(frozen=True, slots=True)
class ScaffoldNote:
    """A scaffold that the conversation was made of, in short."""

    kind: str
    name: str
    url: str
    """Its page."""
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version: who made it."""

    number: int
    url: str
    """Where it is shown."""
    by: str
    at: When
    is_shown: bool


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """What a person did with it."""

    reviewer: str
    did: str
    note: str
    at: When


@dataclass(frozen=True, slots=True)
class MadeOf:
    """What the conversation was planned of."""

    persona: Persona | None
    arc: EmotionalArc | None
    topic: TrainingTopic | None
    opening: str
    """What the plan gave it of what scaffolds leave open."""
    situation: str
    """What the plan gave it of what scaffolds leave open."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The conversation that was decided a moment ago, before the page went on to the next one."""

    title: str
    url: str
    did: str


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """The page."""

    id: str
    url: str
    self_url: str
    asked: tuple[tuple[str, str], ...]
    title: str
    badge: Badge
    reason: str
    facts: tuple[str, ...]
    system: str
    context: tuple[tuple[str, str], ...]
    turns: tuple[Bubble, ...]
    findings: tuple[FindingLine, ...]
    judged: Judged | None
    stale: str
    """Why its judgement does not hold."""
    scaffolds: tuple[ScaffoldNote, ...]
    versions: tuple[VersionLine, ...]
    version: int
    newest_url: str
    reviews: tuple[ReviewLine, ...]
    files: tuple[tuple[str, str], ...]
    batch_url: str
    raw_url: str
    enriched_url: str
    list_url: str
    previous_url: str
    """Of the list that somebody goes through."""
    next_url: str
    """Of the list that somebody goes through."""
    edit_url: str
    can_decide: bool
    """It is one's own, and not under way."""
    can_approve: bool
    can_reject: bool
    form: EditForm | None
    """Where it is edited, None where it is read."""
    refused: str
    decided: Decided | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of a conversation is looked at: the list that is gone through, and its neighbours there."""

    query: MadeQuery
    asked: tuple[tuple[str, str], ...]
    before: str | None
    after: str | None
    decided: Decided | None = None


def conversation_page(
    found: ConversationDetails,
    made_of: MadeOf,
    place: Place,
    now: datetime,
    *,
    is_own: bool,
    form: EditForm | None = None,
    refused: str = "",
) -> ConversationPage:
    """The page. is_own: who looks may change it. refused: why what was asked for was not done."""
    api, url = f"/api/conversations/{quote(found.id)}", f"/conversations/{quote(found.id)}"
    is_newest = found.shown_version == found.version
    can_decide = is_own and is_newest and found.status != "pending"
    turns = bubbles_of(found)
    return ConversationPage(
        id=found.id,
        url=url,
        self_url=conversation_url(found.id, place.query),
        asked=place.asked,
        title=found.title,
        badge=BADGES[found.status],
        reason=sentence(found.status_reason or ""),
        facts=tuple(_facts(found)),
        system=found.system,
        context=tuple(
            (label, text)
            for label, text in (("Context", found.session_context), ("Meant to end", found.expected_outcome))
            if text
        ),
        turns=turns,
        findings=tuple(map(finding_line, found.findings)),
        judged=judged_of(found, turns),
        stale="It was changed after it was judged: this is of the version before." if found.is_judgement_stale else "",
        scaffolds=tuple(_scaffolds(made_of)),
        versions=tuple(_versions(found, place.query, now)),
        version=found.shown_version,
        newest_url="" if is_newest else conversation_url(found.id, place.query),
        reviews=tuple(
            ReviewLine(each.reviewer, _ACTIONS[each.action], each.note or "", when(each.created_at, now))
            for each in found.reviews
        ),
        files=tuple(
            (f"/training-files/{quote(each.id)}", f"{each.name}, version {each.version}") for each in found.files
        ),
        batch_url=batch_url(found.batch_id),
        raw_url=f"{api}/raw.json",
        enriched_url=f"{api}/enriched.json",
        list_url=list_url(place.query),
        previous_url=conversation_url(place.before, place.query) if place.before else "",
        next_url=conversation_url(place.after, place.query) if place.after else "",
        edit_url=conversation_url(found.id, place.query, edit="1"),
        can_decide=can_decide,
        can_approve=can_decide and found.status != "accepted",
        can_reject=can_decide and found.status != "rejected",
        form=form,
        refused=sentence(refused),
        decided=place.decided,
    )


def _facts(found: ConversationDetails) -> Iterator[str]:
    if found.quality_tier:
        yield f"quality: {found.quality_tier}"
    if found.score is not None:
        yield f"score {score_said(found.score)}"
    yield f"{found.turn_count} turns"
    if found.split:
        yield f"split: {found.split}"


def _scaffolds(of: MadeOf) -> Iterator[ScaffoldNote]:
    if of.persona:
        told = (of.persona.description, of.persona.style)
        yield ScaffoldNote("Persona", of.persona.name, f"/scaffolds/persona/{of.persona.key}", told)
    if of.arc:
        way = " → ".join(_feeling(each) for each in (of.arc.start, of.arc.middle, of.arc.end))
        told = (way, f"{TIERS[of.arc.tier]}; {of.arc.strategy}")
        yield ScaffoldNote("Emotional arc", of.arc.name, f"/scaffolds/emotional_arc/{of.arc.key}", told)
    if of.topic:
        yield ScaffoldNote("Topic", of.topic.name, f"/scaffolds/training_topic/{of.topic.key}", (of.topic.description,))
    left_open = tuple(
        f"{label} {text}" for label, text in (("Begins:", of.opening), ("Before it:", of.situation)) if text
    )
    if left_open:
        yield ScaffoldNote("Drawn for it", "", "", left_open)


def _feeling(of: Feeling) -> str:
    return f"{of.emotion} {of.least:g}–{of.most:g}"


def _versions(found: ConversationDetails, query: MadeQuery, now: datetime) -> Iterator[VersionLine]:
    for each in found.versions:
        yield VersionLine(
            number=each.version,
            url=conversation_url(found.id, query, version=str(each.version)),
            by="the model" if each.source == "model" else each.author,
            at=when(each.created_at, now),
            is_shown=each.version == found.shown_version,
        )
