"""The page of a training file: its figures, its forms to take away, its conversations, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from pipeline.contract.training_file_values import TrainingFileDetails, TrainingFileSummary
from pipeline.contract.values import DatasetSummary, JobSummary
from pipeline.service.pages.batch_figures import money_said
from pipeline.service.pages.dataset_card import BADGES, Badge
from pipeline.service.pages.job_page import BADGES as JOB_BADGES
from pipeline.service.pages.made_names import ScaffoldNames
from pipeline.service.pages.pager import Pager, pager
from pipeline.service.pages.training_file_listing import FileRow, file_row
from pipeline.wording import size, usd

MEMBERS_PAGE = 25
_FORMS = {
    "native.jsonl": "becomes the dataset; keeps all that is known",
    "openai.jsonl": "messages, as OpenAI takes them",
    "training.json": "brightrun-lora-v4, for exchange",
    "training.jsonl": "the same, a pair a line",
}
_FIELDS = {
    "batch_id": "batch",
    "quality_tier": "quality",
    "score_min": "score of at least",
    "text": "title with",
}


@dataclass(frozen=True, slots=True)
class FormLine:
    """A form of the file to take away, with the checksum to see that it arrived whole."""

    name: str
    told: str
    size: str
    sha256: str
    url: str


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A conversation of the file, as it was when that was built."""

    position: int
    url: str
    title: str
    what: str
    quality_tier: str
    split: str
    note: str


@dataclass(frozen=True, slots=True)
class JobLine:
    """A training job of its dataset."""

    url: str
    name: str
    badge: Badge
    cost: str
    """As expected, with what making the conversations did cost."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The dataset that it became."""

    url: str
    name: str
    badge: Badge
    train_url: str


@dataclass(frozen=True, slots=True)
class FilePage:
    """The page."""

    row: FileRow
    id: str
    meant: str
    """Which conversations were asked for, in words."""
    forms: tuple[FormLine, ...]
    members: tuple[MemberLine, ...]
    pager: Pager
    versions: tuple[FileRow, ...]
    dataset: Sent | None
    jobs: tuple[JobLine, ...]
    add_url: str
    """Where more of them are chosen."""
    cost_each: str
    can_send: bool
    repeated: int


def file_page(
    file: TrainingFileDetails,
    versions: Sequence[TrainingFileSummary],
    names: ScaffoldNames,
    now: datetime,
    *,
    is_own: bool,
    repeated: int = 0,
) -> FilePage:
    """The page. versions: files of the same name; repeated: what was left out when it was built a moment ago."""
    row = file_row(file, now)
    query = {name: str(value) for name, value in file.query.items() if name != "status"}
    return FilePage(
        row=row,
        id=file.id,
        meant=_meant(query, names),
        forms=tuple(
            FormLine(
                each.name,
                _FORMS.get(each.name, ""),
                size(each.size_bytes),
                each.sha256,
                f"/api/training-files/{quote(file.id)}/files/{quote(each.name)}",
            )
            for each in file.files
        ),
        members=tuple(
            MemberLine(
                position=each.position,
                url=f"/conversations/{quote(each.conversation_id)}?version={each.version}",
                title=each.title,
                what=names.what(each.persona, each.arc, each.topic),
                quality_tier=each.quality_tier or "–",
                split=each.split or "–",
                note="read by a person" if each.is_reviewed else "",
            )
            for each in file.members
        ),
        pager=pager(
            file.page, file.conversation_count, MEMBERS_PAGE, lambda number: f"{row.url}?page={number}#members"
        ),
        versions=tuple(file_row(each, now) for each in versions if each.id != file.id),
        dataset=_sent(file.dataset) if file.dataset else None,
        jobs=tuple(_job(each, file.cost_nano_usd) for each in file.jobs),
        add_url=f"/training-files/new?{urlencode({'name': file.name, **query}, errors='replace')}",
        cost_each=money_said(file.cost_nano_usd // max(1, file.conversation_count)),
        can_send=is_own and file.dataset_id is None,
        repeated=repeated,
    )


def _sent(dataset: DatasetSummary) -> Sent:
    url = f"/datasets/{quote(dataset.id)}"
    return Sent(url, dataset.name, BADGES[dataset.status], f"{url}/train" if dataset.training_ready else "")


def _job(job: JobSummary, made_nano_usd: int) -> JobLine:
    made = money_said(made_nano_usd)
    cost = f"{made} made" if job.cost_usd is None else f"{usd(job.cost_usd.expected)} expected, and {made} made"
    return JobLine(f"/jobs/{quote(job.id)}", job.name, JOB_BADGES[job.status], cost)


def _meant(query: dict[str, str], names: ScaffoldNames) -> str:
    known = {"persona": names.personas, "arc": names.arcs, "topic": names.topics}
    found = [f"{_FIELDS.get(name, name)} {known.get(name, {}).get(value, value)}" for name, value in query.items()]
    return ", ".join(found) or "every accepted conversation"
