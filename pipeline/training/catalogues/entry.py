"""What every catalogue's entries share: strict fields, and where the facts come from."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field


class Entry(BaseModel):
    """One fact sheet. source: where it was read; as_of: when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    source: str = Field(min_length=1)
    as_of: date
