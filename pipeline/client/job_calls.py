"""The client's calls about training jobs, named as the API names them; those about datasets are in `client.py`.

Those about trainings of jobs, the models that they leave and what they cost are in `training_calls.py`.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from pipeline.client.connection import Connection, given
from pipeline.contract.catalogue_values import Catalogue
from pipeline.contract.estimate_values import JobComparison, JobEstimate
from pipeline.contract.values import JobDetails, JobFile, JobFiles, JobList
from pipeline.errors import ServiceError
from pipeline.state.catalog.statuses import JobStatus

if TYPE_CHECKING:
    from pipeline.state.catalog.job_records import JobSort
    from pipeline.training.setup import Setup


class JobCalls:
    """What is asked for is a `Setup` of `pipeline.training.setup`, as in `Setup("Qwen3-8B", gpu="RTX-4090")`."""

    _connection: Connection

    def jobs(
        self,
        *,
        dataset_id: str | None = None,
        status: JobStatus | None = None,
        search: str | None = None,
        sort: "JobSort" = "created",
        page: int = 1,
        limit: int = 20,
    ) -> JobList:
        """One page of training jobs, with what they are expected to cost."""
        wanted: dict[str, str | int | None] = {"dataset_id": dataset_id, "status": status, "search": search}
        wanted |= {"sort": sort, "page": page, "limit": limit}
        return self._connection.ask(JobList, "GET", "/api/jobs", params=given(wanted))

    def job(self, job_id: str) -> JobDetails:
        """All that is known of a training job.

        Raises:
            JobNotFound: there is none of this id.
        """
        return self._connection.ask(JobDetails, "GET", job_place(job_id))

    def create_job(self, dataset_id: str, setup: "Setup") -> JobDetails:
        """Make a training job of a ready dataset; the same again is the job that is there.

        Raises:
            DatasetNotFound: there is none of this id.
            RequestRefused: there can be no such training; says why, and what would fit.
        """
        body = {"dataset_id": dataset_id, **asdict(setup)}
        return self._connection.ask(JobDetails, "POST", "/api/jobs", json=body)

    def estimate_job(self, dataset_id: str, setup: "Setup") -> JobEstimate:
        """What a training would take; nothing is made.

        Raises:
            DatasetNotFound: there is none of this id.
            RequestRefused: there can be no such training; says why, and what would fit.
        """
        body = {"dataset_id": dataset_id, **asdict(setup)}
        return self._connection.ask(JobEstimate, "POST", "/api/jobs/estimate", json=body)

    def compare_jobs(
        self, dataset_id: str, setups: Sequence["Setup"], gpus: Sequence[str] | Literal["all"] = ()
    ) -> JobComparison:
        """What several trainings would take, each on every GPU that is named, the cheapest first; nothing is made.

        Raises:
            DatasetNotFound: there is none of this id.
            RequestRefused: a name is none of the catalogues, or a setting is none.
        """
        names = gpus if gpus == "all" else list(gpus)
        body = {"dataset_id": dataset_id, "setups": [asdict(setup) for setup in setups], "gpus": names}
        return self._connection.ask(JobComparison, "POST", "/api/jobs/compare", json=body)

    def cancel_job(self, job_id: str, reason: str | None = None) -> JobDetails:
        """Give a training job up, or ask for the end of its training; its files stay.

        Raises:
            JobNotFound: there is none of this id.
            RequestRefused: it has ended.
        """
        return self._connection.ask(JobDetails, "POST", f"{job_place(job_id)}/cancel", json={"reason": reason})

    def job_files(self, job_id: str) -> list[JobFile]:
        """The files of a training job.

        Raises:
            JobNotFound: there is none of this id.
        """
        return self._connection.ask(JobFiles, "GET", f"{job_place(job_id)}/files").items

    def download_job(self, job_id: str, folder: Path) -> list[Path]:
        """Copy the files of a training job into a folder, each whole; returns where they are.

        Raises:
            JobNotFound: there is none of this id.
            ServiceError: the service cannot be reached, or names a file that would lie elsewhere.
        """
        files = {each.name: folder / each.name for each in self.job_files(job_id)}
        for name, place in files.items():
            if not place.resolve().is_relative_to(folder.resolve()):
                raise ServiceError(f"expected the names of files in {folder}, found {name!r}: it is not taken")
            place.parent.mkdir(parents=True, exist_ok=True)
            self._connection.download(f"{job_place(job_id)}/files/{quote(name)}", place)
        return list(files.values())

    def catalogue(self) -> Catalogue:
        """What a job can be made of: models, GPUs, presets, prices, trainers, and what may be set by hand."""
        return self._connection.ask(Catalogue, "GET", "/api/catalogue")


def job_place(job_id: str) -> str:
    """The address of a job."""
    return f"/api/jobs/{quote(job_id, safe='')}"
