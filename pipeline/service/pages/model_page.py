"""Models that trainings left: the lines of a list, and the page of one with its quality, its files and its origin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from pipeline.flow.budgets import hours_of
from pipeline.service.pages.attempt_figures import place_of, spent
from pipeline.service.pages.curves import figure
from pipeline.service.pages.dataset_card import When, when
from pipeline.service.pages.job_training import job_url
from pipeline.service.pages.pager import Pager, pager
from pipeline.service.pages.train_choices import METHODS
from pipeline.state.catalog.attempt_records import Attempt, Evaluation, Model
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.catalog.job_records import CostRecord, Job
from pipeline.trainers.registry import BY_NAME
from pipeline.wording import count_of, percent, size, span

Evaluated = Mapping[str, Sequence[Evaluation]]
"""Figures of models, by their attempt."""
PAGE_SIZE = 20
_FIGURES = {"eval_loss": "Loss", "perplexity": "Perplexity"}
_KINDS = {"adapter": "Adapter", "model": "All weights"}


@dataclass(frozen=True, slots=True)
class ModelLine:
    """A model in a list."""

    url: str
    name: str
    version: str
    base_model: str
    kind: str
    before: str
    """Loss on the rows kept back, of its base model and of it; empty if unknown."""
    after: str
    """Loss on the rows kept back, of its base model and of it; empty if unknown."""
    size: str
    made: When


@dataclass(frozen=True, slots=True)
class ModelListing:
    """The page of models."""

    models: tuple[ModelLine, ...]
    pager: Pager
    deleted: str
    """The name of the one that was deleted a moment ago."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file to take away, with the checksum to see that it arrived whole."""

    name: str
    size: str
    sha256: str
    url: str


@dataclass(frozen=True, slots=True)
class Quality:
    """A figure on the rows kept back."""

    label: str
    before: str
    after: str
    change: str
    """Of the base model's, in percent."""
    is_better: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One of the steps that led to a model."""

    label: str
    said: str
    url: str
    note: str


@dataclass(frozen=True, slots=True)
class ModelSeen:
    """A model with all that its page shows of it, as the catalog has it."""

    model: Model
    job: Job
    attempt: Attempt
    dataset: Dataset | None
    """None where it is no longer there."""
    costs: Sequence[CostRecord]
    evaluations: Evaluated
    siblings: Sequence[Model]
    """The models of the same job."""


@dataclass(frozen=True, slots=True)
class ModelPage:
    """The page of a model."""

    line: ModelLine
    description: str
    hosted_as: str
    """How to call one that its provider has; empty of one whose weights are here."""
    quality: tuple[Quality, ...]
    rows: str
    """How many its quality was measured on."""
    files: tuple[ModelFile, ...]
    manifest_sha256: str
    archive_url: str
    card: str
    """Its README, as text."""
    lineage: tuple[Step, ...]
    versions: tuple[ModelLine, ...]
    is_own: bool


def model_listing(
    models: Sequence[Model],
    evaluations: Evaluated,
    page: int,
    total: int,
    deleted: str,
    now: datetime,
) -> ModelListing:
    """The page of a list. total: models of all pages."""
    lines = tuple(_line(model, evaluations[model.attempt_id], now) for model in models)
    return ModelListing(lines, pager(page, total, PAGE_SIZE, lambda number: f"/models?page={number}"), deleted)


def model_page(seen: ModelSeen, card: str, now: datetime, *, is_own: bool) -> ModelPage:
    """The page. card: the text of its README, empty where there is none."""
    model, found = seen.model, seen.evaluations[seen.model.attempt_id]
    rows = next((each.rows for each in found if each.rows), 0)
    line = _line(model, found, now)
    return ModelPage(
        line=line,
        description=model.description or "",
        hosted_as=model.hosted_as or "",
        quality=tuple(_quality(found)),
        rows=count_of(rows, "row") if rows else "",
        files=tuple(_file(model, name, told) for name, told in sorted(model.files.items())),
        manifest_sha256=model.manifest_sha256,
        archive_url=f"{line.url}/files.zip",
        card=card,
        lineage=tuple(_lineage(seen, now)),
        versions=tuple(
            _line(each, seen.evaluations[each.attempt_id], now) for each in seen.siblings if each.id != model.id
        ),
        is_own=is_own,
    )


def _line(model: Model, evaluations: Sequence[Evaluation], now: datetime) -> ModelLine:
    losses = {each.moment: figure(each.value) for each in evaluations if each.name == "eval_loss"}
    return ModelLine(
        url=f"/models/{quote(model.id)}",
        name=model.name,
        version=f"version {model.version}",
        base_model=model.base_model,
        kind=_KINDS[model.kind],
        before=losses.get("before", ""),
        after=losses.get("after", ""),
        size=size(model.size_bytes),
        made=when(model.created_at, now),
    )


def _quality(evaluations: Sequence[Evaluation]) -> list[Quality]:
    """Of each figure both moments; less is better of all of them."""
    by_name: dict[str, dict[str, float]] = {}
    for each in evaluations:
        by_name.setdefault(each.name, {})[each.moment] = each.value
    return [
        _compared(_FIGURES.get(name, name), both.get("before"), both.get("after")) for name, both in by_name.items()
    ]


def _compared(label: str, before: float | None, after: float | None) -> Quality:
    change, is_better = "", False
    if before and after is not None:
        is_better = after < before
        change = f"{percent(abs(after - before) / before)} {'lower' if is_better else 'higher'}"
    shown = ["–" if value is None else figure(value) for value in (before, after)]
    return Quality(label, shown[0], shown[1], change, is_better)


def _file(model: Model, name: str, told: dict[str, object]) -> ModelFile:
    url = f"/models/{quote(model.id)}/files/{quote(name)}"
    return ModelFile(name, size(int(str(told["size_bytes"]))), str(told["sha256"]), url)


def _lineage(seen: ModelSeen, now: datetime) -> list[Step]:
    job, attempt, dataset = seen.job, seen.attempt, seen.dataset
    cost = spent(attempt, seen.costs, now)
    steps = f"{attempt.step:,} steps in {span(hours_of(attempt, now))}" if attempt.step else ""
    method = METHODS.get(job.method, job.method)
    return [
        Step(
            "Dataset",
            dataset.name if dataset else seen.model.dataset_id,
            f"/datasets/{quote(seen.model.dataset_id)}" if dataset else "",
            f"sha256 {job.content_sha256[:12]}…",
        ),
        Step("Job", job.name, job_url(job), f"{method} of {job.base_model}, preset {job.preset}"),
        Step("Attempt", f"No. {attempt.number}", f"{job_url(job)}?attempt={attempt.number}", _where(attempt, steps)),
        Step("Model", seen.model.id, "", f"{_KINDS[seen.model.kind]}, {size(seen.model.size_bytes)}"),
        Step("Cost", cost.amount or "not known", "/costs?period=all", _of(cost.expected)),
    ]


def _where(attempt: Attempt, steps: str) -> str:
    trainer = "" if attempt.launcher == "hosted" else BY_NAME[attempt.trainer].label
    said = (place_of(attempt), trainer, steps)
    return ", ".join(each for each in said if each)


def _of(expected: str) -> str:
    return f"expected {expected}" if expected else ""
