"""What the engine makes of what Ray says, by a module that says it; `test_ray_cluster.py` asks a real cluster."""

import socket
import sys
from contextlib import closing

import pytest

from pipeline.doctor import _engine
from pipeline.engines import check_engine, engine_problem, make_engine
from pipeline.engines import ray as ray_engine
from pipeline.errors import EngineDown, EngineError, LakeError, SettingsError
from pipeline.preflight import Line
from tests.engines import fake_ray
from tests.engines.fake_ray import FakeRay
from tests.engines.test_processes import square


@pytest.fixture
def address():
    """Where something listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"ray://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def begin(address, monkeypatch):
    """Makes the engine over a module that says what it is told to."""

    def begin(**said):
        ray = FakeRay(**said)
        monkeypatch.setitem(sys.modules, "ray", ray)
        monkeypatch.setitem(sys.modules, "ray.exceptions", ray.exceptions)
        return ray, make_engine(address, 1, 0.2)

    return begin


def test_each_part_has_its_result_and_closing_ends_the_connection(begin):
    ray, engine = begin(cores=3.0)
    with closing(engine):
        assert (engine.width, dict(engine.map(square, (n * n for n in range(5))))) == (3, {n: n for n in range(5)})
        assert ray.connections == 1

    assert ray.connections == 0


LOST = (
    "the Ray cluster of LORA_ENGINE={} has lost what it was given: check that it is up and that this machine reaches "
)
LOST += "it, or set LORA_ENGINE=processes"
UNABLE = "the cluster of LORA_ENGINE={} cannot do this work (No module named 'pipeline'): install this version of "
UNABLE += "lora-dataset-pipeline, with the same Ray and Python, on all of its machines"
ENDED = (
    "part 1 ended every worker of {} that tried it (WorkerCrashedError): look into Ray's logs, and give workers more "
)
ENDED += "memory"


@pytest.mark.parametrize(
    ("problem", "kind", "said"),
    [
        (fake_ray.RayTaskError(LakeError("no lake")), LakeError, "no lake"),
        (fake_ray.OfTask(OSError("no disk")), OSError, "no disk"),
        (fake_ray.RayTaskError(RuntimeError("a trace\nNo module named 'pipeline'\n")), EngineError, UNABLE),
        (fake_ray.RaySystemError("No module named 'pipeline'"), EngineError, UNABLE),
        (fake_ray.WorkerCrashedError("at length"), EngineError, ENDED),
        (fake_ray.ObjectLostError("gone"), EngineDown, LOST),
        (fake_ray.GetTimeoutError("late"), EngineDown, LOST),
        (ConnectionError("gone"), EngineDown, LOST),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else "",
)
def test_what_ray_raises_is_the_cause_or_says_who_has_to_act(begin, address, problem, kind, said):
    with pytest.raises(kind) as raised:
        dict(begin(problem=problem)[1].map(square, [4]))

    assert (raised.type, str(raised.value)) == (kind, said.format(address))


def test_a_cluster_without_cores_and_one_that_refuses_are_told(begin, address):
    with pytest.raises(EngineDown, match=f"LORA_ENGINE={address} has had no worker for 0 s: "):
        dict(begin(cores=0)[1].map(square, [4]))
    with pytest.raises(EngineDown, match=r"does not take this client \(full\): "):
        begin(refusals=[ConnectionAbortedError("full")] * 4)
    with pytest.raises(EngineError, match=r"cannot do this work \(Version mismatch\): install this version of"):
        begin(refusals=[RuntimeError("Version mismatch")])


def test_a_process_that_the_head_made_in_vain_is_asked_for_again(begin):
    ray, engine = begin(refusals=[ConnectionAbortedError("Starting Ray client server failed")] * 3)

    assert dict(engine.map(square, [4])) == {0: 2}
    assert ray.connections == 1


def test_workers_with_other_sources_do_nothing(begin, monkeypatch):
    _, engine = begin()
    monkeypatch.setattr(ray_engine, "sources_digest", lambda: "ours")

    with pytest.raises(EngineError, match="another version of lora-dataset-pipeline: install this one on all"):
        dict(engine.map(square, [4]))


def test_where_nobody_listens_is_an_outage_that_doctor_names(settings, address, monkeypatch):
    nobody = "ray://127.0.0.1:9"
    monkeypatch.setitem(sys.modules, "ray", FakeRay())

    assert engine_problem(nobody, 0.2).startswith(f"the Ray cluster of LORA_ENGINE={nobody} has not answered for 0 s (")
    with pytest.raises(EngineDown):
        make_engine(nobody, 1, 0.2)
    assert [line.level for line in _engine(settings.model_copy(update={"engine": nobody}))] == ["fail"]
    assert list(_engine(settings.model_copy(update={"engine": address}))) == [Line("engine", "ok", "answers")]


def test_without_ray_the_setting_says_what_to_install(settings, address, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)

    with pytest.raises(SettingsError, match=r"pip install 'lora-dataset-pipeline\[ray\]'"):
        check_engine(address)
    [line] = _engine(settings.model_copy(update={"engine": address}))
    assert (line.level, "needs Ray, which is not installed" in line.found) == ("fail", True)
