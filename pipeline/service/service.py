"""What the service is made of, opened once when the process starts, and how a route gets hold of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, cast

from anyio import CapacityLimiter
from fastapi import Depends, Request

from pipeline.flow.found_rows import FoundRows
from pipeline.flow.owners import Owners
from pipeline.flow.trainings import Missing
from pipeline.service.access import Access
from pipeline.service.event_streams import Streams
from pipeline.service.health_of_parts import HealthWatch
from pipeline.service.limits import Limiter
from pipeline.service.made_access import MadeAccess
from pipeline.service.measures.measuring import Measuring
from pipeline.service.presigned import Presigner
from pipeline.service.receivers import Receivers
from pipeline.service.signing import Signer
from pipeline.service.tokens import Authority
from pipeline.service.user import User
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake
from pipeline.state.store import Store


@dataclass(frozen=True, slots=True)
class Service:
    """The parts. `now` is the clock, `presigner` makes the addresses that uploads go to."""

    settings: Settings
    catalog: Catalog
    store: Store
    lake: Lake
    authority: Authority
    signer: Signer
    presigner: Presigner
    owners: Owners
    limiter: Limiter
    receivers: Receivers
    streams: Streams
    health: HealthWatch
    measuring: Measuring
    now: Callable[[], datetime]
    missing: Missing
    """What is to be set before a launcher can run a trainer."""
    heavy: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(2))
    """How many may plan or build what takes seconds at a time, so that lists keep their threads."""
    line_readers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(8))
    """How many may look up lines of uploads at a time, each of which may copy a small archive."""
    row_readers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(2))
    """How many may read rows of datasets at a time, each of which takes memory."""
    found_rows: FoundRows = field(default_factory=FoundRows)
    """What they found."""

    def access(self, user: User) -> Access:
        """The catalog as a user may see it."""
        return Access(self.catalog, user)

    def made(self, user: User) -> MadeAccess:
        """The same for conversations that are made."""
        return MadeAccess(self.catalog, user)


async def current_service(request: Request) -> Service:
    """The service that answers a request."""
    return cast(Service, request.app.state.service)


CurrentService = Annotated[Service, Depends(current_service)]
