"""Promises of `pipeline.catalog.records`."""

from dataclasses import fields

from pipeline.catalog.records import Dataset, Notification
from pipeline.catalog.tables import datasets, notifications


def test_a_dataset_has_the_columns_of_its_table_in_order():
    expected = [column.name for column in datasets.columns]

    assert [field.name for field in fields(Dataset)] == expected


def test_a_notification_has_the_columns_of_its_table_in_order():
    expected = [column.name for column in notifications.columns]

    assert [field.name for field in fields(Notification)] == expected
