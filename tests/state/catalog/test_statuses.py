"""States and kinds are listed once: elsewhere nobody writes the same list again."""

import ast

import pytest

from pipeline.dataset.formats.rows import BY_NAME
from pipeline.state.catalog import statuses
from tests.test_project import ROOT

NAMED = {name: frozenset(listed) for name, listed in vars(statuses).items() if name.isupper() and len(listed) > 2}
WORDS = [f'"{each}"' for each in {*BY_NAME, *(word for listed in NAMED.values() for word in listed)}]
# What is written stays as it was, whatever is listed later.
FROZEN = ("migrations", "statuses.py")
SOURCES = [
    path
    for top in ("pipeline", "assets", "resources", "sensors")
    for path in (ROOT / top).rglob("*.py")
    if not {*path.parts} & {*FROZEN}
]


def lists_again(source: str) -> list[str]:
    """The registries that a literal list of a module repeats; three names of formats are a list of them, too."""
    found: list[str] = []
    if sum(word in source for word in WORDS) < 3:
        return found  # most of a thousand files are not taken apart
    for node in ast.walk(ast.parse(source)):
        elements = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else []
        texts = frozenset(each.value for each in elements if isinstance(each, ast.Constant))
        found += [name for name, listed in NAMED.items() if texts == listed]
        found += ["BY_NAME"] * (len(texts & set(BY_NAME)) > 2)
    return found


def test_no_literal_list_repeats_states_or_formats():
    found = {str(path.relative_to(ROOT)): lists_again(path.read_text("utf-8")) for path in SOURCES}

    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ('_UNDER_WAY = ("queued", "running", "lost")', "UNDER_WAY"),
        ('is_live = state in {"running", "queued", "preparing"}', "LIVE_STATES"),
        ('Tier = Literal["seed", "production", "experimental"]', "QUALITY_TIERS"),
        ('CHAT = ["openai", "native", "sharegpt"]', "BY_NAME"),
    ],
)
def test_such_a_list_would_be_found(code, name):
    assert lists_again(code) == [name]
