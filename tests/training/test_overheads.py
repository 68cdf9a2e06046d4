"""What a training takes besides its steps."""

from dataclasses import replace

from pipeline.catalogues import find_model
from pipeline.training.estimates.result import Range
from pipeline.training.overheads import overheads, total
from tests.training.jobs.examples import FACTS, gpu, planned, rows

STEP = Range(1, 2, 3)
MODEL = find_model("Llama-3.1-8B")


def _parts(**asked):
    job = planned(asked.pop("facts", FACTS), **asked)
    return {part.name: part.seconds for part in overheads(job, MODEL, STEP)}


def test_each_part_is_named_with_its_range():
    parts = _parts()

    assert list(parts) == ["start and loading", "12 evaluations", "checkpoints", "upload"]
    assert all(0 < each.low < each.expected < each.high for each in parts.values())
    # 16 GB at 0.4 GB a second, and a minute and a half to start
    assert parts["start and loading"].expected == 90 + 2 * MODEL.parameters / 0.4e9


def test_without_validation_rows_nothing_is_evaluated():
    assert "12 evaluations" not in _parts(facts=rows(500))


def test_a_whole_model_takes_longer_to_keep_than_an_adapter():
    adapter, model = _parts(), _parts(method="full", on=gpu("B200", 180))

    assert model["checkpoints"].expected > 20 * adapter["checkpoints"].expected
    assert model["upload"].expected > 20 * adapter["upload"].expected


def test_the_sum_is_of_all_parts():
    parts = overheads(planned(), MODEL, STEP)

    assert total(parts).expected == sum(part.seconds.expected for part in parts)
    assert str(parts[0]) == "start and loading 2.2 min (0.63 to 7.7)"


def test_packed_rows_are_evaluated_as_many_as_there_are():
    """A short text is a small part of a packed row."""
    job = planned(replace(FACTS, format="plain-text", tokens=20_000))

    alone = job.model_copy(update={"is_packed": False})
    packed, apart = (
        next(part for part in overheads(each, MODEL, STEP) if part.name == "12 evaluations") for each in (job, alone)
    )

    assert job.is_packed
    assert packed.seconds.expected < apart.seconds.expected / 20
