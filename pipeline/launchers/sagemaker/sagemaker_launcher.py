"""Trainings as training jobs of SageMaker: the job's name is the attempt's, so that a second one cannot begin.

    <bucket>/sagemaker/<attempt>/input/        spec.json, runner.py and the job's files
                                 checkpoints/  what the container writes, synced by SageMaker: journal and checkpoints
                                 output/       the model, as SageMaker packs it

How a job ends is what SageMaker says: a container that is taken away tells of an end, and goes on elsewhere.
"""

import json
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.errors import ObjectMissing, ServiceError, SettingsError, UsageError
from pipeline.launchers import runner
from pipeline.launchers.commands import RESUMABLE, runner_spec
from pipeline.launchers.journal_file import MOST_BYTES, disk_errors
from pipeline.launchers.launcher import Bill, Observation, Order, Piece
from pipeline.launchers.legal_names import legal_name
from pipeline.launchers.sagemaker.sagemaker_calls import Refused, answers, sagemaker_client
from pipeline.launchers.sagemaker.sagemaker_request import Place, training_request
from pipeline.state.catalog.attempt_records import Attempt
from pipeline.state.catalog.costs import NANO
from pipeline.state.lake.lake_protocol import files_below
from pipeline.state.store.s3_client import S3_ERRORS, error_code, make_s3_client, raise_store_error
from pipeline.trainers.job import TrainingJob
from pipeline.wording import usd

NAME = "sagemaker"
_LIVE = ("InProgress", "Stopping")
_TRAINING = ("Training", "Uploading")
_STAGES = {
    "Starting": "SageMaker starts it",
    "Pending": "SageMaker has no room for it yet",
    "LaunchingMLInstances": "its machine is being started",
    "PreparingTrainingStack": "its machine is being prepared",
    "Downloading": "its files are being fetched",
    "DownloadingTrainingImage": "its image is being fetched",
    "Interrupted": "its machine was taken away; it goes on when there is another",
    "Restarting": "it is started again",
    "Updating": "SageMaker changes it",
}
_TOO_LONG = {
    "MaxRuntimeExceeded": "it ran for longer than LORA_TRAINING_DEADLINE_H allows",
    "MaxWaitTimeExceeded": "SageMaker found no spot machine for as long as LORA_TRAINING_DEADLINE_H allows",
}
_ENDED_LINE = re.compile(rb'^\{"kind": "ended".*$', re.MULTILINE)
_MOST_REASON = 1_000
_EXIT_CODE = re.compile(r"exit ?code:? ?(\d+)", re.IGNORECASE)


class SageMakerLauncher:
    """Has attempts trained by SageMaker.

    folder: where attempts have theirs, for what is fetched. place: None where it is not set up; missing then says what
    is to be set. fetch_files: puts a job's files for one trainer into a folder.
    """

    name = NAME

    def __init__(
        self, folder: Path, place: Place | None, missing: str, fetch_files: Callable[[str, str, Path], None]
    ) -> None:
        self._folder = folder
        self._set_up = place
        self._missing = missing
        self._fetch_files = fetch_files

    def submit(self, order: Order) -> str:
        """See `Launcher.submit`: the files first; of a name SageMaker takes one job."""
        if self._set_up is None:
            raise SettingsError(f"expected SageMaker to be set up, found it not: {self._missing}")
        request = training_request(order, self._set_up)
        self._send_files(order, self._set_up)
        try:
            with answers(f"create {request['TrainingJobName']}"):
                sagemaker_client(self._set_up.region).create_training_job(**request)
        except Refused as refusal:
            if refusal.code == "ResourceInUse":
                return str(request["TrainingJobName"])
            raise UsageError(str(refusal)) from refusal
        return str(request["TrainingJobName"])

    def find(self, attempt: Attempt) -> str | None:
        """See `Launcher.find`."""
        return legal_name(attempt.id) if self._described(attempt) else None

    def forbid(self, attempt: Attempt) -> bool:
        """See `Launcher.forbid`: a job that is gone does not come back."""
        return True

    def poll(self, attempt: Attempt) -> Observation:
        """See `Launcher.poll`."""
        job = self._described(attempt)
        if job is None:
            return Observation("absent", f"SageMaker knows no job {legal_name(attempt.id)}")
        status, stage = str(job["TrainingJobStatus"]), str(job.get("SecondaryStatus", ""))
        match status:
            case "Completed":
                return Observation("completed")
            case "Failed":
                return Observation("failed", _why(job), exit_code=_exit_code(job))
            case "Stopped":
                is_late = stage in _TOO_LONG
                return Observation("failed" if is_late else "cancelled", _TOO_LONG.get(stage, "it was stopped"))
        if stage in _TRAINING or status == "Stopping":
            return Observation("running")
        return Observation("waiting", _STAGES.get(stage, stage))

    def cancel(self, attempt: Attempt) -> None:
        """See `Launcher.cancel`: the container has two minutes to leave a checkpoint."""
        if (job := self._described(attempt)) is None or job["TrainingJobStatus"] != "InProgress":
            return
        try:
            with answers(f"stop {legal_name(attempt.id)}"):
                sagemaker_client(self._place.region).stop_training_job(TrainingJobName=legal_name(attempt.id))
        except Refused:
            pass  # it has ended: the next look says how

    def journal(self, attempt: Attempt, offset: int) -> Piece:
        """See `Launcher.journal`; what it tells of an end is left out, in as many bytes."""
        key = self._place.key(attempt, "checkpoints/journal.jsonl")
        window = f"bytes={offset}-{offset + MOST_BYTES - 1}"
        try:
            with self._s3("read", key) as client:
                block: bytes = client.get_object(Bucket=self._place.bucket, Key=key, Range=window)["Body"].read()
        except ObjectMissing:
            return Piece(offset)
        lines = block[: block.rfind(b"\n") + 1]
        return Piece(offset, _ENDED_LINE.sub(lambda line: b" " * len(line[0]), lines))

    def is_training(self, attempt: Attempt) -> bool:
        """See `Launcher.is_training`."""
        if attempt.external_id is None and self._set_up is None:
            return False  # it was never sent there
        job = self._described(attempt)
        return job is not None and job["TrainingJobStatus"] in _LIVE

    def model_files(self, attempt: Attempt) -> dict[str, Path]:
        """See `Launcher.model_files`: out of what SageMaker packed."""
        if attempt.started_at is None and attempt.state != "completed":
            return {}
        folder = self._folder / attempt.id
        key = self._place.key(attempt, f"output/{legal_name(attempt.id)}/output/model.tar.gz")
        with disk_errors(folder):
            shutil.rmtree(folder / "kept", ignore_errors=True)
            (folder / "kept").mkdir(parents=True)
            packed = folder / "model.tar.gz"
            try:
                with self._s3("read", key) as client:
                    client.download_file(self._place.bucket, key, str(packed))  # raises as other calls do
            except ObjectMissing:
                return {}
            try:
                with tarfile.open(packed) as archive:
                    archive.extractall(folder / "kept", filter="data")
            except tarfile.TarError as error:
                raise ServiceError(f"cannot unpack s3://{self._place.bucket}/{key}: {error}") from error
            packed.unlink()
        found = files_below(folder / "kept")
        return {name: path for name, path in found.items() if name.startswith("model/") or name in runner.KEPT_FILES}

    def bill(self, attempt: Attempt, job: TrainingJob) -> Bill | None:
        """See `Launcher.bill`: the seconds that SageMaker bills, at the attempt's price."""
        price = attempt.price_per_gpu_hour
        if price is None or (attempt.external_id is None and self._set_up is None):
            return None
        told = self._described(attempt)
        if told is None:
            return None
        seconds = int(told.get("BillableTimeInSeconds") or 0)
        nano_usd = round(Decimal(str(price)) * seconds * attempt.gpu_count * NANO / 3600)
        said = f"{seconds:,} seconds that SageMaker bills, of {attempt.gpu_count} GPUs at {usd(price)} an hour"
        return Bill(nano_usd, said, seconds / 3600)

    @property
    def _place(self) -> Place:
        if self._set_up is None:
            raise ServiceError(f"SageMaker cannot be asked: {self._missing}")
        return self._set_up

    @cached_property
    def _s3_client(self) -> Any:
        return make_s3_client(self._place.s3_endpoint_url, self._place.region)

    def _described(self, attempt: Attempt) -> Mapping[str, Any] | None:
        name = legal_name(attempt.id)
        try:
            with answers(f"describe {name}"):
                client = sagemaker_client(self._place.region)
                found: Mapping[str, Any] = client.describe_training_job(TrainingJobName=name)
                return found
        except Refused as refusal:
            if refusal.is_missing:
                return None
            raise ServiceError(str(refusal)) from refusal

    @contextmanager
    def _s3(self, action: str, key: str) -> Iterator[Any]:
        place = self._place
        try:
            yield self._s3_client
        except S3_ERRORS as error:
            if error_code(error) in ("InvalidRange", "416"):
                raise ObjectMissing(f"nothing new in s3://{place.bucket}/{key}") from error
            raise_store_error(error, action, f"s3://{place.bucket}/{key}", place.s3_endpoint_url or "AWS")

    def _send_files(self, order: Order, place: Place) -> None:
        """What the container reads; the same again changes nothing."""
        folder = self._folder / order.attempt.id / "input"
        with disk_errors(folder):
            shutil.rmtree(folder, ignore_errors=True)
            spec = runner_spec(order.attempt.id, order.job, order.attempt.trainer)
            if order.attempt.trainer in RESUMABLE:
                spec["command_again"] = [*spec["command"], "--resume"]
            self._fetch_files(order.job.job_id, order.attempt.trainer, folder / spec["folder"])
            (folder / "spec.json").write_text(json.dumps(spec), "utf-8")
            shutil.copyfile(runner.__file__, folder / "runner.py")
            for name, path in files_below(folder).items():
                key = self._place.key(order.attempt, f"input/{name}")
                with self._s3("write", key) as client, path.open("rb") as file:
                    client.upload_fileobj(file, place.bucket, key)
            shutil.rmtree(folder)


def _why(job: Mapping[str, Any]) -> str:
    return str(job.get("FailureReason") or "SageMaker does not say why")[:_MOST_REASON]


def _exit_code(job: Mapping[str, Any]) -> int | None:
    found = _EXIT_CODE.search(str(job.get("FailureReason", "")))
    return int(found[1]) if found else None
