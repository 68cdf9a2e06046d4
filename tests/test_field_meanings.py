"""What a field means stands below the field, where an editor shows it; not in the docstring of its class."""

import ast
import re

from tests.installation import PROJECT_DIR

ROOMS = ("pipeline", "assets", "resources", "sensors")
_TOLD = re.compile(r"(?<=[.;] )([a-z_]\w*(?:, [a-z_]\w*)*): |^([a-z_]\w*(?:, [a-z_]\w*)*): ", re.MULTILINE)


def told_in_class(tree: ast.Module) -> list[str]:
    """Classes whose docstrings, after their first words, say what fields of theirs mean."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        fields = {
            each.target.id
            for each in node.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        }
        text = ast.get_docstring(node) or ""
        told = [name for match in _TOLD.finditer(text) if match.start() for name in (match[1] or match[2]).split(", ")]
        found += [f"{node.name}.{name}" for name in told if name in fields]
    return found


def test_no_class_says_what_its_fields_mean():
    found = {}
    for room in ROOMS:
        for path in (PROJECT_DIR / room).rglob("*.py"):
            if told := told_in_class(ast.parse(path.read_text())):
                found[str(path.relative_to(PROJECT_DIR))] = told
    assert found == {}


def test_one_that_does_is_found():
    said = "class A:\n    '''Some. b: of it.\n\n    c, d: of others.\n    '''\n\n    b: int\n    c: int\n    d: int\n"

    assert told_in_class(ast.parse(said)) == ["A.b", "A.c", "A.d"]
