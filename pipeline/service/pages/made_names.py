"""How scaffolds and batches are called, for pages whose rows have only their keys."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.errors import BatchNotFound
from pipeline.flow.generation.scaffold_sets import ensure_scaffolds
from pipeline.service.made_access import MadeAccess
from pipeline.service.service import Service
from pipeline.service.user import User
from pipeline.state.catalog.generation_records import ScaffoldRow
from pipeline.state.catalog.statuses import ScaffoldKind

KINDS: dict[ScaffoldKind, str] = {
    "persona": "Personas",
    "emotional_arc": "Arcs",
    "training_topic": "Topics",
    "prompt_template": "Templates",
}
TIERS = {"template": "Template", "scenario": "Scenario", "edge_case": "Edge case"}


@dataclass(frozen=True, slots=True)
class ScaffoldNames:
    """Names by key, in the order of pages; what is not there any more is called by its key."""

    personas: Mapping[str, str]
    arcs: Mapping[str, str]
    topics: Mapping[str, str]
    tiers: Mapping[str, str]
    """Of arcs."""

    def what(self, persona: str, arc: str, topic: str) -> str:
        """Who asks, how it goes and what about, in a line."""
        named = ((self.personas, persona), (self.arcs, arc), (self.topics, topic))
        return " · ".join(names.get(key, key) for names, key in named)


def names_for(service: Service, user: User, *, only_active: bool = False) -> ScaffoldNames:
    """The names of a user's scaffolds; an installation that has none yet is given the packaged ones.

    only_active: without those that plans do not draw.
    """
    ensure_scaffolds(service.catalog, service.now())
    rows = service.made(user).own.scaffolds_of(user.id)
    return names_of(row for row in rows if row.is_active or not only_active)


def batch_name(access: MadeAccess, batch_id: str | None) -> str:
    """How the batch is called that a list is narrowed to; empty where it is to none."""
    try:
        return access.batch(batch_id).name if batch_id else ""
    except BatchNotFound:
        return batch_id or ""


def names_of(rows: Iterable[ScaffoldRow]) -> ScaffoldNames:
    """The names; arcs by tier, all else by name."""
    listed = sorted(rows, key=lambda row: (_rank(row.tier), row.name))

    def of(kind: ScaffoldKind) -> dict[str, str]:
        return {row.key: row.name for row in listed if row.kind == kind}

    tiers = {row.key: row.tier or "" for row in listed if row.kind == "emotional_arc"}
    return ScaffoldNames(of("persona"), of("emotional_arc"), of("training_topic"), tiers)


def _rank(tier: str | None) -> int:
    known = list(TIERS)
    return known.index(tier) if tier in known else len(known)
