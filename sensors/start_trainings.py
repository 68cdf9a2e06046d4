"""The short run that hands trainings over to where they run; none of them lives as long as a training."""

import os

import dagster as dg

from pipeline.clock import utc_now
from pipeline.flow.launching import make_trainings
from pipeline.service.attempt_tokens import attempt_tokens
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake


@dg.op(name="submit_attempts")
def _submit(
    context: dg.OpExecutionContext,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
) -> None:
    """Submit what was asked for, as much as there is room for; what was submitted before is found again."""
    trainings = make_trainings(catalog, lake, settings, os.environ, attempt_tokens(settings))
    started = trainings.start_all(utc_now())
    for said in started:
        context.log.info(said)
    context.add_output_metadata({"attempts": len(started), "done": started})


@dg.job(
    name="start_trainings",
    description="Hands over the trainings that somebody asked for.",
    tags={"dagster/priority": "15"},
)
def start_trainings_job() -> None:
    """One op."""
    _submit()
