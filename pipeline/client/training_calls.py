"""The client's calls about trainings: started, watched, tried again; the models that they leave, and what they cost."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode

from pipeline.client.connection import Connection, given
from pipeline.client.job_calls import job_place
from pipeline.client.stored_checksums import hash_of
from pipeline.contract.cost_values import CostSummary
from pipeline.contract.model_values import ModelDetails, ModelList
from pipeline.contract.training_values import (
    AttemptList,
    Retry,
    TrainingArtifact,
    TrainingArtifacts,
    TrainingAttempt,
    TrainingMetrics,
    TrainingProgress,
)
from pipeline.errors import ServiceError
from pipeline.state.catalog.statuses import UNDER_WAY, LauncherName


class TrainingCalls:
    """Named as the API names them. Where an attempt may be named, none means the newest."""

    _connection: Connection

    def start_training(
        self,
        job_id: str,
        *,
        launcher: LauncherName = "local",
        trainer: str | None = None,
        budget_usd: float | None = None,
        resume: bool = False,
        over_budget_reason: str | None = None,
    ) -> TrainingAttempt:
        """Ask for a training of a job; Dagster starts it. On a machine of your own its `line` does.

        Raises:
            JobNotFound: there is none of this id.
            RequestRefused: one is under way, there can be none, or a budget does not allow it; says why.
        """
        wanted = {"launcher": launcher, "trainer": trainer, "resume": resume}
        body = wanted | {"budget_usd": budget_usd, "over_budget_reason": over_budget_reason}
        return self._connection.ask(
            TrainingAttempt, "POST", f"{job_place(job_id)}/start", is_repeatable=False, json=body
        )

    def retry_training(
        self,
        job_id: str,
        *,
        resume: bool = False,
        changed: bool = False,
        budget_usd: float | None = None,
        over_budget_reason: str | None = None,
    ) -> Retry:
        """Ask for another attempt like the last; changed: of the job that its failure suggests.

        Raises:
            JobNotFound: there is none of this id.
            RequestRefused: nothing was tried yet, no change is known to help, or as `start_training` says.
        """
        body = {"resume": resume, "changed": changed, "budget_usd": budget_usd}
        body |= {"over_budget_reason": over_budget_reason}  # type: ignore[dict-item]  # JSON of several kinds
        return self._connection.ask(Retry, "POST", f"{job_place(job_id)}/retry", is_repeatable=False, json=body)

    def attempts(self, job_id: str) -> list[TrainingAttempt]:
        """The attempts at a job, oldest first.

        Raises:
            JobNotFound: there is none of this id.
        """
        return self._connection.ask(AttemptList, "GET", f"{job_place(job_id)}/attempts").items

    def attempt(self, job_id: str, attempt_id: str) -> TrainingAttempt:
        """One attempt at a job.

        Raises:
            JobNotFound: there is none of this id.
        """
        return self._connection.ask(
            TrainingAttempt, "GET", f"{job_place(job_id)}/attempts/{quote(attempt_id, safe='')}"
        )

    def watch_training(self, job_id: str) -> Iterator[TrainingProgress]:
        """How a job's training goes, now and at each change, up to its end.

        Raises:
            JobNotFound: there is none of this id.
            ServiceError: the service cannot be reached.
        """
        status: str = UNDER_WAY[0]
        while status in UNDER_WAY:  # the service ends a stream that is open for long
            for progress in self._connection.events(TrainingProgress, f"{job_place(job_id)}/events"):
                status = progress.status
                yield progress

    def metrics(self, job_id: str, attempt_id: str | None = None, name: str | None = None) -> TrainingMetrics:
        """The figures of an attempt in short.

        Raises:
            JobNotFound: there is none of this id.
        """
        params = given({"attempt": attempt_id, "name": name})
        return self._connection.ask(TrainingMetrics, "GET", f"{job_place(job_id)}/metrics", params=params)

    def download_metrics(
        self,
        job_id: str,
        place: Path,
        *,
        form: Literal["csv", "jsonl"] = "csv",
        attempt_id: str | None = None,
        name: str | None = None,
    ) -> None:
        """Write every figure of an attempt into a file.

        Raises:
            JobNotFound: there is none of this id.
        """
        wanted = urlencode(given({"format": form, "attempt": attempt_id, "name": name}))
        self._connection.download(f"{job_place(job_id)}/metrics?{wanted}", place)

    def training_log(self, job_id: str, attempt_id: str | None = None) -> str:
        """The end of an attempt's log.

        Raises:
            JobNotFound: there is none of this id.
        """
        return self._connection.text(f"{job_place(job_id)}/log", params=given({"attempt": attempt_id}))

    def artifacts(self, job_id: str) -> list[TrainingArtifact]:
        """What the trainings of a job left.

        Raises:
            JobNotFound: there is none of this id.
        """
        return self._connection.ask(TrainingArtifacts, "GET", f"{job_place(job_id)}/artifacts").items

    def models(self, *, job_id: str | None = None, page: int = 1, limit: int = 20) -> ModelList:
        """One page of models, newest first."""
        params = given({"job_id": job_id, "page": page, "limit": limit})
        return self._connection.ask(ModelList, "GET", "/api/models", params=params)

    def model(self, model_id: str) -> ModelDetails:
        """All that is known of a model.

        Raises:
            ModelNotFound: there is none of this id.
        """
        return self._connection.ask(ModelDetails, "GET", _place(model_id))

    def describe_model(self, model_id: str, name: str | None = None, description: str | None = None) -> ModelDetails:
        """Give a model another name or description; what is None stays.

        Raises:
            ModelNotFound: there is none of this id.
        """
        return self._connection.ask(
            ModelDetails, "PATCH", _place(model_id), json={"name": name, "description": description}
        )

    def delete_model(self, model_id: str) -> ModelDetails:
        """Take a model out of the lists; its files stay in the lake.

        Raises:
            ModelNotFound: there is none of this id.
        """
        return self._connection.ask(ModelDetails, "DELETE", _place(model_id), is_repeatable=False)

    def model_card(self, model_id: str) -> str:
        """The card of a model, as Markdown.

        Raises:
            ModelNotFound: there is none of this id.
        """
        return self._connection.text(f"{_place(model_id)}/card")

    def download_model(self, model_id: str, folder: Path) -> list[Path]:
        """Copy the files of a model into a folder, each whole and with its checksum; returns where they are.

        Raises:
            ModelNotFound: there is none of this id.
            ServiceError: other bytes arrived than were listed, or the service names a file that would lie elsewhere.
        """
        files = {folder / each.name: each for each in self.model(model_id).files}
        for place, file in files.items():
            if not place.resolve().is_relative_to(folder.resolve()):
                raise ServiceError(f"expected the names of files in {folder}, found {file.name!r}: it is not taken")
            place.parent.mkdir(parents=True, exist_ok=True)
            self._connection.download(f"{_place(model_id)}/files/{quote(file.name)}", place)
            if (found := hash_of(place, "sha256")) != file.sha256:
                raise ServiceError(f"{place}: expected the checksum {file.sha256}, found {found}: take it again")
        return list(files)

    def costs(
        self,
        period: Literal["week", "month", "year"] = "month",
        since: date | None = None,
        until: date | None = None,
    ) -> CostSummary:
        """What trainings did cost in the last days of a period, or from a day on up to the end of another (UTC)."""
        days = {name: day.isoformat() for name, day in (("since", since), ("until", until)) if day is not None}
        return self._connection.ask(CostSummary, "GET", "/api/costs", params={"period": period, **days})


def _place(model_id: str) -> str:
    return f"/api/models/{quote(model_id, safe='')}"
