"""Promises of `pipeline.launchers.sagemaker`: one job an attempt, told whole, ended as it says, paid as billed."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.errors import ServiceError, UsageError
from pipeline.flow.closing import close, closed_of
from pipeline.flow.launching import fetch_trainer_files, what_is_missing
from pipeline.flow.trainings import Trainings, Wish, ask
from pipeline.launchers import runner
from pipeline.launchers.sagemaker.instances import INSTANCES
from pipeline.launchers.sagemaker.sagemaker_calls import sagemaker_client
from pipeline.launchers.sagemaker.sagemaker_launcher import SageMakerLauncher
from pipeline.launchers.sagemaker.sagemaker_settings import sagemaker_missing, sagemaker_place
from pipeline.settings import load_settings
from pipeline.state.catalog.costs import NANO
from pipeline.training.considering import consider
from tests.launchers.hosted.fakes import Time
from tests.launchers.sagemaker.fake import STEPS, Aws, served
from tests.launchers.stub import write_stub
from tests.state.catalog.examples import NOON
from tests.training.examples import CATALOGUES
from tests.training.installed import SETUP, installed

ROUND_S = 40
SET_UP = {
    "sagemaker_role": "arn:aws:iam::123456789012:role/trainer",
    "sagemaker_image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/trainer:1",
    "sagemaker_bucket": "s3://bucket/somewhere",
    "sagemaker_price_per_gpu_hour": 1.3,
}
FAULTS = ("none", "503 before", "503 after", "lost")


class AtSageMaker:
    """An installation with a job, and a SageMaker that trains it."""

    def __init__(self, installation, folder, price_kind="on-demand"):
        self.catalog, self.lake = installation.catalog, installation.lake
        installation.ready()
        prepared = installation.prepared()
        considered = consider(prepared.facts, replace(SETUP, gpu="L4"), CATALOGUES)
        price = considered.price or replace_price(price_kind)
        self.job = installation.maker.make(prepared, replace(considered, price=price), "person", NOON)
        self.settings = load_settings(data_dir=folder / "data", **SET_UP)
        self.time = Time(NOON.timestamp())
        self.aws = Aws(self.time)
        self.endpoint = ""

    @property
    def now(self):
        return datetime.fromtimestamp(self.time(), UTC)

    @property
    def launcher(self):
        def fetch(job_id, trainer, place):
            fetch_trainer_files(self.lake, job_id, trainer, place)

        place = replace(sagemaker_place(self.settings), s3_endpoint_url=self.endpoint)
        return SageMakerLauncher(self.settings.trainings, place, "", fetch)

    @property
    def trainings(self):
        return Trainings(self.catalog, self.settings, {"sagemaker": self.launcher})

    def ask(self):
        return ask(self.catalog, self.settings, "ann", Wish(self.job.id, "sagemaker"), self.now)

    def step(self):
        try:
            self.trainings.start_all(self.now)
            self.trainings.watch(self.now)
            for attempt in self.catalog.unclosed_attempts(10):
                if close(self.trainings, self.lake, attempt.id, self.now):
                    self.catalog.note_closed(attempt.id, self.now)
        except ServiceError:
            pass  # a run that closes fails, and is asked for again
        self.time.now_s += ROUND_S

    def until(self, is_there, most=40):
        for _ in range(most):
            if is_there():
                return
            self.step()
        pytest.fail("it does not come")

    def attempt(self, attempt_id):
        return self.catalog.get_attempt(attempt_id)

    def until_closed(self, attempt_id):
        self.until(lambda: self.attempt(attempt_id).closed_at is not None)

    def losses(self, attempt_id):
        return {point.step: point.value for _, point in self.catalog.points_of(attempt_id, "loss")}

    def cost_of(self, attempt_id):
        costs = self.catalog.costs_of([self.job.id])[self.job.id]
        return next((each for each in costs if each.attempt_id == attempt_id), None)


def replace_price(kind):
    return CATALOGUES.prices[0].model_copy(update={"kind": kind})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("sagemaker")) as installation, pytest.MonkeyPatch.context() as patch:
        found = AtSageMaker(installation, tmp_path_factory.mktemp("data"), "spot")
        with served(found.aws) as address:
            for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SAGEMAKER"):
                patch.setenv(name, address)
            patch.setenv("AWS_ACCESS_KEY_ID", "AKIA0000000000000000")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "never-written-0001")
            patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))  # between its own tries
            found.endpoint = address
            sagemaker_client.cache_clear()
            yield found
            sagemaker_client.cache_clear()


@pytest.fixture
def sagemaker(made):
    """The same for each test, with nothing under way and no fault."""
    made.aws.faults, made.aws.fails_with, made.aws.is_interrupted = {}, None, False
    return made


def test_a_training_is_told_step_by_step_and_leaves_its_model_and_its_bill(sagemaker):
    attempt = sagemaker.ask()
    sagemaker.step()
    waiting = sagemaker.attempt(attempt.id)

    sagemaker.until_closed(attempt.id)
    ended, closed = sagemaker.attempt(attempt.id), closed_of(sagemaker.catalog, sagemaker.job.id)

    assert (waiting.state, waiting.state_reason) == ("preparing", "its machine is being started")
    assert (ended.state, ended.step, ended.state_reason) == ("completed", STEPS, None)
    assert sagemaker.losses(attempt.id) == {step: 3 / step for step in range(1, STEPS + 1)}
    assert {"model/adapter_model.safetensors", "metrics.json"} <= set(closed.model.files)
    assert "x.bin" not in closed.model.files
    assert [each.value for each in closed.evaluations if each.name == "eval_loss"] == [0.5]
    assert closed.cost.billed_nano_usd == round(120 * 1.3 * NANO / 3600)
    assert closed.cost.hours == 120 / 3600


def test_what_is_asked_of_sagemaker_is_what_the_job_needs(sagemaker):
    attempt = sagemaker.ask()
    sagemaker.until_closed(attempt.id)

    name, job = list(sagemaker.aws.jobs.items())[-1]
    request, base = job.request, f"s3://bucket/somewhere/sagemaker/{attempt.id}"
    assert len(name) <= 63
    assert request["ResourceConfig"] == {"InstanceType": "ml.g6.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 200}
    assert request["StoppingCondition"] == {"MaxRuntimeInSeconds": 259_200, "MaxWaitTimeInSeconds": 259_200}
    assert request["EnableManagedSpotTraining"] is True
    assert request["CheckpointConfig"] == {"S3Uri": f"{base}/checkpoints", "LocalPath": "/opt/ml/checkpoints"}
    sent = {key.removeprefix(f"{base[5:]}/input/") for key in sagemaker.aws.objects if "/input/" in key}
    assert {"runner.py", "spec.json", "job/trl/train.py", "job/trl/train.jsonl"} <= sent
    spec = json.loads(sagemaker.aws.objects[f"{base[5:]}/input/spec.json"])
    assert spec["command_again"] == [*spec["command"], "--resume"]


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    faults=st.dictionaries(
        st.sampled_from(["CreateTrainingJob", "DescribeTrainingJob", "StopTrainingJob", "PUT", "GET"]),
        st.lists(st.sampled_from(FAULTS), min_size=1, max_size=3),
    ),
    cancelled_after=st.sampled_from([None, 0, 1, 3]),
    is_interrupted=st.booleans(),
)
@example(faults={"CreateTrainingJob": ["lost"]}, cancelled_after=None, is_interrupted=True)
@example(faults={"CreateTrainingJob": ["503 after"], "GET": ["lost"]}, cancelled_after=1, is_interrupted=False)
def test_whatever_gets_lost_one_job_trains_and_is_paid(made, faults, cancelled_after, is_interrupted):
    aws = made.aws
    aws.is_interrupted, aws.fails_with = is_interrupted, None
    jobs, billed = len(aws.jobs), aws.billed_s()
    attempt = made.ask()
    aws.faults = {kind: list(each) for kind, each in faults.items()}
    for _ in range(cancelled_after or 0):
        made.step()
    if cancelled_after is not None:
        made.catalog.cancel_job(made.job.id, "ann", made.now)

    made.until_closed(attempt.id)

    aws.faults = {}
    created = list(aws.jobs.values())[jobs:]
    assert len(created) <= 1
    states = {job.status(made.time())[0] for job in created} or {"Stopped"}
    assert {"completed": {"Completed"}, "cancelled": {"Stopped"}}[made.attempt(attempt.id).state] == states
    if cancelled_after is None:
        assert made.losses(attempt.id) == {step: 3 / step for step in range(1, STEPS + 1)}
    cost, seconds = made.cost_of(attempt.id), aws.billed_s() - billed
    assert (cost.billed_nano_usd if cost else 0) == round(seconds * 1.3 * NANO / 3600)


def test_a_machine_that_is_taken_away_ends_nothing(sagemaker):
    sagemaker.aws.is_interrupted = True
    attempt = sagemaker.ask()
    sagemaker.until(lambda: sagemaker.attempt(attempt.id).step == STEPS // 2)
    sagemaker.step()

    assert sagemaker.attempt(attempt.id).state == "running"
    sagemaker.until_closed(attempt.id)
    ended, [*_, job] = sagemaker.attempt(attempt.id), sagemaker.aws.jobs.values()
    assert (ended.state, ended.step) == ("completed", STEPS)
    assert ended.journal_offset == len(sagemaker.aws.journal(job))


@pytest.mark.parametrize(
    ("told", "why", "kind"),
    [
        ("AlgorithmError: , exit code: 1", "AlgorithmError: , exit code: 1", "other"),
        ("AlgorithmError: , exit code: 137", "its process was killed: AlgorithmError: , exit code: 137", "interrupted"),
    ],
)
def test_a_failure_has_sagemakers_reason_and_costs_what_it_took(sagemaker, told, why, kind):
    sagemaker.aws.fails_with = told
    billed = sagemaker.aws.billed_s()
    attempt = sagemaker.ask()

    sagemaker.until_closed(attempt.id)

    ended = sagemaker.attempt(attempt.id)
    assert (ended.state, ended.state_reason, ended.failure_class) == ("failed", why, kind)
    seconds = sagemaker.aws.billed_s() - billed
    assert sagemaker.cost_of(attempt.id).billed_nano_usd == round(seconds * 1.3 * NANO / 3600) > 0


def test_what_is_refused_has_failed_and_says_why(sagemaker):
    sagemaker.settings, before = (
        load_settings(
            data_dir=sagemaker.settings.data_dir,
            **SET_UP | {"sagemaker_role": "arn:aws:iam::123456789012:role/nobody"},
        ),
        sagemaker.settings,
    )
    attempt = sagemaker.ask()
    sagemaker.until_closed(attempt.id)
    sagemaker.settings = before

    ended = sagemaker.attempt(attempt.id)
    assert ended.state == "failed"
    assert "ValidationException" in ended.state_reason
    assert "Could not assume role" in ended.state_reason


def test_without_settings_it_says_what_to_set(sagemaker, tmp_path):
    bare = load_settings(data_dir=tmp_path)

    assert sagemaker_missing(bare) == "set LORA_SAGEMAKER_ROLE and LORA_SAGEMAKER_IMAGE and LORA_SAGEMAKER_BUCKET"
    wish = Wish(sagemaker.job.id, "sagemaker")
    with pytest.raises(UsageError, match="found sagemaker: set LORA_SAGEMAKER_ROLE"):
        ask(sagemaker.catalog, bare, "ann", wish, sagemaker.now, missing=what_is_missing(bare, {}))
    lonely = replace(sagemaker.job, gpu="A100-80GB-SXM", gpu_count=1)
    assert what_is_missing(sagemaker.settings, {})("sagemaker", "trl", lonely) == (
        "no instance of SageMaker has 1 × A100-80GB-SXM: it has A100-80GB-SXM by 8; or set LORA_SAGEMAKER_INSTANCE_TYPE"
    )


def test_every_instance_and_every_gpu_is_known():
    from botocore.session import get_session

    from pipeline.catalogues.reading import load_gpus

    service = get_session().get_service_model("sagemaker")
    shape = service.operation_model("CreateTrainingJob").input_shape.members["ResourceConfig"].members["InstanceType"]

    assert {each for counts in INSTANCES.values() for each in counts.values()} <= set(shape.enum)
    assert set(INSTANCES) <= set(load_gpus(None))


def test_a_container_goes_on_where_the_one_before_it_was_and_leaves_its_model(tmp_path):
    source, synced, keep = tmp_path / "source", tmp_path / "synced", tmp_path / "model"
    write_stub(source / "job/trl", steps=3)
    command = [sys.executable, "train.py"]
    spec = {"attempt": "job.1", "command": command, "command_again": [*command, "--resume"]}
    (source / "spec.json").write_text(json.dumps(spec | {"folder": "job/trl", "output": "output"}))
    (synced / "output/checkpoint-2").mkdir(parents=True)
    (synced / "output/checkpoint").write_text("2")
    (synced / "journal.jsonl").write_text('{"kind": "begun", "at": 1.0}\n')
    places = ["--source", source, "--synced", synced, "--keep", keep]

    done = subprocess.run([sys.executable, runner.__file__, tmp_path / "attempt", *places], check=False)

    told = [json.loads(line) for line in (synced / "journal.jsonl").read_text().splitlines()]
    assert done.returncode == 0
    assert [line["step"] for line in told if line["kind"] == "metrics"] == [3]
    assert (told[0]["at"], told[-1]["kind"]) == (1.0, "ended")
    assert (keep / "model/adapter_model.safetensors").read_bytes() == b"weights"
    assert (keep / "metrics.json").exists()
