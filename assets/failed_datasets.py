"""What Dagster is told of datasets that failed, and how a run sees an outage; the rest is `flow/batch_work.py`.

Steps have no retry policy of their own: it would try everything again within seconds, while a pause is what helps.
"""

from collections.abc import Mapping, Sequence

import dagster as dg
from dagster_postgres.utils import DagsterPostgresException

from assets.partition_events import Metadata
from assets.partitions import REQUEST_TAG
from pipeline.clock import utc_now
from pipeline.engines import engine_problem
from pipeline.flow.batch_work import BatchWork, Failed, Means
from pipeline.flow.failure_words import sentence_of
from pipeline.flow.health import probe
from pipeline.flow.retries import patience_of
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.tries import Work
from pipeline.state.lake import Lake
from pipeline.state.store import Store
from pipeline.wording import count_of, moment

ENGINE_ANSWER_S = 5.0  # when it is asked again and again


def batch_work(
    context: dg.AssetExecutionContext,
    work: Work,
    asset: str,
    parts: tuple[Store, Catalog, Lake],
    settings: Settings,
    places: Mapping[str, str],
) -> BatchWork:
    """The way through the datasets of a run. asset: on whose page what failed is shown; places: by id, a partition."""
    _, catalog, _ = parts

    def report(failed: Failed) -> None:
        context.log.error(f"{failed.said()}\n{failed.trace}")
        context.log_event(failure_event(asset, failed, places[failed.dataset_id]))

    means = Means(
        catalog=catalog,
        patience=patience_of(settings),
        outage=lambda: _outage(context, parts),
        log=lambda message: context.log.warning(message),
        now=utc_now,
        engine_outage=lambda: engine_problem(settings.engine, ENGINE_ANSWER_S),
        passing=(DagsterPostgresException,),
    )
    return BatchWork(means, work, context.run.run_id, request_key(context.run), report)


def failure_event(asset: str, failed: Failed, partition: str) -> dg.AssetObservation:
    """What the partition of a dataset shows: why, at which attempt, when it is tried again, where in the program."""
    metadata: Metadata = {"dataset": failed.dataset_id, "failure": failed.sentence}
    if failed.spent:
        metadata["attempt"] = failed.spent.attempt
        metadata["tried_again_at"] = moment(failed.spent.retry_at, seconds=True)
    metadata["trace"] = dg.MetadataValue.md(f"```\n{failed.trace}\n```")
    return dg.AssetObservation(asset, partition=partition, description=failed.sentence, metadata=metadata)


def raise_any(failed: Sequence[Failed], done: str) -> None:
    """Fail the run, with all messages: what succeeded stays. done: as in "could not be validated".

    Raises:
        Failure: a dataset failed.
    """
    if failed:
        count = count_of(len(failed), "dataset")
        raise dg.Failure(
            f"{count} could not be {done}; the first: {failed[0].sentence}",
            metadata={"failures": "\n".join(each.said() for each in failed)},
        )


def request_key(run: dg.DagsterRun) -> str:
    """The request that a run answers; a person who executes a run again wants all of it."""
    return "" if run.parent_run_id else run.tags.get(REQUEST_TAG, "")


def _outage(context: dg.AssetExecutionContext, parts: tuple[Store, Catalog, Lake]) -> str:
    """What does not answer: store, lake or catalog, or where Dagster keeps runs and events."""
    problems = [part.problem for part in probe(parts[0], parts[1], parts[2]) if part.problem]
    try:
        context.instance.get_runs_count(dg.RunsFilter(run_ids=[context.run.run_id]))
    except Exception as error:
        problems.append(f"Dagster's storage: {sentence_of(error)}")
    return "; ".join(problems)
