"""On PostgreSQL a transaction that is narrowed to a user sees nothing of others, whatever it asks for."""

from dataclasses import replace

import pytest
from sqlalchemy import select, text, update

from pipeline.errors import CatalogError, DatasetNotFound
from pipeline.state.catalog.attempt_tables import (
    attempt_transitions,
    metric_series,
    model_evaluations,
    models,
    training_attempts,
    training_measurements,
)
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.changed_keys import changes, publications
from pipeline.state.catalog.ended_sessions import ended_sessions
from pipeline.state.catalog.generation_records import ScaffoldRow
from pipeline.state.catalog.generation_tables import (
    batch_items,
    batch_jobs,
    conversation_reviews,
    conversation_versions,
    failed_generations,
    generated_conversations,
    llm_calls,
    llm_submissions,
    scaffolds,
    training_file_conversations,
    training_files,
)
from pipeline.state.catalog.job_tables import (
    cost_records,
    metrics_points,
    model_artifacts,
    training_jobs,
    training_plans,
)
from pipeline.state.catalog.looks import looks
from pipeline.state.catalog.notices import Notice
from pipeline.state.catalog.place_marks import marks
from pipeline.state.catalog.tables import dataset_events, datasets, ignored_files, metadata, notifications
from tests.postgres import as_ordinary_role
from tests.state.catalog.examples import NOON, start_upload, tell

pytestmark = pytest.mark.needs_postgres
OWNED = (
    datasets,
    dataset_events,
    ignored_files,
    notifications,
    training_jobs,
    cost_records,
    metrics_points,
    model_artifacts,
    ended_sessions,
    training_attempts,
    attempt_transitions,
    metric_series,
    model_evaluations,
    models,
    training_measurements,
    scaffolds,
    batch_jobs,
    llm_submissions,
    batch_items,
    llm_calls,
    failed_generations,
    generated_conversations,
    conversation_versions,
    conversation_reviews,
    training_files,
    training_file_conversations,
)


@pytest.fixture
def catalog(postgres_url):
    with Catalog.open(as_ordinary_role(postgres_url)) as opened:
        for user_id in ("ann", "bob"):
            start_upload(opened, f"of-{user_id}", user_id=user_id)
            tell(opened, f"of-{user_id}", Notice("dataset_ready", "key", "title", "message"), NOON)
        yield opened


def test_every_table_that_belongs_to_somebody_is_secured(catalog):
    with catalog._reading() as connection:
        secured = connection.execute(
            text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity ORDER BY relname")
        ).scalars()

        assert set(secured) == {table.name for table in (*OWNED, training_plans)}
    assert {*OWNED, training_plans, looks, marks, changes, publications} == set(metadata.sorted_tables)


def test_a_question_without_a_condition_shows_only_the_users_rows(catalog):
    ann, all_users = catalog.as_user("ann"), catalog

    def owners(who):
        with who._reading() as connection:
            return [
                sorted(connection.execute(select(table.c.user_id)).scalars()) for table in (datasets, notifications)
            ]

    assert (owners(ann), owners(all_users)) == ([["ann"], ["ann"]], [["ann", "bob"], ["ann", "bob"]])
    # The connection was pooled in between: nobody's name stays on it.
    assert owners(catalog.as_user("")) == [[], []]


def test_anothers_rows_can_be_neither_changed_nor_made(catalog):
    ann = catalog.as_user("ann")

    with ann._writing() as connection:
        changed = connection.execute(update(datasets).values(name="mine")).rowcount
    with pytest.raises(CatalogError, match="row-level security"):
        start_upload(ann, "new", user_id="bob")
    with pytest.raises(DatasetNotFound):
        tell(ann, "of-bob", Notice("dataset_ready", "key 2", "title", "message"), NOON)

    assert changed == 1
    assert catalog.get("of-bob").name == "of-bob"


def test_what_the_service_does_for_a_user_works_behind_the_wall(catalog):
    ann = catalog.as_user("ann")

    started = start_upload(ann, "second")
    confirmed = ann.confirm_upload("second", "ann", "sha256:1", "seen", NOON)
    deleted = ann.soft_delete("second", "ann", NOON)

    assert (started.status, confirmed.status, deleted.deleted_at) == ("uploading", "validating", NOON)
    assert ann.counts_by_status("ann") == {"uploading": 1, "validating": 0, "ready": 0, "error": 0, "failed": 0}


def test_scaffolds_of_the_installation_are_everybodys_to_see_and_nobodys_to_change(catalog):
    shared = ScaffoldRow("", "persona", "maren", 0, "Maren", None, {}, True, "packaged", NOON)
    catalog.put_scaffolds([shared, replace(shared, user_id="bob", key="bobs")], NOON)
    ann = catalog.as_user("ann")

    assert [row.key for row in ann.scaffolds_of("ann")] == ["maren"]
    assert ann.put_scaffolds([replace(shared, user_id="ann")], NOON) == 1
    with pytest.raises(CatalogError, match="row-level security"):
        ann.put_scaffolds([replace(shared, name="Other", content={"name": "Other"})], NOON)
