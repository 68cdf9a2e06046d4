"""Own trainings correct the next estimate: by the nearest of them, told so, and never by what ran elsewhere."""

from dataclasses import replace

import pytest

from pipeline.flow.own_measurements import is_same_gpu, measured, with_own_runs
from pipeline.settings import load_settings
from pipeline.state.catalog.attempt_records import NewAttempt
from pipeline.trainers.job import TrainingJob
from pipeline.training.considering import consider
from pipeline.training.own_runs import OwnRun
from tests.state.catalog.examples import NOON
from tests.training.examples import CATALOGUES
from tests.training.installed import SETUP, installed


def runs(*slownesses, **other):
    usual = {"base_model": "Qwen3-8B", "gpu": SETUP.gpu, "gpu_count": 1, "method": "lora", "trainer": "trl"}
    return tuple(OwnRun(**{**usual, **other}, step_time_s=each, expected_step_time_s=1.0) for each in slownesses)


@pytest.fixture
def estimated(tmp_path):
    """The estimate of a job, given the owner's runs."""
    with installed(tmp_path) as made:
        made.ready()
        facts = made.prepared().facts

        def found(own=()):
            return consider(facts, SETUP, replace(CATALOGUES, own_runs=tuple(own))).estimate

        yield found


def test_a_run_pulls_the_estimate_and_several_narrow_it(estimated):
    without, one, many = estimated(), estimated(runs(2.0)), estimated(runs(2.0, 2.1, 1.9, 2.0))

    assert one.step_time_s.expected == pytest.approx(without.step_time_s.expected * 2**0.5, rel=1e-3)
    assert many.step_time_s.expected == pytest.approx(without.step_time_s.expected * 2**0.8, rel=0.01)
    assert many.step_time_s.high / many.step_time_s.low < without.step_time_s.high / without.step_time_s.low
    assert many.hours.expected > without.hours.expected
    assert "from 4 runs of yours of Qwen3-8B on" in " ".join(many.basis)
    assert many.peak_memory_gb == without.peak_memory_gb


def test_runs_of_another_gpu_or_trainer_say_nothing_and_of_other_models_a_little(estimated):
    assert estimated(runs(3.0, gpu="T4")) == estimated()
    assert estimated(runs(3.0, trainer="mlx-lm")) == estimated()
    assert "of other models on" in " ".join(estimated(runs(3.0, base_model="Llama-3.1-8B")).basis)


@pytest.mark.parametrize(
    ("planned", "found", "same"),
    [
        ("A100-80GB-SXM", "NVIDIA A100-SXM4-80GB", True),
        ("A100-80GB-SXM", "NVIDIA A100-SXM4-40GB", False),
        ("H100-SXM", "NVIDIA H100 80GB HBM3", True),
        ("H100-SXM", "NVIDIA H100 PCIe", False),
        ("RTX-4090", "NVIDIA GeForce RTX 4090", True),
        ("RTX-4090", "NVIDIA GeForce RTX 4090 Laptop GPU", False),
        ("RTX-4060-8GB", "NVIDIA GeForce RTX 4060 Ti", False),
        ("L40", "NVIDIA L40S", False),
        ("L40S", "NVIDIA L40S", True),
        ("T4", "Tesla T4", True),
        ("RTX-6000-Ada", "NVIDIA RTX 6000 Ada Generation", True),
    ],
)
def test_a_drivers_name_is_that_of_the_catalogue(planned, found, same):
    assert is_same_gpu(planned, found) is same


def test_a_training_on_the_gpu_of_its_plan_is_measured_and_another_is_not(tmp_path):
    with installed(tmp_path) as made:
        made.ready()
        prepared = made.prepared()
        job = made.maker.make(prepared, consider(prepared.facts, SETUP, CATALOGUES), "person", NOON)
        catalog = made.maker.catalog
        attempt = catalog.open_attempt(NewAttempt(job.id, "local", "trl", job.user_id), job.user_id, NOON)
        planned = TrainingJob.model_validate(job.job)
        figures = {"step_time_s": 2.0, "gpu": "NVIDIA A100-SXM4-80GB", "peak_memory_gb": 31.5}

        found = measured(attempt, planned, figures, load_settings(data_dir=tmp_path))
        assert found is not None
        for told in ({"gpu": "NVIDIA T4"}, {"step_time_s": float("nan")}, {"step_time_s": "2"}, {"gpu": None}):
            assert measured(attempt, planned, figures | told, load_settings(data_dir=tmp_path)) is None
        catalog.note_measurement(found, NOON)
        catalog.note_measurement(replace(found, step_time_s=9.0), NOON)

        [run] = with_own_runs(CATALOGUES, catalog, job.user_id).own_runs
        assert (run.step_time_s, run.gpu, run.base_model) == (2.0, SETUP.gpu, job.base_model)
        assert with_own_runs(CATALOGUES, catalog, "somebody else").own_runs == ()
