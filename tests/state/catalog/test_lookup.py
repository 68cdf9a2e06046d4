"""Promises of `pipeline.state.catalog.lookup`."""

from dataclasses import replace

import pytest
from sqlalchemy import event

from pipeline.errors import DatasetNotFound, UsageError
from pipeline.state.catalog.dataset_records import Page
from tests.state.catalog.examples import LATER, MUCH_LATER, NOON, READY, REJECTED, start_upload, upload


def test_a_dataset_is_seen_by_its_owner_only(catalog):
    catalog.register_uploads([upload("d1", user_id="ann")], NOON)

    assert catalog.get("d1", "ann") == catalog.get("d1")
    with pytest.raises(DatasetNotFound) as others:
        catalog.get("d1", "bob")
    with pytest.raises(DatasetNotFound) as missing:
        catalog.get("d2", "bob")

    assert str(others.value) == "expected the id of a dataset of bob, found 'd1': list the datasets first"
    assert str(missing.value) == "expected the id of a dataset of bob, found 'd2': list the datasets first"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("abc1", "abc1"),  # whole id
        ("abc12", "abc12"),  # whole id that another id begins with… and the other way round
        ("xy", "xyz"),  # beginning of an id
        ("train", "xyz"),  # name
        ("abc", "q7"),  # a name is closer than the beginning of an id
        ("old", "old"),  # a superseded dataset, by its whole id
        ("gone", "k1"),  # a deleted dataset, by name
        ("k", "k1"),  # and by the beginning of its id
    ],
)
def test_a_person_finds_a_dataset_by_id_name_or_beginning(catalog, typed, found):
    catalog.register_uploads(
        [
            upload("abc1"),
            upload("abc12"),
            upload("old", path="p", name="old train"),
            upload("xyz", path="p", name="train"),
            upload("q7", name="abc"),
            upload("k1", name="gone"),
        ],
        NOON,
    )
    catalog.soft_delete("k1", "ann", NOON)

    assert catalog.find("ann", typed).id == found


@pytest.mark.parametrize("typed", ["nothing", "", "%", "_", "D1", "d\x00"])
def test_what_fits_nothing_is_not_found(catalog, typed):
    catalog.register_uploads([upload("d1")], NOON)

    with pytest.raises(DatasetNotFound) as caught:
        catalog.find("ann", typed)

    assert str(caught.value) == f"expected the name or id of a dataset, found {typed!r}: list the datasets first"


def test_several_that_fit_are_named(catalog):
    catalog.register_uploads([upload("d1", name="train"), upload("d2", user_id="bob", name="train")], NOON)
    catalog.register_uploads([upload("d3", name="train")], LATER)

    with pytest.raises(UsageError) as caught:
        catalog.find("ann", "train")

    expected = (
        "expected one dataset, found several for 'train'; give the id of one:\n"
        "  d3  train  validating, uploaded 2026-03-01 13:00 UTC\n"
        "  d1  train  validating, uploaded 2026-03-01 12:00 UTC"
    )
    assert str(caught.value) == expected


def test_very_many_that_fit_are_cut_short(catalog):
    catalog.register_uploads([upload(f"d{number:02}") for number in range(30)], NOON)

    with pytest.raises(UsageError) as caught:
        catalog.find(None, "d")

    lines = str(caught.value).splitlines()
    assert (len(lines), lines[-1]) == (12, "  …")


def test_a_list_is_newest_first_in_pages(catalog):
    catalog.register_uploads([upload("a"), upload("b")], NOON)
    catalog.register_uploads([upload("c")], LATER)
    a, b, c = (catalog.get(i) for i in "abc")

    assert catalog.list_datasets("ann") == Page([c, b, a], 3)
    assert catalog.list_datasets("ann", limit=2) == Page([c, b], 3)
    assert catalog.list_datasets("ann", page=2, limit=2) == Page([a], 3)
    assert catalog.list_datasets("ann", page=3, limit=2) == Page([], 3)
    assert catalog.list_datasets("ann", page=10**30, limit=10**30) == Page([], 3)
    assert catalog.list_datasets("bob") == Page([], 0)


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("TRAIN", ["train set"]),
        ("%", ["100% done"]),
        ("_", ["snake_case"]),
        ("/", ["a/b"]),
        ("über", ["ÜBER alles"]),
        ("e", ["odd\ufffdname", "ÜBER alles", "snake_case", "100% done", "train set"]),
        ("", ["odd\ufffdname", "ÜBER alles", "a/b", "snake_case", "100% done", "train set"]),
        ("' OR 1=1 --", []),
        ("\x00", ["odd\ufffdname"]),
    ],
)
def test_a_search_is_a_literal_piece_of_the_name_in_any_case(catalog, search, names):
    everything = ["train set", "100% done", "snake_case", "a/b", "ÜBER alles", "odd\x00name"]
    catalog.register_uploads([upload(f"d{n}", name=name) for n, name in enumerate(everything)], NOON)

    assert [d.name for d in catalog.list_datasets("ann", search=search).items] == names


def test_deleted_and_superseded_datasets_are_listed_on_request(catalog):
    catalog.register_uploads([upload("old", path="p"), upload("new", path="p"), upload("deleted")], NOON)
    catalog.soft_delete("deleted", "ann", NOON)

    def listed(**options):
        return sorted(d.id for d in catalog.list_datasets(None, **options).items)

    assert listed() == ["new"]
    assert listed(include_deleted=True) == ["deleted", "new"]
    assert listed(include_superseded=True) == ["new", "old"]
    assert listed(include_deleted=True, include_superseded=True) == ["deleted", "new", "old"]


def test_a_list_of_one_status_holds_that_status(catalog):
    catalog.register_uploads([upload("d1"), upload("d2")], NOON)
    catalog.record_verdict(READY, NOON)

    assert [d.id for d in catalog.list_datasets(None, status="ready").items] == ["d1"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"status": "redy"}, "status: expected one of uploading, validating, ready, error, failed, found 'redy'"),
        ({"page": 0}, "expected a page and a limit of at least 1, found page 0 and limit 20"),
        ({"limit": -1}, "expected a page and a limit of at least 1, found page 1 and limit -1"),
    ],
)
def test_a_list_that_cannot_be_is_refused(catalog, options, message):
    with pytest.raises(UsageError) as caught:
        catalog.list_datasets("ann", **options)

    assert str(caught.value) == message


def test_counts_have_every_status(catalog):
    catalog.register_uploads([upload("old", path="p"), upload("d1", path="p"), upload("d2"), upload("d3")], NOON)
    catalog.register_uploads([upload("deleted"), upload("other", user_id="bob")], NOON)
    catalog.record_verdict(READY, NOON)
    catalog.record_verdict(replace(REJECTED, dataset_id="d2", content_version="bytes-of-d2"), NOON)
    catalog.soft_delete("deleted", "ann", NOON)
    start_upload(catalog, "started")

    assert catalog.counts_by_status("ann") == {"uploading": 1, "validating": 1, "ready": 1, "error": 1, "failed": 0}
    assert catalog.counts_by_status(None) == {"uploading": 1, "validating": 2, "ready": 1, "error": 1, "failed": 0}
    assert catalog.counts_by_status("nobody") == {"uploading": 0, "validating": 0, "ready": 0, "error": 0, "failed": 0}


def test_deleting_and_restoring_can_be_repeated(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    before = catalog.get("d1")

    deleted = [catalog.soft_delete("d1", "ann", at) for at in (LATER, MUCH_LATER)]
    restored = [catalog.restore("d1", "ann", at) for at in (MUCH_LATER, NOON)]

    assert deleted == [replace(before, deleted_at=LATER, updated_at=LATER)] * 2
    assert restored == [replace(before, updated_at=MUCH_LATER)] * 2


@pytest.mark.parametrize("method", ["soft_delete", "restore"])
def test_another_users_dataset_can_be_neither_deleted_nor_restored(catalog, method):
    catalog.register_uploads([upload("d1")], NOON)
    before = catalog.get("d1")

    with pytest.raises(DatasetNotFound) as caught:
        getattr(catalog, method)("d1", "bob", LATER)

    assert str(caught.value) == "expected the id of a dataset of bob, found 'd1': list the datasets first"
    assert catalog.get("d1") == before


def _asked(catalog, question) -> list[str]:
    """The statements of a question."""
    seen: list[str] = []
    event.listen(catalog._engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    question()
    return [statement for statement in seen if statement.startswith("SELECT")]


def test_a_last_page_is_not_counted_as_well(catalog):
    """A search that finds little looks at every name of the user: once is enough."""
    catalog.register_uploads([upload("a", name="one"), upload("b", name="other")], NOON)

    found = _asked(catalog, lambda: catalog.list_datasets("ann", search="one"))
    nothing = _asked(catalog, lambda: catalog.list_datasets("ann", search="zzz"))

    assert (len(found), len(nothing)) == (1, 1)


def test_a_ping_costs_the_same_whatever_the_size(catalog):
    [statement] = _asked(catalog, catalog.ping)

    assert "LIMIT" in statement
    assert "max(" not in statement
