"""Promises of `pipeline.state.catalog.dataset_records`."""

from dataclasses import fields

import pytest

from pipeline.state.catalog.attempt_records import Attempt, Model
from pipeline.state.catalog.attempt_tables import models, training_attempts
from pipeline.state.catalog.dataset_records import Dataset, Notification
from pipeline.state.catalog.job_records import CostRecord, Job, Plan
from pipeline.state.catalog.job_tables import cost_records, training_jobs, training_plans
from pipeline.state.catalog.tables import datasets, notifications


def test_a_dataset_has_the_columns_of_its_table_in_order():
    expected = [column.name for column in datasets.columns]

    assert [field.name for field in fields(Dataset)] == expected


def test_a_notification_has_the_columns_of_its_table_in_order():
    expected = [column.name for column in notifications.columns]

    assert [field.name for field in fields(Notification)] == expected


@pytest.mark.parametrize(
    ("record", "table"),
    [
        (Job, training_jobs),
        (CostRecord, cost_records),
        (Plan, training_plans),
        (Attempt, training_attempts),
        (Model, models),
    ],
)
def test_what_is_known_of_jobs_has_the_columns_of_its_table_in_order(record, table):
    assert [field.name for field in fields(record)] == [column.name for column in table.columns]
