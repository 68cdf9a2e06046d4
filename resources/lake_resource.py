"""The lake as a Dagster resource."""

import dagster as dg

from pipeline.settings import Settings
from pipeline.state.lake import Lake, make_lake


def lake_resource(settings: Settings) -> dg.ResourceDefinition:
    """The `Lake` of an installation."""

    @dg.resource(description="What was read from uploads, as Parquet.")
    def lake(_context: dg.InitResourceContext) -> Lake:
        return make_lake(settings)

    return lake
