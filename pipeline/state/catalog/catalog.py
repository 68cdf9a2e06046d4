"""The catalog as callers see it: one class, put together from one module per concept.

Tables are in `tables.py`, records in `dataset_records.py` and `job_records.py`, transactions and error texts in
`catalog_engine.py`.
"""

from types import TracebackType
from typing import Self

from pipeline.state.catalog.attempts import Attempts
from pipeline.state.catalog.catalog_engine import catalog_url, make_engine, make_folder
from pipeline.state.catalog.changed_keys import ChangeNotes
from pipeline.state.catalog.confirmations import Confirmations
from pipeline.state.catalog.costs import Costs
from pipeline.state.catalog.dataset_partitions import Partitions
from pipeline.state.catalog.deletions import Deletions
from pipeline.state.catalog.deliveries import Deliveries
from pipeline.state.catalog.dropped_files import Registry
from pipeline.state.catalog.ended_sessions import EndedSessions
from pipeline.state.catalog.export import Export
from pipeline.state.catalog.generation_batches import GenerationBatches
from pipeline.state.catalog.generation_lists import GenerationLists
from pipeline.state.catalog.ignored import IgnoredFiles
from pipeline.state.catalog.journals import Journals
from pipeline.state.catalog.kept_models import Models
from pipeline.state.catalog.looks import Looks
from pipeline.state.catalog.lookup import Lookup
from pipeline.state.catalog.made_conversations import MadeConversations
from pipeline.state.catalog.mappings import Mappings
from pipeline.state.catalog.measures import Measures
from pipeline.state.catalog.migrate import check_sqlite, migrate
from pipeline.state.catalog.notices import Notices
from pipeline.state.catalog.own_measurements_kept import Measurements
from pipeline.state.catalog.place_marks import Marks
from pipeline.state.catalog.plans import Plans
from pipeline.state.catalog.quotas import Quotas
from pipeline.state.catalog.reports import Reports
from pipeline.state.catalog.scaffold_rows import ScaffoldRows
from pipeline.state.catalog.sqlite_catalog import prepare_file
from pipeline.state.catalog.stale import StaleJobs
from pipeline.state.catalog.submissions import Submissions
from pipeline.state.catalog.training_files import TrainingFiles
from pipeline.state.catalog.training_jobs import Jobs
from pipeline.state.catalog.tries import Tries
from pipeline.state.catalog.verdict_writes import Verdicts


class Catalog(
    Registry,
    Confirmations,
    IgnoredFiles,
    Partitions,
    Tries,
    Verdicts,
    Lookup,
    Notices,
    Deliveries,
    Plans,
    Jobs,
    Attempts,
    Journals,
    Reports,
    Models,
    Measurements,
    StaleJobs,
    Costs,
    ScaffoldRows,
    GenerationBatches,
    Submissions,
    MadeConversations,
    TrainingFiles,
    GenerationLists,
    Looks,
    Marks,
    EndedSessions,
    Quotas,
    Mappings,
    Deletions,
    Measures,
    ChangeNotes,
    Export,
):
    """What the system knows and changes about datasets and their training jobs.

    Dropped files (`Registry`), uploads through the service (`Confirmations`), what gets no row (`IgnoredFiles`),
    runs to ask for (`Requests`) and their partitions (`Partitions`), what came to nothing (`Tries`), outcomes
    (`Verdicts`), lists and deletion (`Lookup`), notifications (`Notices`), also to a webhook (`Deliveries`), training
    jobs: planned (`Plans`), made and found (`Jobs`), trained (`Attempts`), what trainings tell (`Journals`; by hand,
    `Reports`) and leave
    (`Models`), what they were measured at (`Measurements`), out of date (`StaleJobs`), their money (`Costs`);
    conversations that are made: scaffolds (`ScaffoldRows`), batches (`GenerationBatches`), what is asked and paid
    (`Submissions`), the conversations (`MadeConversations`), files of them (`TrainingFiles`), and what is listed of
    all that (`GenerationLists`); by what store and lake are known again (`Marks`), whether the daemon works
    (`Looks`), all that in numbers (`Measures`); Arrow for the warehouse (`Export`), and what
    changed since it was published (`ChangeNotes`).
    Every method is one transaction and may raise `CatalogError`; threads and processes may share a catalog's database.
    Times that go in are aware; those that come out are in UTC.
    """

    @classmethod
    def open(cls, url: str, *, make: bool = True, in_a_hurry: bool = False) -> Self:
        """Connect, after making the folder of a SQLite file and bringing the tables up to date where needed.

        make: whether to make a catalog where there is none; whoever only asks should be told of a mistyped address.
        in_a_hurry: whether every question ends within 10 s, for whoever holds a request open.

        Raises:
            SettingsError: the URL is not one of SQLite or PostgreSQL, or there is no catalog and none is to be made.
            CatalogError: the database cannot be reached, or a newer version of this program made it.
        """
        parsed = catalog_url(url)
        if make:
            make_folder(parsed)
            prepare_file(parsed, make_engine, migrate)
        else:
            check_sqlite(parsed)
        engine = make_engine(parsed)
        try:
            migrate(engine, make=make)
        except BaseException:
            engine.dispose()
            raise
        if in_a_hurry:  # not for the migration, which may take its time
            engine.dispose()
            engine = make_engine(parsed, in_a_hurry=True)
        return cls(engine)

    @classmethod
    def open_lazily(cls, url: str, *, make: bool = True) -> Self:
        """The same, but nothing is asked until the catalog is used: what `open` raises is raised then.

        Raises:
            SettingsError: the URL is not one of SQLite or PostgreSQL.
        """
        catalog = cls(make_engine(catalog_url(url)))
        catalog.prepare = lambda: cls.open(url, make=make).close()
        return catalog

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
