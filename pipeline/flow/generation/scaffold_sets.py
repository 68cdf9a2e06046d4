"""Scaffolds between their files, the catalog and a plan: put in as versions, taken out for a user, found again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.errors import ScaffoldNotFound, UsageError
from pipeline.generation.model import EmotionalArc, Persona, PromptTemplate, Scaffold, Scaffolds, TrainingTopic
from pipeline.generation.scaffold_files import load_scaffolds, read_scaffolds, scaffold_from
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.generation_records import ScaffoldRow
from pipeline.state.catalog.scaffold_rows import EVERYBODY
from pipeline.state.catalog.statuses import ScaffoldKind
from pipeline.state.catalog.tables import storable_json
from pipeline.wording import cut

_TYPES: Mapping[ScaffoldKind, type[Scaffold]] = {
    "persona": Persona,
    "emotional_arc": EmotionalArc,
    "training_topic": TrainingTopic,
    "prompt_template": PromptTemplate,
}
KIND_OF: Mapping[type[Scaffold], ScaffoldKind] = {kind: name for name, kind in _TYPES.items()}


def import_scaffolds(catalog: Catalog, own: Path | None, now: datetime) -> int:
    """Put the packaged scaffolds, with the installation's file over them, into the catalog; returns what was new.

    Raises:
        UsageError: the file cannot be used; names each fault.
    """
    mine = {(kind, key) for kind, by_key in read_scaffolds(own).items() for key in by_key}
    rows = [row_of(each, EVERYBODY, "packaged", now) for each in every(load_scaffolds(own))]
    told = [replace(row, origin="file") if (row.kind, row.key) in mine else row for row in rows]
    return catalog.put_scaffolds(told, now)


def ensure_scaffolds(catalog: Catalog, now: datetime) -> None:
    """Give a catalog that has none the packaged scaffolds; one that has some is left to `import_scaffolds`."""
    if not catalog.count_scaffold_versions():
        import_scaffolds(catalog, None, now)


def put(catalog: Catalog, scaffolds: Iterable[Scaffold], user_id: str, origin: str, now: datetime) -> int:
    """Add those that are new or say something else as versions of a user; returns how many."""
    rows = [row_of(each, user_id, origin, now) for each in scaffolds]
    return catalog.put_scaffolds(rows, now)


def edit_scaffold(
    catalog: Catalog,
    user_id: str,
    kind: ScaffoldKind,
    key: str,
    fields: Mapping[str, Any] | None,
    now: datetime,
    *,
    is_active: bool,
) -> tuple[ScaffoldRow, bool]:
    """Make a scaffold say something else for a user: a version of their own. Returns what holds now, and if it is new.

    fields: all but `is_active`; None for those that it has. is_active: whether new plans draw it.

    Raises:
        ScaffoldNotFound: it is to stay as it is, and there is none.
        UsageError: a value is missing, unknown or out of range; names each fault.
    """
    newest = next(iter(catalog.scaffold_versions(user_id, kind, key)), None)
    if fields is None and newest is None:
        raise ScaffoldNotFound(f"expected the key of a {kind}, found {key!r}: list them first")
    wanted = newest.content if fields is None and newest else {"key": key, **(fields or {})}
    if wanted["key"] != key:
        raise UsageError(f"key: expected {key}, found {cut(repr(wanted['key']), 60)}: another key is another scaffold")
    if "is_active" in wanted:
        raise UsageError("is_active: expected it beside the content, found it in there")
    row = row_of(scaffold_from(kind, {**wanted, "is_active": is_active}), user_id, user_id, now)
    if newest and (newest.content, newest.is_active) == (storable_json(row.content), is_active):
        return newest, False
    catalog.put_scaffolds([row], now)
    return catalog.scaffold_versions(user_id, kind, key)[0], True


def every(scaffolds: Scaffolds) -> list[Scaffold]:
    """All of them in one list."""
    found = (scaffolds.personas, scaffolds.arcs, scaffolds.topics, scaffolds.templates)
    return [each for by_key in found for each in by_key.values()]


def row_of(scaffold: Scaffold, user_id: str, origin: str, now: datetime) -> ScaffoldRow:
    """The row of a scaffold; the catalog counts its version."""
    content = scaffold.model_dump(mode="json", exclude={"is_active"})
    tier = getattr(scaffold, "tier", None)
    kind = KIND_OF[type(scaffold)]
    return ScaffoldRow(user_id, kind, scaffold.key, 0, scaffold.name, tier, content, scaffold.is_active, origin, now)


def scaffold_of(row: ScaffoldRow) -> Scaffold:
    """The scaffold of a row."""
    return _TYPES[row.kind].model_validate({**row.content, "is_active": row.is_active})


def scaffolds_for(catalog: Catalog, user_id: str) -> tuple[Scaffolds, dict[str, int]]:
    """What a user may draw now, and in which versions, to be found again by `scaffolds_at`."""
    rows = catalog.scaffolds_of(user_id)
    return _gathered(rows), {place(row): row.version for row in rows}


def scaffolds_at(catalog: Catalog, versions: Mapping[str, int]) -> Scaffolds:
    """The scaffolds of a plan, as they were. Those that were switched off since are active in it."""
    wanted: list[tuple[str, ScaffoldKind, str, int]] = []
    for each, version in versions.items():
        owner, kind, key = each.rsplit("/", 2)
        wanted.append((owner, _kind(kind), key, version))
    return _gathered(catalog.scaffolds_in_versions(wanted))


def place(row: ScaffoldRow) -> str:
    """By which a plan names a scaffold: owner, kind and key."""
    return f"{row.user_id}/{row.kind}/{row.key}"


def _kind(name: str) -> ScaffoldKind:
    return next(kind for kind in _TYPES if kind == name)


def _gathered(rows: Sequence[ScaffoldRow]) -> Scaffolds:
    by_kind: dict[ScaffoldKind, dict[str, Any]] = {kind: {} for kind in _TYPES}
    for row in rows:
        by_kind[row.kind][row.key] = scaffold_of(row)
    return Scaffolds(
        by_kind["persona"],
        by_kind["emotional_arc"],
        by_kind["training_topic"],
        by_kind["prompt_template"],
        {(row.kind, row.key): row.version for row in rows},
    )
