"""Scaffolds: what conversations are made of, in versions. A user's own stand before those of the installation."""

from datetime import datetime
from typing import Any

from pydantic import Field

from pipeline.contract.http_answers import Request, Value
from pipeline.state.catalog.statuses import ScaffoldKind


class ScaffoldSummary(Value):
    """One version of a scaffold; in a list the newest."""

    kind: ScaffoldKind
    key: str
    name: str
    tier: str | None = Field(description="Of arcs and templates.")
    version: int = Field(description="From 1 on; your own are counted by themselves.")
    is_own: bool = Field(description="Whether it is yours; else the installation's.")
    is_active: bool = Field(description="Whether new plans draw it.")
    origin: str = Field(description="`packaged`, `file` of the installation, or who wrote it.")
    created_at: datetime


class ScaffoldVersion(ScaffoldSummary):
    """A version with all that it says."""

    content: dict[str, Any] = Field(description="All its fields but whether it is active.")


class ScaffoldList(Value):
    """One page of scaffolds by kind and key, each as new plans draw it; `total` counts those of all pages."""

    items: list[ScaffoldSummary]
    total: int
    page: int
    limit: int


class ScaffoldVersions(Value):
    """One page of a scaffold's versions: your own before the installation's, the newest first."""

    items: list[ScaffoldVersion]
    total: int
    page: int
    limit: int


class ScaffoldFault(Value):
    """What does not fit in a scaffold, beside others or by itself."""

    kind: ScaffoldKind
    key: str = Field(description="`*` where it is of all of a kind.")
    field: str
    expected: str
    found: str


class ScaffoldCheck(Value):
    """Everything that does not fit in the scaffolds that your plans draw, by kind and key."""

    items: list[ScaffoldFault]


class ScaffoldEdit(Request):
    """What a scaffold is to be: another version of your own."""

    content: dict[str, Any] | None = Field(
        None, description="All its fields but whether it is active; null: as they are.", examples=[{"name": "Mia"}]
    )
    is_active: bool = Field(True, description="False: new plans do not draw it.")


class EditedScaffold(Value):
    """The version that counts now, and what does not fit in it."""

    scaffold: ScaffoldVersion
    is_new: bool = Field(description="False where it says what it said before.")
    faults: list[ScaffoldFault]
