"""Promises of `pipeline.state.catalog.notices`."""

from dataclasses import replace

import pytest
from sqlalchemy import event

from pipeline.errors import DatasetNotFound, UsageError
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.notices import Notice
from tests.state.catalog.examples import LATER, MUCH_LATER, NOON, tell, upload

FAILED = Notice(kind="run_failed", dedupe_key="run-1", title="Validation failed", message="We are looking into it.")


def test_a_notice_goes_to_the_datasets_owner_once(catalog):
    catalog.register_uploads([upload("d1", user_id="bob")], NOON)

    sent = [tell(catalog, "d1", FAILED, at) for at in (NOON, LATER)]

    told = catalog.notifications("bob")
    assert sent == [True, False]
    assert [(n.dataset_id, n.kind, n.title, n.message, n.created_at, n.read_at) for n in told] == [
        ("d1", "run_failed", "Validation failed", "We are looking into it.", NOON, None)
    ]
    assert (catalog.notifications("ann"), catalog.notifications(None)) == ([], told)


def test_a_notice_about_an_unknown_dataset_is_refused(catalog):
    with pytest.raises(DatasetNotFound) as caught:
        tell(catalog, "d9", FAILED, NOON)

    assert str(caught.value) == "expected the id of a dataset, found 'd9': list the datasets first"


def test_notifications_come_newest_first_up_to_the_limit(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    for key, at in (("first", NOON), ("second", NOON), ("third", LATER)):
        tell(catalog, "d1", replace(FAILED, dedupe_key=key), at)

    assert [n.dedupe_key for n in catalog.notifications("ann")] == ["third", "second", "first"]
    assert [n.dedupe_key for n in catalog.notifications("ann", limit=1)] == ["third"]


def test_reading_counts_once_and_clears_the_unread_list(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    tell(catalog, "d1", FAILED, NOON)
    (unread,) = catalog.notifications("ann", unread_only=True)

    read = [catalog.mark_read(unread.id, "ann", at) for at in (LATER, MUCH_LATER)]

    assert read == [replace(unread, read_at=LATER)] * 2
    assert catalog.notifications("ann", unread_only=True) == []


def test_another_users_notification_cannot_be_read(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    tell(catalog, "d1", FAILED, NOON)
    (told,) = catalog.notifications("ann")

    with pytest.raises(UsageError) as caught:
        catalog.mark_read(told.id, "bob", LATER)

    assert str(caught.value) == f"expected the id of a notification of bob, found {told.id}: list them first"
    assert catalog.notifications("ann") == [told]


@pytest.mark.parametrize(
    ("unread_only", "index"), [(True, "ix_notifications_unread"), (False, "ix_notifications_newest")]
)
def test_the_newest_come_from_an_index_whatever_the_number_of_others(tmp_path, unread_only, index):
    """Every page asks for them; sorting one user's 90,000 took 150 ms. PostgreSQL plans by their number."""
    seen: list[tuple[str, tuple[object, ...]]] = []
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.db'}") as catalog:
        event.listen(catalog._engine, "before_cursor_execute", lambda *given: seen.append((given[2], given[3])))
        catalog.notifications("ann", unread_only, limit=6)
        [(statement, parameters)] = [each for each in seen if each[0].startswith("SELECT")]

        with catalog._reading() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()

    assert [row[3] for row in plan] == [f"SEARCH notifications USING INDEX {index} (user_id=?)"]
