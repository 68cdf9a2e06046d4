"""Promises of `pipeline.training.jobs.job_file`: a job's own file makes the job again, or says what differs."""

import pytest

from pipeline.errors import UsageError
from pipeline.trainers.job import Explanation
from pipeline.training.jobs.job_file import as_written, read_job, set_by_hand, setup_of
from tests.training.jobs.examples import gpu, planned

JOBS = {
    "nothing set": {},
    "packed on two": {"gpu_count": 2, "is_packed": True},
    "by hand": {"rank": 8, "epochs": 2, "effective_batch": 12, "schedule": "constant", "max_length": 600},
    "full": {"on": gpu("B200", 180), "method": "full", "preset": "conservative"},
    "hosted": {"targets": ("openai",), "openai_model": "gpt-4.1-2025-04-14"},
}


@pytest.mark.parametrize("options", JOBS.values(), ids=JOBS)
def test_the_job_of_its_own_file_is_the_same_with_the_same_reasons(options, tmp_path):
    job = planned(**options)
    (tmp_path / "job.json").write_text(job.model_dump_json())

    written = read_job(tmp_path / "job.json")
    setup = setup_of(written)
    again = planned(
        on=options.get("on"),
        gpu_count=setup.gpu_count,
        preset=setup.preset,
        method=setup.method,
        targets=setup.targets,
        **setup.overrides,
    )

    assert as_written(again, written) == job


def test_reasons_of_a_file_that_do_not_fit_the_job_are_not_taken():
    job = planned(rank=8, is_packed=True, effective_batch=12)
    lies = tuple(
        Explanation(setting=setting, value=value, because=because)
        for setting, value, because in (
            ("optimisation.learning_rate", "0.01", "set by hand"),
            ("max_length", "64", "set by hand"),
            ("hub_id", job.hub_id, "set by hand"),
            ("optimisation.epochs", "3", "x" * 1_001),
        )
    )

    again = as_written(job, job.model_copy(update={"explanations": lies, "warnings": ("all is well",)}))

    assert again == job
    assert set_by_hand(again) == {"rank": "8", "is_packed": "true", "effective_batch": "12"}


def test_what_was_set_by_hand_is_as_the_job_has_it():
    job = planned()
    lie = Explanation(setting="optimisation.learning_rate", value="0.01", because="set by hand")

    assert set_by_hand(job.model_copy(update={"explanations": (lie,)})) == {"learning_rate": "0.0002"}


def test_what_would_be_chosen_otherwise_is_named():
    job = planned()
    other = job.model_copy(update={"hub_id": "someone/else", "data": job.data.model_copy(update={"train_rows": 7})})

    with pytest.raises(UsageError) as caught:
        as_written(job, other)

    assert str(caught.value) == (
        "job.json: expected the values that are chosen here, found others: data.train_rows 7, here 1900; hub_id "
        "'someone/else', here 'meta-llama/Llama-3.1-8B-Instruct'; it was made by another version, or with other "
        "catalogues: make it anew with --model"
    )


@pytest.mark.parametrize(
    ("update", "said"),
    [({"adapter": None}, "found null for lora"), ({"method": "full"}, "found one for full")],
)
def test_an_adapter_that_does_not_fit_the_method_is_refused(update, said, tmp_path):
    path = tmp_path / "job.json"
    path.write_text(planned().model_copy(update=update).model_dump_json())

    with pytest.raises(UsageError) as caught:
        read_job(path)

    assert str(caught.value) == f"{path}: expected an adapter for lora or qlora alone, {said}"


def test_a_batch_of_numbers_that_nothing_can_write_is_refused(tmp_path):
    path = tmp_path / "job.json"
    text = planned().model_dump_json()
    path.write_text(
        text.replace(
            '"micro_batch":8,"gradient_accumulation":2',
            f'"micro_batch":{"9" * 4_000},"gradient_accumulation":{"9" * 4_000}',
        )
    )

    with pytest.raises(UsageError) as caught:
        read_job(path)

    assert str(caught.value) == f"{path}: expected at most 2,147,483,647 rows a step, found more"


def test_values_that_only_one_of_the_jobs_has_are_named():
    job = planned()
    bare = job.model_copy(update={"adapter": None})

    for made, written, said in ((job, bare, "adapter.alpha None, here 32"), (bare, job, "adapter.alpha 32, here None")):
        with pytest.raises(UsageError, match=said):
            as_written(made, written)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "expected a job.json, no such file or directory"),
        ("{}", "expected a job.json of lora-pipeline, found at job_id: field required"),
        (
            "[",
            "expected a job.json of lora-pipeline, found at the file: invalid json: eof while parsing a list at line 1 "
            "column 1",
        ),
    ],
)
def test_a_file_that_is_no_job_is_refused(text, said, tmp_path):
    path = tmp_path / "job.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(UsageError) as caught:
        read_job(path)

    assert str(caught.value) == f"{path}: {said}"
