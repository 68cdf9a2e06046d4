"""The list of training files, and the page that builds one: which conversations are meant, and what it would have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

from pipeline.contract.training_file_values import TrainingFilePreview, TrainingFileSummary
from pipeline.service.pages.batch_figures import money_said
from pipeline.service.pages.conversation_listing import Select, selects_of
from pipeline.service.pages.conversation_query import list_url, query_pairs
from pipeline.service.pages.dataset_card import When, when
from pipeline.service.pages.made_names import ScaffoldNames
from pipeline.service.pages.pager import Pager, pager
from pipeline.state.catalog.generation_records import MadeQuery
from pipeline.wording import count_of, sentence

PAGE_SIZE = 20
_MOST_GROUPS = 12


@dataclass(frozen=True, slots=True)
class FileRow:
    """A training file in a list."""

    url: str
    name: str
    version: int
    conversations: int
    pairs: int
    cost: str
    dataset_url: str
    """Empty where it was not sent yet."""
    built: When


@dataclass(frozen=True, slots=True)
class FileListing:
    """The page of training files."""

    files: tuple[FileRow, ...]
    pager: Pager


@dataclass(frozen=True, slots=True)
class Share:
    """Conversations of a group, as a bar; length in percent of the largest, 0 of many groups together."""

    label: str
    count: int
    length: float


@dataclass(frozen=True, slots=True)
class FilePreview:
    """What a file would have."""

    conversations: int
    told: str
    pairs: int
    cost: str
    reviewed: int
    repeated: int
    """More that are left out."""
    unjudged: int
    """Those without a judgement that holds."""
    groups: tuple[tuple[str, tuple[Share, ...]], ...]


@dataclass(frozen=True, slots=True)
class FileForm:
    """The page that builds a file."""

    name: str
    """As it was typed."""
    version: int
    """That a file of this name would be."""
    selects: tuple[Select, ...]
    codes: tuple[str, ...]
    finding: str
    text: str
    batch: str
    asked: tuple[tuple[str, str], ...]
    conversations_url: str
    meant: int
    """How many accepted conversations fit."""
    preview: FilePreview | None
    """What a file of them has, None where it was not counted."""
    obstacle: str


def file_listing(files: Sequence[TrainingFileSummary], page: int, total: int, now: datetime) -> FileListing:
    """The page. files: of the page asked for."""
    return FileListing(
        tuple(file_row(each, now) for each in files),
        pager(page, total, PAGE_SIZE, lambda number: f"/training-files?page={number}"),
    )


def file_row(file: TrainingFileSummary, now: datetime) -> FileRow:
    """A training file in short."""
    return FileRow(
        url=file_url(file.id),
        name=file.name,
        version=file.version,
        conversations=file.conversation_count,
        pairs=file.total_training_pairs,
        cost=money_said(file.cost_nano_usd),
        dataset_url=f"/datasets/{quote(file.dataset_id)}" if file.dataset_id else "",
        built=when(file.created_at, now),
    )


def file_url(file_id: str) -> str:
    """The address of a training file's page."""
    return f"/training-files/{quote(file_id)}"


def file_form(
    name: str,
    version: int,
    query: MadeQuery,
    names: ScaffoldNames,
    codes: Sequence[str],
    batch: str,
    meant: int,
    preview: TrainingFilePreview | None,
    obstacle: str = "",
) -> FileForm:
    """The page. version: that a file of this name would be. batch: the name of the one asked for."""
    return FileForm(
        name=name,
        version=version,
        selects=selects_of(query, names),
        codes=tuple(codes),
        finding=query.finding or "",
        text=query.text or "",
        batch=batch,
        asked=query_pairs(query),
        conversations_url=list_url(replace(query, status="accepted")),
        meant=meant,
        preview=_preview(preview, names) if preview else None,
        obstacle=sentence(obstacle),
    )


def _preview(found: TrainingFilePreview, names: ScaffoldNames) -> FilePreview:
    return FilePreview(
        conversations=found.conversation_count,
        told=count_of(found.conversation_count, "conversation"),
        pairs=found.total_training_pairs,
        cost=money_said(found.cost_nano_usd),
        reviewed=found.reviewed_count,
        repeated=found.repeated_count,
        unjudged=found.unjudged_count,
        groups=(
            ("Personas", _shares(found.personas, names.personas)),
            ("Emotional arcs", _shares(found.arcs, names.arcs)),
            ("Topics", _shares(found.topics, names.topics)),
            ("Quality", _shares(found.quality_tiers, {})),
            ("Split", _shares(found.splits, {})),
        ),
    )


def _shares(counts: Mapping[str, int], names: Mapping[str, str]) -> tuple[Share, ...]:
    """The largest first; the smallest together where there are many."""
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    shown = ranked if len(ranked) == _MOST_GROUPS + 1 else ranked[:_MOST_GROUPS]
    rest = ranked[len(shown) :]
    most = max((count for _key, count in shown), default=1)
    shares = tuple(Share(names.get(key, key), count, round(100 * count / most, 1)) for key, count in shown)
    others = Share(f"{len(rest)} others", sum(count for _key, count in rest), 0.0)
    return (*shares, others) if rest else shares
