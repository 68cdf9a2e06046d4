"""A mapping stays with its dataset, and another one has it validated again."""

from dataclasses import replace

import pytest

from pipeline.errors import Conflicting, DatasetNotFound
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


def test_a_late_run_with_the_former_mapping_sends_a_dataset_back_whose_rows_it_replaced(catalog, dataset):
    catalog.set_mapping(dataset.id, dataset.user_id, MAPPING, NOON)
    catalog.record_verdict(replace(READY, mapping=MAPPING), NOON)

    is_written = catalog.record_verdict(READY, NOON)

    after = catalog.get(dataset.id)
    assert (is_written, after.status, after.training_ready, after.mapping) == (False, "validating", False, MAPPING)


def test_what_nothing_would_validate_keeps_its_verdict(catalog, dataset):
    catalog.record_verdict(READY, NOON)
    catalog.soft_delete(dataset.id, dataset.user_id, NOON)

    with pytest.raises(Conflicting, match=r"is deleted: restore it first$"):
        catalog.set_mapping(dataset.id, dataset.user_id, MAPPING, NOON)

    assert (catalog.get(dataset.id).status, catalog.get(dataset.id).mapping) == ("ready", None)


def test_what_other_bytes_took_the_place_of_keeps_its_verdict(catalog, dataset):
    catalog.record_verdict(READY, NOON)
    catalog.register_uploads([upload("d2", path=dataset.storage_path, version="other")], NOON)

    with pytest.raises(Conflicting, match=r"^other bytes took the place of "):
        catalog.set_mapping(dataset.id, dataset.user_id, MAPPING, NOON)

    assert catalog.get(dataset.id).status == "ready"


def test_nobody_else_may_say_how_it_is_read(catalog, dataset):
    with pytest.raises(DatasetNotFound):
        catalog.set_mapping(dataset.id, "somebody-else", MAPPING, NOON)
