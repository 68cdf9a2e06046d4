"""The catalog as a Dagster resource. It has no Dagster configuration: its URL may hold a password, and Dagster shows
the configuration of resources.
"""

from collections.abc import Iterator

import dagster as dg

from pipeline.state.catalog.catalog import Catalog


def catalog_resource(url: str) -> dg.ResourceDefinition:
    """A `Catalog` for the duration of a run or a tick.

    It connects when it is used first: a run waits for a catalog that is away, and a tick says so, without a trace.
    """

    @dg.resource(description="What the system knows and changes: datasets, training jobs, costs, notifications.")
    def catalog(_context: dg.InitResourceContext) -> Iterator[Catalog]:
        with Catalog.open_lazily(url) as opened:
            yield opened

    return catalog
