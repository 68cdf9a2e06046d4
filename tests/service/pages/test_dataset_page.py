"""The page of one dataset: what is said of it besides its card."""

from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

from pipeline.service.pages.dataset_page import Fact, _facts, dataset_page
from tests.service.pages.attempt_cases import NOW
from tests.service.pages.dataset_cases import READY_DATASET


def test_a_dataset_that_was_replaced_leads_to_the_one_that_took_its_place():
    facts = dataset_page(READY_DATASET, None, None, "", NOW).facts
    replaced = dataset_page(replace(READY_DATASET, superseded_by="newer-1"), None, None, "", NOW).facts

    assert set(replaced) - set(facts) == {Fact("Replaced by", "newer-1", "/datasets/newer-1")}


def test_a_dataset_leads_to_its_partition_in_dagster_which_may_be_a_batch():
    in_batch = replace(READY_DATASET, partition_key="2026-03-01T12-0001")

    leads = [
        fact.url
        for each in (READY_DATASET, in_batch)
        for fact in _facts(each, SimpleNamespace(figures=None), "http://dagster", ((), ()))
        if fact.label == "In Dagster"
    ]

    partitions = [parse_qs(urlsplit(each).query)["partition"] for each in leads]
    assert partitions == [[READY_DATASET.id], ["2026-03-01T12-0001"]]
