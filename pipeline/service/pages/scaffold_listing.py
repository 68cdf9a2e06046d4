"""The list of scaffolds of one kind, and the page of one: what it says, its versions, and the form that edits it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from pipeline.contract.scaffold_values import ScaffoldFault, ScaffoldSummary, ScaffoldVersion
from pipeline.service.pages.dataset_card import Badge, When, when
from pipeline.service.pages.made_names import KINDS, TIERS
from pipeline.service.pages.pager import Pager, pager
from pipeline.service.pages.scaffold_form import ScaffoldField, fields_of
from pipeline.state.catalog.statuses import ScaffoldKind
from pipeline.wording import sentence

PAGE_SIZE = 50
_ON, _OFF = Badge("On", "good"), Badge("Off", "info")
_ONE: dict[ScaffoldKind, str] = {
    "persona": "Persona",
    "emotional_arc": "Emotional arc",
    "training_topic": "Topic",
    "prompt_template": "Prompt template",
}


@dataclass(frozen=True, slots=True)
class KindTab:
    """A link to the scaffolds of a kind."""

    label: str
    count: int
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ScaffoldLine:
    """A scaffold in a list."""

    url: str
    name: str
    key: str
    tier: str
    badge: Badge
    version: int
    whose: str
    """`yours` or `the installation's`."""
    origin: str
    changed: When


@dataclass(frozen=True, slots=True)
class FaultLine:
    """What does not fit in a scaffold."""

    url: str
    """Its page, empty where it is of all of a kind."""
    of: str
    told: str


@dataclass(frozen=True, slots=True)
class ScaffoldListing:
    """The page of a kind."""

    tabs: tuple[KindTab, ...]
    rows: tuple[ScaffoldLine, ...]
    pager: Pager
    faults: tuple[FaultLine, ...]
    """Of all kinds."""


@dataclass(frozen=True, slots=True)
class ScaffoldPage:
    """The page of one."""

    line: ScaffoldLine
    kind: str
    kind_url: str
    fields: tuple[ScaffoldField, ...]
    """What the shown version says, or was typed."""
    versions: tuple[ScaffoldLine, ...]
    version: int
    faults: tuple[FaultLine, ...]
    newest_url: str
    """Where the newest version is shown, empty where it is."""
    is_active: bool
    is_editing: bool
    """They are a form."""
    key: str
    refused: str
    done: str


def scaffold_listing(
    kind: ScaffoldKind,
    rows: Sequence[ScaffoldSummary],
    page: int,
    counts: Mapping[ScaffoldKind, int],
    faults: Sequence[ScaffoldFault],
    now: datetime,
) -> ScaffoldListing:
    """The page. rows: of the page asked for; counts: of every kind."""
    return ScaffoldListing(
        tabs=tuple(KindTab(label, counts.get(each, 0), kind_url(each), each == kind) for each, label in KINDS.items()),
        rows=tuple(_line(row, now) for row in rows),
        pager=pager(page, counts.get(kind, 0), PAGE_SIZE, lambda number: kind_url(kind, number)),
        faults=tuple(map(_fault, faults)),
    )


def scaffold_page(
    versions: Sequence[ScaffoldVersion],
    shown: ScaffoldVersion,
    faults: Sequence[ScaffoldFault],
    now: datetime,
    *,
    is_editing: bool = False,
    typed: tuple[ScaffoldField, ...] = (),
    key: str = "",
    refused: str = "",
    done: str = "",
) -> ScaffoldPage:
    """The page. versions: the one that counts first. typed, key: what a form had that was refused."""
    newest = versions[0]
    place = scaffold_url(newest.kind, newest.key)
    own = [each for each in faults if (each.kind, each.key) == (newest.kind, newest.key)]
    return ScaffoldPage(
        line=_line(newest, now),
        kind=_ONE[newest.kind],
        kind_url=kind_url(newest.kind),
        fields=typed or fields_of(shown.kind, shown.content),
        versions=tuple(_line(each, now, is_version=True) for each in versions),
        version=shown.version,
        faults=tuple(map(_fault, own)),
        newest_url="" if shown is newest else place,
        is_active=newest.is_active,
        is_editing=is_editing or bool(typed),
        key=key or newest.key,
        refused=sentence(refused),
        done=done,
    )


def scaffold_url(kind: ScaffoldKind, key: str) -> str:
    """The address of a scaffold's page."""
    return f"/scaffolds/{kind}/{quote(key)}"


def kind_url(kind: ScaffoldKind, page: int = 1) -> str:
    """The address of the list of a kind."""
    asked = {"kind": kind} if page == 1 else {"kind": kind, "page": page}
    return f"/scaffolds?{urlencode(asked)}"


def _line(row: ScaffoldSummary, now: datetime, *, is_version: bool = False) -> ScaffoldLine:
    url = scaffold_url(row.kind, row.key)
    told = {"version": row.version, "own": "1" if row.is_own else "0"}
    return ScaffoldLine(
        url=f"{url}?{urlencode(told)}" if is_version else url,
        name=row.name,
        key=row.key,
        tier=TIERS.get(row.tier or "", ""),
        badge=_ON if row.is_active else _OFF,
        version=row.version,
        whose="yours" if row.is_own else "the installation's",
        origin=row.origin,
        changed=when(row.created_at, now),
    )


def _fault(found: ScaffoldFault) -> FaultLine:
    url = "" if found.key == "*" else scaffold_url(found.kind, found.key)
    of = KINDS[found.kind] if found.key == "*" else f"{_ONE[found.kind]} {found.key}"
    return FaultLine(url, of, sentence(f"{found.field}: expected {found.expected}, found {found.found}"))
