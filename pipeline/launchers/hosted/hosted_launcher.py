"""Trainings at a provider: created once, whatever gets lost, followed by what the provider tells, paid by its bill.

The folder of an attempt has its journal, and marks whose time of change is what they say: `creating`, since when a
request to create may be under way, `asked`, when to ask again. A folder that was lost is made again by what the
provider tells.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.errors import ServiceError, SettingsError
from pipeline.launchers.hosted.hosted_journal import HostedJournal
from pipeline.launchers.hosted.provider import LIVE, Entry, Provider, ProviderJob
from pipeline.launchers.hosted.provider_requests import NotTaken, Refused
from pipeline.launchers.hosted.providers import missing_key
from pipeline.launchers.journal_file import disk_errors, read_piece
from pipeline.launchers.launcher import Bill, Observation, Order, Piece
from pipeline.state.catalog.attempt_records import Attempt
from pipeline.state.checksums import sha256_of
from pipeline.state.durable import lent_aside
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.renderer import TRAIN_FILE, VALIDATION_FILE

NAME = "hosted"
MODEL_FILE = "model/hosted.json"
"""What is kept of a model that its provider has: how to call it."""
POLL_S = 15.0
"""Pause between two looks at a job."""
SETTLE_S = 120.0
"""For how long a job that may have been created may be missing in its provider's list."""
_DATA_FILES = (TRAIN_FILE, VALIDATION_FILE)
_NANO_OF_A_MILLIONTH = 1_000  # billionths of a US dollar in a millionth of one


@dataclass(frozen=True, slots=True)
class TokenRate:
    """What a provider takes for trained tokens."""

    name: str
    """Of its model."""
    usd_per_million: float
    minimum_usd: float
    said: str
    """Where that was read."""

    def nano_usd(self, tokens: float) -> int:
        """The price of tokens, in billionths of a US dollar."""
        least = Decimal(str(self.minimum_usd)) * 1_000_000 * _NANO_OF_A_MILLIONTH if tokens else Decimal(0)
        return round(max(least, Decimal(str(self.usd_per_million)) * Decimal(str(tokens)) * _NANO_OF_A_MILLIONTH))


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was known when a job was created."""

    tokens: int
    """That it is expected to be billed for."""
    rate: TokenRate | None


class HostedLauncher:
    """Has attempts trained by the providers whose keys are there.

    folder: where attempts have theirs. providers: by the name of their trainer. fetch_files: puts a job's files for one
    trainer into a folder. agree: what a job is expected to be billed for, at which rate. clock: seconds since 1970.
    """

    name = NAME

    def __init__(
        self,
        folder: Path,
        providers: Mapping[str, Provider],
        fetch_files: Callable[[str, str, Path], None],
        agree: Callable[[TrainingJob, str], Agreed],
        clock: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._providers = providers
        self._fetch_files = fetch_files
        self._agree = agree
        self._clock = clock

    def submit(self, order: Order) -> str:
        """See `Launcher.submit`: files first, each by its checksum; then the job, with the attempt's id in it."""
        attempt, place = order.attempt, self._folder / order.attempt.id
        provider = self._providers.get(attempt.trainer)
        if provider is None:
            raise SettingsError(
                f"expected the key of {attempt.trainer} where Dagster's daemon runs, found none: "
                f"{missing_key(attempt.trainer, {})}, and start it again"
            )
        with disk_errors(place):
            place.mkdir(parents=True, exist_ok=True)
            self._see_whether_due(place, provider)
            try:
                body = self._body(order, place, provider)
                return self._create(order, place, provider, body)
            except NotTaken as refusal:
                _mark(place / "asked", self._clock() + refusal.again_after_s)
                raise

    def find(self, attempt: Attempt) -> str | None:
        """See `Launcher.find`.

        Raises:
            ServiceError: one may have been created that its provider does not list yet.
        """
        place = self._folder / attempt.id
        with _asking():
            jobs = self._provider(attempt).jobs_of(attempt.id)
        if jobs:
            return jobs[0].id
        if self._clock() - _time_of(place / "creating") < SETTLE_S:
            raise ServiceError(
                f"{self._provider(attempt).title} may have taken {attempt.id}, and does not list it: it is looked for "
                "again"
            )
        return None

    def forbid(self, attempt: Attempt) -> bool:
        """See `Launcher.forbid`: a job that is gone does not come back."""
        return True

    def poll(self, attempt: Attempt) -> Observation:
        """See `Launcher.poll`; how it ended stands in its journal."""
        place, provider = self._folder / attempt.id, self._provider(attempt)
        if self._clock() < _time_of(place / "asked"):
            return Observation("unknown", f"{provider.title} was asked a moment ago")
        with disk_errors(place), _asking():
            journal = HostedJournal(place / "journal.jsonl", attempt.journal_offset)
            _mark(place / "asked", self._clock() + POLL_S)
            try:
                job = provider.job(attempt.external_id or "")
                if job is None:
                    return Observation("absent", f"{provider.title} knows no job {attempt.external_id}")
                entries = provider.entries(job.id, journal.ids.__contains__)
            except NotTaken as refusal:
                _mark(place / "asked", self._clock() + max(POLL_S, refusal.again_after_s))
                raise
            self._tell(journal, job, entries)
            meter = self._meter(place, journal, job)
        if job.state in LIVE:
            return Observation(job.state, job.reason, meter)
        return Observation("unknown", "it has ended, and its journal says how", meter)

    def cancel(self, attempt: Attempt) -> None:
        """See `Launcher.cancel`: a provider keeps the checkpoints that it has."""
        place = self._folder / attempt.id
        mark = place / "cancelled"
        if self._clock() < _time_of(mark) + POLL_S:
            return
        with disk_errors(place), _asking():
            place.mkdir(parents=True, exist_ok=True)
            _mark(mark, self._clock())
            if (job_id := attempt.external_id or self.find(attempt)) is not None:
                self._provider(attempt).cancel(job_id)

    def journal(self, attempt: Attempt, offset: int) -> Piece:
        """See `Launcher.journal`: what looks at it have gathered."""
        return read_piece(self._folder / attempt.id / "journal.jsonl", offset)

    def is_training(self, attempt: Attempt) -> bool:
        """See `Launcher.is_training`."""
        job = self._job(attempt)
        return job is not None and job.state in LIVE

    def model_files(self, attempt: Attempt) -> dict[str, Path]:
        """See `Launcher.model_files`: how to call the model, and its loss; its weights stay where they are."""
        job, place = self._job(attempt), self._folder / attempt.id
        if job is None:
            return {}
        with disk_errors(place), _asking():
            journal = HostedJournal(place / "journal.jsonl", attempt.journal_offset)
            if not journal.ids:  # the folder was lost since it ended
                journal.tell_all(self._provider(attempt).entries(job.id, journal.ids.__contains__))
            return _kept(place / "kept", attempt, job, journal)

    def bill(self, attempt: Attempt, job: TrainingJob) -> Bill | None:
        """See `Launcher.bill`: what the provider tells, in money or in tokens at the rate of the day it was created."""
        found = self._job(attempt)
        if found is None:
            return None
        title = self._provider(attempt).title
        if found.nano_usd is not None:
            return Bill(found.nano_usd, f"billed by {title}: {found.tokens or 0:,} tokens")
        with disk_errors(self._folder / attempt.id):
            agreed = _read_agreed(self._folder / attempt.id) or self._agree(job, attempt.trainer)
        if not found.tokens:
            return Bill(0, f"{title} bills no tokens of it")
        if agreed.rate is None:
            return None
        said = f"{found.tokens:,} trained tokens that {title} bills, at {agreed.rate.said}"
        return Bill(agreed.rate.nano_usd(found.tokens), said)

    def _provider(self, attempt: Attempt) -> Provider:
        found = self._providers.get(attempt.trainer)
        if found is None:
            raise ServiceError(f"{attempt.trainer} cannot be asked: {missing_key(attempt.trainer, {})}")
        return found

    def _job(self, attempt: Attempt) -> ProviderJob | None:
        """How an attempt's job is now; None where there is none, or none was ever asked for."""
        if attempt.external_id is None and not (self._folder / attempt.id / "creating").exists():
            return None
        with _asking():
            job_id = attempt.external_id or self.find(attempt)
            return self._provider(attempt).job(job_id) if job_id else None

    def _see_whether_due(self, place: Path, provider: Provider) -> None:
        if self._clock() < _time_of(place / "asked"):
            raise ServiceError(f"{provider.title} is not to be asked again yet: it is tried later")

    def _body(self, order: Order, place: Path, provider: Provider) -> dict[str, Any]:
        """The request that the job's files have, with the ids of the data files, which are at the provider then."""
        folder = place / "job"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            self._fetch_files(order.job.job_id, order.attempt.trainer, folder)
            body: dict[str, Any] = json.loads((folder / "request.json").read_text("utf-8"))
            for key, value in body.items():
                if value in _DATA_FILES:
                    body[key] = _uploaded(provider, folder / str(value))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return body

    def _create(self, order: Order, place: Path, provider: Provider, body: Mapping[str, Any]) -> str:
        attempt, mark = order.attempt, place / "creating"
        with lent_aside(place / "agreed.json") as aside:
            aside.write_text(json.dumps(asdict(self._agree(order.job, attempt.trainer))), "utf-8")
        if self._clock() - _time_of(mark) < SETTLE_S:
            raise ServiceError(f"{attempt.id} is being created, or was a moment ago: it is looked for again")
        mark.unlink(missing_ok=True)
        try:
            with lent_aside(mark, replaces=False) as aside:
                _mark(aside, self._clock())
        except FileExistsError:
            raise ServiceError(f"{attempt.id} is being created by somebody else: it is looked for again") from None
        try:
            return provider.create(attempt.id, body).id
        except (NotTaken, Refused):
            mark.unlink()  # nothing was created, for certain
            raise

    def _tell(self, journal: HostedJournal, job: ProviderJob, entries: Sequence[Entry]) -> None:
        has_trained = job.state in ("running", "completed") or any(each.kind == "metrics" for each in entries)
        if has_trained and not journal.has_begun:
            journal.tell("begun", at=self._clock() if job.state in LIVE else job.created_at or self._clock())
        journal.tell_all(entries)
        if job.state in LIVE or journal.has_ended or entries:  # the last may still come: the next look finds none
            return
        known: dict[str, object] = {"exit_code": 0 if job.state == "completed" else 1}
        if job.state == "failed":
            known["reason"] = job.reason or "its provider does not say why"
        journal.tell("ended", at=job.ended_at or self._clock(), is_cancelled=job.state == "cancelled", **known)

    def _meter(self, place: Path, journal: HostedJournal, job: ProviderJob) -> int | None:
        """The bill where there is one; before, the share of the expected one that its steps are of all steps."""
        if job.nano_usd is not None:
            return job.nano_usd
        agreed = _read_agreed(place)
        if agreed is None or agreed.rate is None:
            return None
        return agreed.rate.nano_usd(agreed.tokens * journal.progress() if job.tokens is None else job.tokens)


@contextmanager
def _asking() -> Iterator[None]:
    """What a provider refuses to tell says nothing about the training."""
    try:
        yield
    except Refused as refusal:
        raise ServiceError(str(refusal)) from refusal


def _uploaded(provider: Provider, file: Path) -> str:
    """The id of a file at the provider; sent where it is not there."""
    name = f"{sha256_of(file)}.jsonl"
    if (known := provider.file_of(name)) is not None:
        return known
    sent = provider.upload(file, name)
    return provider.file_of(name) or sent  # a provider that reads it first says so


def _kept(folder: Path, attempt: Attempt, job: ProviderJob, journal: HostedJournal) -> dict[str, Path]:
    found: dict[str, Mapping[str, object]] = {}
    loss = journal.last("full_eval_loss") or journal.last("eval_loss")
    if loss is not None:
        found["metrics.json"] = {"eval_loss": loss}
    if job.model is not None:
        model = {"provider": attempt.trainer, "model": job.model, "job": job.id}
        found[MODEL_FILE] = {**model, "checkpoints": journal.checkpoints()}
    for name, content in found.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    return {name: folder / name for name in found}


def _read_agreed(place: Path) -> Agreed | None:
    try:
        found = json.loads((place / "agreed.json").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return Agreed(found["tokens"], TokenRate(**found["rate"]) if found["rate"] else None)


def _mark(path: Path, time_s: float) -> None:
    path.touch()
    os.utime(path, (time_s, time_s))


def _time_of(path: Path) -> float:
    """What a mark says; long ago where there is none."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
