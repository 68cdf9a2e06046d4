"""Checks a trainer's files by our own strict rules: no key that the trainer does not know, no value out of range.

Needed because trainers are not strict: Axolotl and Together ignore unknown keys, TRL takes nonsense values.
The keys are recorded per version in each trainer's `keys.json`; a test compares them with the trainers' own classes.
"""

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as resources
from typing import Literal

import yaml

from pipeline.catalogues.nearest import did_you_mean
from pipeline.trainers.registry import BY_NAME
from pipeline.trainers.value_rule import ValueRule

# Where PyYAML was built with libyaml, ten times as fast.
_SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that its trainer does not know or take."""

    file: str
    path: str
    """As `training.learning_rate`."""
    message: str

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.file}: {self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class Document:
    """A file to check."""

    file: str
    kind: Literal["yaml", "json", "python"]
    sections: Mapping[str, frozenset[str]]
    """Where the keys of a mapping are recorded, by the mapping's path ("" is the top)."""
    rules: Mapping[str, ValueRule]
    """By path, with [] for the items of a list."""
    required: Sequence[str] = ()
    """Paths that must be there."""
    is_optional: bool = False
    """Not every job has the file."""


@cache
def recorded_keys(target: str, section: str = "") -> frozenset[str]:
    """The keys that a trainer knows in a section."""
    return frozenset(_record(target)["keys"][section])  # type: ignore[index]


def recorded_versions(target: str) -> dict[str, str]:
    """The versions of the trainer's packages that its keys were recorded from."""
    return dict(_record(target)["versions"])  # type: ignore[call-overload, no-any-return]


def recorded_lock(target: str) -> dict[str, dict[str, str]]:
    """The exact versions of a trainer with all that it needs to train as we ask: always (""), and where a job is so.

    None for a provider. They are one solution that a package manager found; where the tests' own environment has the
    package, it is of that version.
    """
    return dict(_record(target).get("lock", {}))  # type: ignore[call-overload, no-any-return]


@cache
def _record(target: str) -> Mapping[str, object]:
    text = (resources("pipeline.trainers") / BY_NAME[target].folder / "keys.json").read_text("utf-8")
    record: Mapping[str, object] = json.loads(text)
    return record


def check_documents(documents: Sequence[Document], files: Mapping[str, str]) -> list[Problem]:
    """All problems, in the order of the documents. files: text by name."""
    problems = []
    for document in documents:
        if document.file not in files:
            if not document.is_optional:
                problems.append(Problem(document.file, "-", "expected this file, found none"))
            continue
        try:
            content = _parse(document.kind, files[document.file])
        except (ValueError, SyntaxError, yaml.YAMLError) as error:
            first = str(error).splitlines()[0]
            problems.append(Problem(document.file, "-", f"expected {document.kind}, found {first}"))
            continue
        problems += _check(document, content)
    return problems


def _check(document: Document, content: object) -> Iterator[Problem]:
    seen: set[str] = set()
    for path, value in _walk(content, ""):
        seen.add(path)
        parent, _, key = path.rpartition(".")
        known = document.sections.get(parent)
        if known is not None and not path.endswith("[]") and key not in known:
            yield Problem(document.file, path, f"the trainer knows no such key{did_you_mean(key, known)}")
        elif (rule := document.rules.get(path)) and not rule.accepts(value):
            yield Problem(document.file, path, f"expected {rule.expected}, found {value!r}")
    for path in document.required:
        if path not in seen:
            yield Problem(document.file, path, "expected a value, found none")


def _walk(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Every value below, with its path."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            inner = f"{path}.{key}" if path else str(key)
            yield inner, each
            yield from _walk(each, inner)
    elif isinstance(value, list):
        for each in value:
            yield from _walk(each, f"{path}[]")


def _parse(kind: str, text: str) -> object:
    if kind == "json":
        return json.loads(text)
    if kind == "yaml":
        return yaml.load(text, _SafeLoader)  # noqa: S506 (it is safe)
    return _keyword_arguments(ast.parse(text))


def _keyword_arguments(tree: ast.AST) -> dict[str, dict[str, object]]:
    """Of each call of a script, by the name that is called: its keyword arguments; None for what is no literal."""
    calls: dict[str, dict[str, object]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.keywords:
            arguments = calls.setdefault(ast.unparse(node.func).replace(".", "/"), {})
            arguments |= {each.arg: _literal(each.value) for each in node.keywords if each.arg}
    return calls


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
