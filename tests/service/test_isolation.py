"""Two users, any sequence of calls: no byte of the other's data in any answer."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from pipeline.settings import load_settings
from pipeline.state.catalog.job_records import JOB_SORTS
from tests.how_many import examples
from tests.service.serving import SECRET, Serving, lines, serving

USERS = ("ana", "bob")
# What only one of them knows: it stands in names, descriptions, file names and every line of theirs.
MARKS = {"ana": "Zebrafish", "bob": "Quicksilver"}
PATHS = (
    ("GET", ""),
    ("GET", "/findings"),
    ("GET", "/findings?format=jsonl"),
    ("GET", "/findings?format=csv"),
    ("GET", "/card"),
    ("POST", "/confirm"),
    ("POST", "/upload"),
    ("POST", "/restore"),
    ("POST", "/retry"),
    ("POST", "/jobs"),
    ("DELETE", ""),
)
JOB_PATHS = (
    *("", "/files", "/files/job.json", "/attempts", "/metrics", "/metrics?format=csv", "/log", "/artifacts", "/start"),
    "/cancel",
)
JOB = {"model": "Qwen3-8B", "gpu": "RTX-4090"}
people = st.sampled_from(USERS)
kinds = st.sampled_from(["good", "bad"])


class TwoUsers(RuleBasedStateMachine):
    """Each does what they like; every answer is looked through."""

    service: Serving

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[tuple[str, str]] = []
        self.jobs: list[tuple[str, str]] = []
        self.stack = ExitStack()

    @initialize()
    def start(self) -> None:
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        chosen = load_settings(data_dir=Path(folder), jwt_secret=SECRET, requests_per_minute=1_000_000)
        self.service = self.stack.enter_context(serving(chosen))
        self.clients = {user: self.stack.enter_context(self.service.client(user)) for user in USERS}

    @rule(user=people, kind=kinds, is_sent=st.booleans())
    def upload(self, user: str, kind: str, is_sent: bool) -> None:
        content = lines(2, MARKS[user]) if kind == "good" else f'{{"{MARKS[user]}": 1}}\n'.encode()
        mark = MARKS[user]
        fields = {"name": f"{mark} set", "description": mark, "file_name": f"{mark}.jsonl"}
        if is_sent:
            dataset_id = self.service.upload(self.clients[user], content, **fields)
        else:
            dataset_id = self.service.announce(self.clients[user], content, **fields)["dataset"]["id"]
        self.ids.append((user, dataset_id))

    @rule()
    def validate(self) -> None:
        self.service.validate()

    @rule(user=people, number=st.integers(0, 20), call=st.sampled_from(PATHS))
    def speak_of_a_dataset(self, user: str, number: int, call: tuple[str, str]) -> None:
        if self.ids:
            owner, dataset_id = self.ids[number % len(self.ids)]
            body = {"json": JOB} if call[1] == "/jobs" else {}
            answer = self.look_through(user, call[0], f"/api/datasets/{dataset_id}{call[1]}", **body)
            assert owner == user or answer.status_code == 404
            if answer.status_code == 201:
                self.jobs.append((user, answer.json()["data"]["id"]))

    @rule(user=people, number=st.integers(0, 20), path=st.sampled_from(JOB_PATHS))
    def speak_of_a_job(self, user: str, number: int, path: str) -> None:
        if self.jobs:
            owner, job_id = self.jobs[number % len(self.jobs)]
            method = "POST" if path in ("/start", "/cancel") else "GET"
            body = {"json": {}} if method == "POST" else {}
            answer = self.look_through(user, method, f"/api/jobs/{job_id}{path}", **body)
            assert owner == user or answer.status_code == 404

    @rule(user=people, search=st.sampled_from(["", *MARKS.values(), "qwen", "%"]), sort=st.sampled_from(JOB_SORTS))
    def list_jobs(self, user: str, search: str, sort: str) -> None:
        listed = self.look_through(user, "GET", "/api/jobs", params={"search": search, "sort": sort}).json()["data"]
        assert sum(listed["counts"].values()) == len({job for owner, job in self.jobs if owner == user})

    @rule(user=people, path=st.sampled_from(["models", "costs"]))
    def list_them(self, user: str, path: str) -> None:
        self.look_through(user, "GET", f"/api/{path}")

    @rule(user=people, search=st.sampled_from(["", *MARKS.values(), "e", "%"]), page=st.integers(1, 2))
    def list_datasets(self, user: str, search: str, page: int) -> None:
        self.look_through(user, "GET", f"/api/datasets?page={page}&limit=2", params={"search": search})

    @rule(user=people)
    def list_notifications(self, user: str) -> None:
        self.look_through(user, "GET", "/api/notifications")

    @rule(user=people, number=st.integers(1, 6))
    def read_a_notification(self, user: str, number: int) -> None:
        self.look_through(user, "POST", f"/api/notifications/{number}/read")

    def look_through(self, user, method, path, **options):
        answer = self.clients[user].request(method, path, **options)
        assert answer.status_code < 500
        [other] = set(USERS) - {user}
        secrets = {MARKS[other].lower(), *(each for owner, each in self.ids + self.jobs if owner == other)}
        seen = answer.text.lower()
        # What one asked with may come back in a refusal.
        assert not any(secret in seen for secret in secrets if secret not in str(answer.request.url).lower())
        return answer

    def teardown(self) -> None:
        self.stack.close()


@pytest.mark.filterwarnings("ignore")
class TestTwoUsers(TwoUsers.TestCase):
    settings = settings(
        max_examples=examples(15), stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
    )
