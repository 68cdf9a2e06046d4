"""Reads scaffolds: the packaged TOML files, and the user's own file over them, where the same key replaces.

A file has tables by kind: `[[personas]]`, `[[emotional_arcs]]`, `[[training_topics]]` and `[[prompt_templates]]`.
Whether scaffolds fit one another is in `scaffold_checks.py`; their versions are rows of the catalog.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar

from pydantic import ValidationError

from pipeline.catalogues.nearest import did_you_mean
from pipeline.errors import UsageError
from pipeline.generation.model import (
    EmotionalArc,
    Persona,
    PromptTemplate,
    Scaffold,
    Scaffolds,
    TrainingTopic,
)
from pipeline.state.catalog.statuses import ScaffoldKind
from pipeline.wording import cut

KINDS: Final[Mapping[ScaffoldKind, type[Scaffold]]] = MappingProxyType(
    {
        "persona": Persona,
        "emotional_arc": EmotionalArc,
        "training_topic": TrainingTopic,
        "prompt_template": PromptTemplate,
    }
)
TABLES: Final[Mapping[str, ScaffoldKind]] = MappingProxyType({f"{kind}s": kind for kind in KINDS})
"""Kinds by the name that their table has in a file."""

# What pydantic found another kind of value for, in a reader's words.
_EXPECTED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "missing": "a value",
        "string_type": "a text",
        "string_too_short": "some text",
        "string_pattern_mismatch": "1 to 64 small letters, digits and _",
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "int_parsing": "a whole number",
        "float_type": "a number",
        "float_parsing": "a number",
        "bool_type": "true or false",
        "bool_parsing": "true or false",
        "tuple_type": "a list",
        "model_type": "a table",
        "literal_error": "{expected}",
        "greater_than_equal": "{ge:g} or more",
        "less_than_equal": "{le:g} or less",
    }
)
_SHOWN_CHARACTERS = 60

S = TypeVar("S", bound=Scaffold)
ByKind: TypeAlias = Mapping[ScaffoldKind, Mapping[str, Scaffold]]


def load_scaffolds(own: Path | None = None) -> Scaffolds:
    """All scaffolds. own: the user's file, if it exists.

    Raises:
        UsageError: the user's file cannot be used; names each fault.
    """
    packaged, mine = packaged_scaffolds(), read_scaffolds(own)
    return scaffolds_of({kind: {**packaged[kind], **mine[kind]} for kind in KINDS})


@cache
def packaged_scaffolds() -> ByKind:
    """Those that are shipped, by kind and key."""
    folder = files("pipeline.generation") / "scaffolds"
    return {
        kind: parse_scaffolds((folder / f"{table}.toml").read_text("utf-8"))[kind] for table, kind in TABLES.items()
    }


def read_scaffolds(path: Path | None) -> ByKind:
    """The scaffolds of one file by kind and key; none of any without a file.

    Raises:
        UsageError: it is not TOML, has other tables, a key twice, or a value that is missing, unknown or out of range.
    """
    if path is None or not path.is_file():
        return parse_scaffolds("")
    try:
        return parse_scaffolds(path.read_text("utf-8"))
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None


def parse_scaffolds(text: str) -> ByKind:
    """The scaffolds that a TOML text has.

    Raises:
        ValueError: as `read_scaffolds`; names table, key and field, what was expected and what was found.
    """
    content = tomllib.loads(text)
    faults: list[str] = []
    for table in content:
        if table not in TABLES:
            faults.append(f"expected the tables {', '.join(TABLES)}, found {table}{did_you_mean(table, TABLES)}")
    found = {kind: dict(_entries(table, content.get(table, []), faults)) for table, kind in TABLES.items()}
    if faults:
        raise ValueError("scaffolds that cannot be used:\n" + "\n".join(f"  {fault}" for fault in faults))
    return found


def scaffold_from(kind: ScaffoldKind, fields: Mapping[str, Any]) -> Scaffold:
    """The scaffold that fields say.

    Raises:
        UsageError: it has a value that is missing, unknown or out of range; names each fault.
    """
    try:
        return KINDS[kind].model_validate(fields)
    except ValidationError as error:
        faults = "; ".join(_sentence(each, kind) for each in error.errors())
        raise UsageError(f"{kind} {fields.get('key', '')}: {faults}") from None


def scaffolds_of(found: ByKind) -> Scaffolds:
    """They as plans take them."""
    return Scaffolds(
        personas=_of(Persona, found["persona"]),
        arcs=_of(EmotionalArc, found["emotional_arc"]),
        topics=_of(TrainingTopic, found["training_topic"]),
        templates=_of(PromptTemplate, found["prompt_template"]),
    )


def by_kind(scaffolds: Scaffolds) -> ByKind:
    """They by kind and key again."""
    kinds = (scaffolds.personas, scaffolds.arcs, scaffolds.topics, scaffolds.templates)
    return dict(zip(KINDS, kinds, strict=True))


def with_others(scaffolds: Scaffolds, others: ByKind) -> Scaffolds:
    """They with others in the place of those of the same kind and key, and beside them."""
    return scaffolds_of({kind: {**known, **others.get(kind, {})} for kind, known in by_kind(scaffolds).items()})


def _entries(table: str, listed: object, faults: list[str]) -> Iterator[tuple[str, Scaffold]]:
    """Those of a table that can be used; what is wrong with the others goes to the faults."""
    if not isinstance(listed, list):
        faults.append(f"{table}: expected [[{table}]] tables, found {_shown(listed)}")
        return
    seen: set[str] = set()
    for number, fields in enumerate(listed, start=1):
        key = str(fields.get("key", f"number {number}")) if isinstance(fields, dict) else f"number {number}"
        if key in seen:
            faults.append(f"{table}, {key}: expected each key once, found it again")
        seen.add(key)
        try:
            yield key, KINDS[TABLES[table]].model_validate(fields)
        except ValidationError as error:
            faults += [f"{table}, {key}, {_sentence(each, TABLES[table])}" for each in error.errors()]


def _sentence(error: Any, kind: ScaffoldKind) -> str:
    field = ".".join(map(str, error["loc"])) or "all of it"
    if error["type"] == "extra_forbidden":
        known = KINDS[kind].model_fields
        return f"{field}: expected one of its fields, found another{did_you_mean(field, known)}"
    expected = _EXPECTED.get(error["type"], error["msg"]).format(**error.get("ctx", {}))
    return f"{field}: expected {expected}, found {'none' if error['type'] == 'missing' else _shown(error['input'])}"


def _shown(value: object) -> str:
    return cut(repr(value), _SHOWN_CHARACTERS)


def _of(kind: type[S], found: Mapping[str, Scaffold]) -> Mapping[str, S]:
    return MappingProxyType({key: each for key, each in found.items() if isinstance(each, kind)})
