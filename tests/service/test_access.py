"""Promises of `pipeline.service.access`: an admin reads everybody's, and changes their own alone."""

from datetime import timedelta

import pytest

from pipeline.errors import DatasetNotFound
from pipeline.service.access import Access
from pipeline.service.user import User
from pipeline.state.catalog.catalog import Catalog
from tests.state.catalog.examples import NOON, upload

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def catalog(tmp_path):
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.db'}") as opened:
        opened.register_uploads([upload("of-bob", user_id="bob")], NOON)
        yield opened


def test_an_admin_reads_anothers_dataset_and_may_not_delete_it(catalog):
    admin = Access(catalog, User("ann", is_admin=True))

    assert admin.dataset("of-bob").user_id == "bob"
    with pytest.raises(DatasetNotFound):
        admin.delete("of-bob", LATER)
    assert catalog.get("of-bob").deleted_at is None


def test_who_is_no_admin_does_not_even_see_it(catalog):
    with pytest.raises(DatasetNotFound):
        Access(catalog, User("ann")).dataset("of-bob")


def test_its_owner_deletes_it_and_brings_it_back(catalog):
    bob = Access(catalog, User("bob"))

    assert bob.delete("of-bob", LATER).deleted_at == LATER
    assert bob.restore("of-bob", LATER, quota_bytes=0).deleted_at is None
