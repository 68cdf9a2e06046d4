"""The page of one dataset: what is said of it besides its card."""

from dataclasses import replace

from pipeline.service.pages.dataset_page import Fact, dataset_page
from tests.service.pages.attempt_cases import NOW
from tests.service.pages.dataset_cases import READY_DATASET


def test_a_dataset_that_was_replaced_leads_to_the_one_that_took_its_place():
    facts = dataset_page(READY_DATASET, None, None, "", NOW).facts
    replaced = dataset_page(replace(READY_DATASET, superseded_by="newer-1"), None, None, "", NOW).facts

    assert set(replaced) - set(facts) == {Fact("Replaced by", "newer-1", "/datasets/newer-1")}
