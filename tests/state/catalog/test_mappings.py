"""A mapping stays with its dataset, and another one has it validated again."""

from dataclasses import replace

import pytest

from pipeline.errors import DatasetNotFound
from tests.state.catalog.examples import NOON, READY, upload

MAPPING = '{"prompt":"question","answer":"answer"}'


@pytest.fixture
def dataset(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    return catalog.get("d1")


def test_another_mapping_sends_a_dataset_back_and_the_same_does_not(catalog, dataset):
    catalog.record_verdict(READY, NOON)

    first = catalog.set_mapping(dataset.id, dataset.user_id, MAPPING, NOON)
    catalog.record_verdict(replace(READY, mapping=MAPPING), NOON)
    again = catalog.set_mapping(dataset.id, dataset.user_id, MAPPING, NOON)

    assert (first.status, first.mapping, first.training_ready) == ("validating", MAPPING, False)
    assert (again.status, again.mapping) == ("ready", MAPPING)


def test_a_verdict_that_was_reached_with_the_former_mapping_is_not_written(catalog, dataset):
    catalog.set_mapping(dataset.id, dataset.user_id, MAPPING, NOON)

    is_written = catalog.record_verdict(READY, NOON)

    assert (is_written, catalog.get(dataset.id).status) == (False, "validating")


def test_nobody_else_may_say_how_it_is_read(catalog, dataset):
    with pytest.raises(DatasetNotFound):
        catalog.set_mapping(dataset.id, "somebody-else", MAPPING, NOON)
