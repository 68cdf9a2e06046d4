"""Promises of `pipeline.launchers.kubernetes`: one Job an attempt, ended when asked, heard where its pod is silent."""

import base64
import json
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.errors import ServiceError, SettingsError, UsageError
from pipeline.flow.closing import close
from pipeline.flow.launching import what_is_missing
from pipeline.flow.trainings import Trainings, Wish, ask
from pipeline.launchers.kubernetes.cluster import Cluster
from pipeline.launchers.kubernetes.cluster_access import Access, cluster_access
from pipeline.launchers.kubernetes.job_manifest import BEGIN, Pods
from pipeline.launchers.kubernetes.kubernetes_launcher import KubernetesLauncher
from pipeline.launchers.kubernetes.kubernetes_settings import kubernetes_missing, make_kubernetes
from pipeline.settings import load_settings
from pipeline.state.catalog.costs import NANO
from pipeline.training.considering import consider
from tests.launchers.hosted.fakes import Time
from tests.launchers.kubernetes.fake import STEPS, ApiServer
from tests.state.catalog.examples import NOON
from tests.training.examples import CATALOGUES
from tests.training.installed import SETUP, installed

ROUND_S = 40
PODS = Pods("team/trainer:1", "https://data.example.com", "nvidia.com/gpu", "tokens", 72.0, {"gpu": "a100"})
FAULTS = ("none", "timeout before", "500 before", "500 after", "lost", "403", "429")
STEPS_OF = ["POST secrets", "POST jobs", "PATCH secrets", "GET jobs", "GET pods", "DELETE jobs"]


class OnCluster:
    """An installation with a job, and a cluster that trains it."""

    def __init__(self, installation, folder):
        self.catalog, self.lake = installation.catalog, installation.lake
        installation.ready()
        prepared = installation.prepared()
        self.job = installation.maker.make(prepared, consider(prepared.facts, SETUP, CATALOGUES), "person", NOON)
        self.settings = load_settings(data_dir=folder / "data", kubernetes_price_per_gpu_hour=1.5)
        self.time = Time(NOON.timestamp())
        self.api = ApiServer(self.time)
        self.pods = PODS

    @property
    def now(self):
        return datetime.fromtimestamp(self.time(), UTC)

    @property
    def launcher(self):
        access = Access("https://10.0.0.1:443", lambda: self.api.token, lambda: True)
        return KubernetesLauncher(
            lambda: Cluster(access, self.api.transport),
            lambda: "team",
            self.pods,
            "",
            lambda attempt: f"t-{attempt.id}",
        )

    def ask(self):
        return ask(self.catalog, self.settings, "ann", Wish(self.job.id, "kubernetes"), self.now)

    def step(self):
        trainings = Trainings(self.catalog, self.settings, {"kubernetes": self.launcher})
        self.api.tell(self.catalog, self.now)
        try:
            trainings.start_all(self.now)
            trainings.watch(self.now)
            for attempt in self.catalog.unclosed_attempts(10):
                if close(trainings, self.lake, attempt.id, self.now):
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

    def cost_of(self, attempt_id):
        costs = self.catalog.costs_of([self.job.id])[self.job.id]
        return next((each for each in costs if each.attempt_id == attempt_id), None)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("kubernetes")) as installation:
        yield OnCluster(installation, tmp_path_factory.mktemp("data"))


@pytest.fixture
def cluster(made):
    """The same for each test, with no fault."""
    made.api.faults, made.api.kills, made.pods = {}, False, PODS
    return made


def test_a_training_waits_for_room_tells_of_itself_and_costs_its_pods_time(cluster):
    attempt = cluster.ask()
    cluster.step()
    waiting = cluster.attempt(attempt.id)

    cluster.until_closed(attempt.id)
    ended = cluster.attempt(attempt.id)

    assert (waiting.state, waiting.state_reason) == (
        "preparing",
        "Unschedulable: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
    )
    assert (ended.state, ended.step, ended.launcher) == ("completed", STEPS, "kubernetes")
    [*_, job] = cluster.api.made
    assert cluster.cost_of(attempt.id).billed_nano_usd == round(job.pod_seconds(cluster.time()) / 3600 * 1.5 * NANO)
    assert cluster.cost_of(attempt.id).provider == "your cluster"


def test_a_job_runs_once_with_its_gpus_and_a_token_that_is_a_secret(cluster):
    attempt = cluster.ask()
    cluster.until_closed(attempt.id)

    [*_, made] = cluster.api.made
    spec, name = made.body["spec"], made.body["metadata"]["name"]
    pod = spec["template"]["spec"]
    [container] = pod["containers"]
    assert len(name) <= 63
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"], pod["restartPolicy"]) == (0, 259_200, "Never")
    assert container["resources"] == {"limits": {"nvidia.com/gpu": "1"}}
    assert (pod["nodeSelector"], container["envFrom"]) == ({"gpu": "a100"}, [{"secretRef": {"name": "tokens"}}])
    variables = {each["name"]: each.get("value") for each in container["env"]}
    assert variables["LORA_RUNNER_URL"] == (
        f"https://data.example.com/api/jobs/{attempt.job_id}/attempts/{attempt.id}/run.py"
    )
    token = f"t-{attempt.id}"
    assert token not in json.dumps(made.body)
    assert cluster.api.secrets[name]["stringData"] == {"token": token}
    assert cluster.api.secrets[name]["metadata"]["ownerReferences"][0]["name"] == name


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    faults=st.dictionaries(
        st.sampled_from(STEPS_OF), st.lists(st.sampled_from(FAULTS), min_size=1, max_size=4), max_size=4
    ),
    cancelled_after=st.sampled_from([None, None, 0, 1, 2, 4]),
)
@example(faults={}, cancelled_after=2)
@example(faults={"POST jobs": ["lost"]}, cancelled_after=None)
@example(faults={"POST jobs": ["500 after"], "DELETE jobs": ["lost"]}, cancelled_after=1)
def test_whatever_gets_lost_one_job_runs_and_none_is_left(made, faults, cancelled_after):
    api, jobs = made.api, len(made.api.made)
    made.pods, api.kills = PODS, False
    attempt = made.ask()
    api.faults = {kind: list(each) for kind, each in faults.items()}
    for _ in range(cancelled_after or 0):
        made.step()
    if cancelled_after is not None:
        made.catalog.cancel_job(made.job.id, "ann", made.now, "enough")

    made.until_closed(attempt.id)

    api.faults = {}
    created, ended = api.made[jobs:], made.attempt(attempt.id)
    assert len(created) <= 1
    assert api.living() == []
    is_whole = bool(created) and created[0].step(made.time()) == STEPS
    assert (ended.state, ended.state_reason) == (("completed", None) if is_whole else ("cancelled", "enough"))
    if cancelled_after is None:
        assert is_whole
    cost = made.cost_of(attempt.id)
    seconds = sum(job.pod_seconds(made.time()) for job in created)
    assert (cost.billed_nano_usd if cost else 0) == round(seconds / 3600 * 1.5 * NANO)


def test_a_pod_that_is_killed_has_failed_as_the_cluster_says(cluster):
    cluster.api.kills = True
    attempt = cluster.ask()

    cluster.until_closed(attempt.id)

    ended = cluster.attempt(attempt.id)
    assert (ended.state, ended.failure_class) == ("failed", "interrupted")
    assert ended.state_reason == "its process was killed: OOMKilled: Job failed"


def test_a_job_that_is_not_taken_has_failed_with_the_reason(cluster):
    cluster.pods = replace(PODS, image="")
    attempt = cluster.ask()

    cluster.until_closed(attempt.id)

    ended = cluster.attempt(attempt.id)
    assert (ended.state, ended.state_reason) == (
        "failed",
        "the cluster refuses it (422): spec.template.spec.containers[0].image: Required value",
    )


def test_a_job_that_somebody_removed_is_lost_and_ended_where_it_comes_back(cluster):
    attempt = cluster.ask()
    cluster.until(lambda: cluster.attempt(attempt.id).step)
    [*_, job] = cluster.api.made
    job.told = lambda _: b""
    cluster.api.jobs.clear()

    cluster.step()
    lost = cluster.attempt(attempt.id)
    cluster.catalog.cancel_job(cluster.job.id, "ann", cluster.now)
    cluster.api.jobs[job.body["metadata"]["name"]] = job  # as a server that was restored has it again
    cluster.until_closed(attempt.id)

    assert (lost.state, lost.state_reason[:22]) == ("lost", "the cluster has no Job")
    assert (cluster.attempt(attempt.id).state, job.deleted_s is not None) == ("cancelled", True)


def test_one_whose_last_words_never_came_is_completed_as_the_cluster_says(cluster):
    attempt = cluster.ask()
    cluster.until(lambda: cluster.attempt(attempt.id).step)
    [*_, job] = cluster.api.made
    job.told = lambda _: b""

    cluster.until_closed(attempt.id)

    assert cluster.attempt(attempt.id).state == "completed"


def test_without_settings_it_says_what_to_set(cluster, tmp_path):
    bare = load_settings(data_dir=tmp_path)

    assert kubernetes_missing(bare) == "set LORA_KUBERNETES and LORA_KUBERNETES_IMAGE and LORA_SERVICE_URL"
    wish = Wish(cluster.job.id, "kubernetes")
    with pytest.raises(UsageError, match="found kubernetes: set LORA_KUBERNETES and"):
        ask(cluster.catalog, bare, "ann", wish, cluster.now, missing=what_is_missing(bare, {}))
    launcher = make_kubernetes(bare, {}, lambda _: "")
    with pytest.raises(ServiceError, match="the cluster cannot be asked: set LORA_KUBERNETES"):
        launcher.poll(cluster.attempt(cluster.catalog.attempts_of([cluster.job.id])[cluster.job.id][0].id))


def kubeconfig(folder, user, **cluster):
    config = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u", "namespace": "team"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://10.0.0.1:6443/", **cluster}}],
        "users": [{"name": "u", "user": user}],
    }
    (folder / "config").write_text(json.dumps(config))  # which is YAML, too
    return str(folder / "config")


def test_a_kubeconfig_says_where_the_cluster_is_and_who_asks(tmp_path):
    (tmp_path / "token").write_text("renewed\n")

    plain = cluster_access(kubeconfig(tmp_path, {"token": "a-token"}), {})
    assert (plain.address, plain.token(), plain.namespace) == ("https://10.0.0.1:6443", "a-token", "team")
    assert cluster_access(kubeconfig(tmp_path, {"tokenFile": "token"}), {}).token() == "renewed"


@pytest.mark.parametrize(
    ("user", "cluster", "why"),
    [
        ({"exec": {"command": "aws"}}, {}, "expected a token or a certificate of the user in .*, found exec"),
        ({}, {}, "found none: make a token of a service account"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_says_why(tmp_path, user, cluster, why):
    with pytest.raises(SettingsError, match=why):
        cluster_access(kubeconfig(tmp_path, user, **cluster), {})


def test_whom_a_cluster_does_not_prove_itself_to_is_not_asked(tmp_path):
    insecure = cluster_access(kubeconfig(tmp_path, {"token": "t"}, **{"insecure-skip-tls-verify": True}), {})
    garbage = {"certificate-authority-data": base64.b64encode(b"none").decode()}

    with pytest.raises(ServiceError, match="expected the cluster's certificate authority, found none"):
        Cluster(insecure).find("/x")
    with pytest.raises(ServiceError, match="cannot use the certificate authority"):
        Cluster(cluster_access(kubeconfig(tmp_path, {"token": "t"}, **garbage), {})).find("/x")
    with pytest.raises(SettingsError, match="expected a pod"):
        cluster_access("in-cluster", {})
    with pytest.raises(SettingsError, match="cannot read"):
        cluster_access(str(tmp_path / "nowhere"), {})


def test_what_a_pod_begins_with_fetches_the_program_and_becomes_it(tmp_path):
    asked = []

    class Service(BaseHTTPRequestHandler):
        def do_GET(self):  # http.server's name
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"import sys; print(sys.argv[1:])")

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    known = {"LORA_RUNNER_URL": f"{url}/run.py", "LORA_SERVICE_URL": url, "LORA_ATTEMPT": "job.1"}

    done = subprocess.run(
        [sys.executable, "-c", BEGIN],
        env=known | {"LORA_ATTEMPT_TOKEN": "t"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    thread.join()
    server.server_close()

    assert asked == [("/run.py", "Bearer t")]
    assert done.stdout == f"{['--service', url, '--attempt', 'job.1', '--folder', 'attempt']}\n"
