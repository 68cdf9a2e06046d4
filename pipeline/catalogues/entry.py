"""What every catalogue's entries share: strict fields, the names they are found by, and where the facts come from."""

import re
from datetime import date
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field


class Entry(BaseModel):
    """One fact sheet."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    aliases: tuple[str, ...] = ()
    """Other names of the same thing."""
    source: str = Field(min_length=1)
    """Where it was read."""
    as_of: date
    """When."""

    def names(self) -> tuple[str, ...]:
        """All that it is found by."""
        return (self.name, *self.aliases)


@lru_cache(maxsize=8192)  # the names of all catalogues several times over: each question goes through them
def same(name: str) -> str:
    """What two spellings of a name have in common: `rtx 4090` is `RTX-4090`."""
    return re.sub(r"[\s_]+", "-", name.strip().casefold())
