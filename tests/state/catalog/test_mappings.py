"""A mapping stays with its dataset, and another one has it validated again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import Conflicting, DatasetNotFound
from tests.how_many import examples
from tests.state.catalog.examples import LATER, MUCH_LATER, NOON, READY, start_upload, upload

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


def test_other_bytes_at_a_path_are_read_by_its_mapping(catalog, dataset):
    catalog.set_mapping(dataset.id, dataset.user_id, MAPPING, NOON)

    catalog.register_uploads([upload("d2", path=dataset.storage_path, version="other")], NOON)

    assert (catalog.get("d2").mapping, catalog.get(dataset.id).mapping) == (MAPPING, MAPPING)


@pytest.mark.parametrize(("before", "after"), [(MAPPING, None), (None, MAPPING)])
def test_bytes_that_come_back_are_read_as_was_said_last_of_their_path(catalog, dataset, before, after):
    catalog.set_mapping(dataset.id, dataset.user_id, before, NOON)
    catalog.record_verdict(replace(READY, mapping=before), NOON)
    catalog.register_uploads([upload("d2", path=dataset.storage_path, version="other")], NOON)
    catalog.set_mapping("d2", dataset.user_id, after, NOON)

    catalog.register_uploads([upload("d1", path=dataset.storage_path)], LATER)

    back = catalog.get("d1")
    assert (back.mapping, back.status, back.training_ready, back.superseded_by) == (after, "validating", False, None)
    assert [each.id for each in catalog.unrequested(10, LATER)] == ["d1"]


def test_bytes_that_come_back_and_are_read_as_before_keep_their_verdict(catalog, dataset):
    catalog.set_mapping(dataset.id, dataset.user_id, MAPPING, NOON)
    catalog.record_verdict(replace(READY, mapping=MAPPING), NOON)
    catalog.register_uploads([upload("d2", path=dataset.storage_path, version="other")], NOON)

    catalog.register_uploads([upload("d1", path=dataset.storage_path)], LATER)

    assert (catalog.get("d1").mapping, catalog.get("d1").status) == (MAPPING, "ready")


@pytest.mark.parametrize("comes", ["d2", "d1"])
def test_nothing_is_read_as_what_was_deleted_at_its_path(catalog, dataset, comes):
    catalog.set_mapping(dataset.id, dataset.user_id, MAPPING, NOON)
    catalog.register_uploads([upload("d3", path=dataset.storage_path)], NOON)
    catalog.soft_delete("d3", dataset.user_id, NOON)

    catalog.register_uploads([upload(comes, path=dataset.storage_path)], LATER)

    assert (catalog.get(comes).mapping, catalog.get("d3").mapping) == (None, MAPPING)


_STEPS = st.one_of(
    st.tuples(st.just("place"), st.sampled_from(["d1", "d2", "d3"])),
    st.tuples(st.just("say"), st.sampled_from([None, MAPPING, "auto"])),
    st.tuples(st.sampled_from(["delete", "restore"]), st.none()),
)


@given(steps=st.lists(_STEPS, min_size=2, max_size=9))
@settings(
    max_examples=examples(60),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_happens_at_a_path_is_read_as_was_said_last_of_it(catalog, steps):
    owner = f"ann-{len(catalog.owners())}"  # of this example alone
    path, current, said, deleted = f"uploads/{owner}/f.jsonl", "d1", None, set()

    def place(name):
        catalog.register_uploads([upload(f"{owner}-{name}", path=path, user_id=owner)], NOON)

    place(current)
    for step, value in steps:
        if step == "place" and value is not None:
            said = None if current in deleted and value != current else said
            current = value
            place(current)
        elif step == "say" and current not in deleted:
            said = value
            catalog.set_mapping(f"{owner}-{current}", owner, value, NOON)
        elif step == "delete":
            deleted.add(current)
            catalog.soft_delete(f"{owner}-{current}", owner, NOON)
        elif step == "restore":
            deleted.discard(current)
            catalog.restore(f"{owner}-{current}", owner, NOON)

        found = catalog.get(f"{owner}-{current}")
        assert (found.superseded_by, found.mapping) == (None, said)


def test_what_is_written_down_counts_only_where_the_catalog_knows_nothing_of_the_path(catalog, dataset):
    new = replace(upload("d2", path=dataset.storage_path, version="other"), mapping=MAPPING)

    catalog.register_uploads([new, replace(upload("d3"), mapping=MAPPING)], NOON)

    assert (catalog.get("d2").mapping, catalog.get("d3").mapping) == (None, MAPPING)


def test_an_announced_upload_gets_the_mapping_of_the_newest_of_its_name(catalog):
    for number, mapping in enumerate((MAPPING, "auto"), start=1):
        first = start_upload(
            catalog, f"d{number}", mapping=mapping, file_name="chat.jsonl", now=NOON + timedelta(number)
        )
        catalog.confirm_upload(first.id, first.user_id, f"v{number}", f"etag-{number}", LATER)
    start_upload(catalog, "d3", mapping=MAPPING, file_name="chat.jsonl", now=NOON + timedelta(3))  # never came

    same = start_upload(catalog, "d4", file_name="chat.jsonl")
    own = start_upload(catalog, "d5", file_name="chat.jsonl", mapping=MAPPING)
    none = start_upload(catalog, "d8", file_name="chat.jsonl", mapping="none")
    others = [
        start_upload(catalog, "d6", file_name="talks.jsonl"),
        start_upload(catalog, "d7", file_name="chat.jsonl", user_id="bob"),
    ]

    assert (same.mapping, own.mapping, none.mapping) == ("auto", MAPPING, None)
    assert [each.mapping for each in others] == [None, None]


def test_an_announced_upload_gets_no_mapping_that_was_taken_back_before_a_deletion(catalog):
    for number, mapping in enumerate((MAPPING, None), start=1):
        came = start_upload(catalog, f"d{number}", mapping=mapping, now=NOON + timedelta(number))
        catalog.confirm_upload(came.id, came.user_id, f"v{number}", f"etag-{number}", LATER)
    catalog.set_mapping("d2", "ann", None, MUCH_LATER)
    catalog.soft_delete("d2", "ann", MUCH_LATER)

    deleted = start_upload(catalog, "d3").mapping
    catalog.restore("d2", "ann", MUCH_LATER)
    catalog.set_mapping("d2", "ann", "auto", MUCH_LATER)

    assert (deleted, start_upload(catalog, "d4").mapping) == (None, "auto")


def test_an_announced_upload_gets_no_mapping_of_bytes_that_others_took_the_place_of(catalog, dataset):
    catalog.register_uploads([upload("d2", path=dataset.storage_path, name="d1")], LATER)
    catalog.set_mapping("d2", dataset.user_id, MAPPING, LATER)
    catalog.register_uploads([upload("d1", path=dataset.storage_path)], LATER)
    catalog.set_mapping("d1", dataset.user_id, None, MUCH_LATER)

    assert start_upload(catalog, "d3", file_name="d1.jsonl").mapping is None


def test_mappings_are_listed_by_the_paths_of_current_datasets(catalog, dataset):
    catalog.set_mapping(dataset.id, dataset.user_id, MAPPING, NOON)
    catalog.register_uploads([upload("d2"), upload("d3", user_id="a_n")], NOON)
    catalog.set_mapping("d3", "a_n", "auto", NOON)

    assert catalog.mappings_under("uploads/") == {dataset.storage_path: MAPPING, "uploads/a_n/d3.jsonl": "auto"}
    assert catalog.mappings_under("uploads/a_n/") == {"uploads/a_n/d3.jsonl": "auto"}
