"""Where commands take scaffolds from: the catalog of the installation, or, where there is none, files alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.cli.connections import has_catalog, open_catalog
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.generation.model import Scaffold, Scaffolds
    from pipeline.settings import Settings
    from pipeline.state.catalog.catalog import Catalog
    from pipeline.state.catalog.generation_records import ScaffoldRow
    from pipeline.state.catalog.statuses import ScaffoldKind

KIND_NAMES = "persona, emotional_arc, training_topic or prompt_template"


@dataclass(frozen=True, slots=True)
class Found:
    """A scaffold and where it is from: packaged, your file, or whose it is."""

    kind: "ScaffoldKind"
    scaffold: "Scaffold"
    origin: str
    version: int | None = None
    """None of one that is in no catalog."""
    versions: "Mapping[int, Scaffold]" = field(default_factory=dict)
    """All that there are, newest first, where they were asked for."""


def all_scaffolds(settings: "Settings", owner: str) -> list[Found]:
    """What an owner's plans draw, or would if it were active, by kind."""
    if not has_catalog(settings):
        return list(_of_files(settings))
    with open_catalog(settings) as catalog:
        bring_up_to_date(catalog, settings)
        return _in_order(_found(row) for row in catalog.scaffolds_of(owner))


def one_scaffold(settings: "Settings", owner: str, kind: "ScaffoldKind", key: str) -> Found:
    """The scaffold of a key, with its versions.

    Raises:
        UsageError: there is none.
    """
    from pipeline.catalogues.nearest import did_you_mean

    by_key = {each.scaffold.key: each for each in all_scaffolds(settings, owner) if each.kind == kind}
    if key not in by_key:
        raise UsageError(f"KEY: expected the key of a {kind}, found {key!r}{did_you_mean(key, by_key)}")
    if not has_catalog(settings):
        return by_key[key]
    from pipeline.flow.generation.scaffold_sets import scaffold_of

    with open_catalog(settings) as catalog:
        rows = catalog.scaffold_versions(owner, kind, key)
    whose = rows[0].user_id
    return _found(rows[0], {row.version: scaffold_of(row) for row in rows if row.user_id == whose})


def scaffolds_to_draw(settings: "Settings", owner: str) -> "Scaffolds":
    """They as plans take them."""
    if not has_catalog(settings):
        from pipeline.generation.scaffold_files import load_scaffolds

        return load_scaffolds(settings.scaffolds_file)
    from pipeline.flow.generation.scaffold_sets import scaffolds_for

    with open_catalog(settings) as catalog:
        bring_up_to_date(catalog, settings)
        return scaffolds_for(catalog, owner)[0]


def bring_up_to_date(catalog: "Catalog", settings: "Settings") -> None:
    """Put what is packaged, and the installation's file, into the catalog, as versions where they say something new."""
    from pipeline.clock import utc_now
    from pipeline.flow.generation.scaffold_sets import import_scaffolds

    import_scaffolds(catalog, settings.scaffolds_file, utc_now())


def kind_named(text: str) -> "ScaffoldKind":
    """The kind of a name.

    Raises:
        UsageError: there is none.
    """
    from pipeline.catalogues.nearest import did_you_mean
    from pipeline.state.catalog.statuses import SCAFFOLD_KINDS

    for kind in SCAFFOLD_KINDS:
        if kind == text:
            return kind
    raise UsageError(f"KIND: expected {KIND_NAMES}, found {text!r}{did_you_mean(text, SCAFFOLD_KINDS)}")


def _of_files(settings: "Settings") -> Iterator[Found]:
    from pipeline.generation.scaffold_files import KINDS, packaged_scaffolds, read_scaffolds

    packaged, mine = packaged_scaffolds(), read_scaffolds(settings.scaffolds_file)
    for kind in KINDS:
        for key, scaffold in {**packaged[kind], **mine[kind]}.items():
            yield Found(kind, scaffold, "your file" if key in mine[kind] else "packaged")


def _found(row: "ScaffoldRow", versions: "Mapping[int, Scaffold] | None" = None) -> Found:
    from pipeline.flow.generation.scaffold_sets import scaffold_of

    origin = "your file" if row.origin == "file" else row.origin
    return Found(row.kind, scaffold_of(row), origin, row.version, versions or {})


def _in_order(found: Iterator[Found]) -> list[Found]:
    from pipeline.state.catalog.statuses import SCAFFOLD_KINDS

    return sorted(found, key=lambda each: (SCAFFOLD_KINDS.index(each.kind), each.scaffold.key))
