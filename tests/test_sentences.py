"""What we say to people is said once, at the edge: no code takes one of our sentences apart again.

Data that a later step needs is a column: see `pipeline/dataset/rules/mismatch.py`.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("pipeline", "assets", "resources", "sensors")
# Methods that look into a text, or cut it.
CUTTERS = """
    removeprefix removesuffix startswith endswith partition rpartition split rsplit find rfind index rindex
    count search match fullmatch findall finditer sub subn
""".split()
# Names that our sentences have. `found` is a word for much else, so only a field of that name counts.
VARIABLES = {"message", "detail", "remedy", "fault", "sentence", "told", "advice"}
FIELDS = {*VARIABLES, "expected", "found", "basis"}
OUR_WORDS = re.compile(r"expected |found |\bat (?:column|byte|character|most)\b|also at|hours: ")
# Sentences of others, which have no other form.
OTHERS = {
    "pipeline/dataset/formats/lookalikes/line_causes.py": "Python's json tells its faults in words alone",
    "pipeline/dataset/formats/mapping.py": "pydantic puts words before the messages of validators",
    "pipeline/launchers/hosted/openai_provider.py": "OpenAI tells how many steps there are in words alone",
    "pipeline/llm/refusals.py": "Anthropic's error for a cap of the owner's, and for no credit, has no code",
    "pipeline/state/catalog/catalog_engine.py": "drivers of databases tell most faults in words alone",
    "pipeline/state/warehouse/user_query.py": "DuckDB's errors have no codes",
    "sensors/coverage.py": "Dagster puts the exception's name before its message, and a full stop behind it",
}


def taken_apart(source: str) -> list[str]:
    """Each expression that looks into one of our sentences, or for words of ours."""
    tree = ast.parse(source)
    errors = {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
    return [ast.unparse(node) for node in ast.walk(tree) if _looks_into(node) or _cuts_what_an_error_says(node, errors)]


def _cuts_what_an_error_says(node: ast.AST, errors: set[str]) -> bool:
    """Whether the text of a caught exception is cut; its first line, and its words without breaks, may be taken."""
    match node:
        case ast.Call(func=ast.Attribute(attr=attr, value=text), args=[what, *_]) if attr in CUTTERS:
            return _is_said(text, errors) and ast.unparse(what) != repr("\n")
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[text]):
            return _is_said(text, errors)
    return False


def _is_said(node: ast.AST, errors: set[str]) -> bool:
    match node:
        case ast.Call(func=ast.Name("str"), args=[ast.Name(name)]):
            return name in errors
    return False


def _looks_into(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="replace"), args=[_, ast.Constant("")]):
            return bool(_named(node))
        case ast.Call(func=ast.Attribute(attr=attr)) if attr in CUTTERS:
            return bool(_named(node)) or any(OUR_WORDS.search(text) for text in _texts(node))
        case ast.Call(func=ast.Attribute(value=ast.Name("re"))):
            return any(OUR_WORDS.search(text) for text in _texts(node))
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[container]):
            return " " in "".join(_texts(left)) and bool(_named(container))
    return False


def _named(node: ast.AST) -> set[str]:
    """The sentences that an expression names."""
    found: set[str] = set()
    for each in ast.walk(node):
        match each:
            case ast.Name(name):
                found |= {name} & VARIABLES
            case ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(str(name))):
                found |= {name} & FIELDS
    return found


def _texts(node: ast.AST) -> Iterator[str]:
    return (each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str))


def _modules() -> dict[str, str]:
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in paths}


def test_no_code_takes_a_sentence_of_ours_apart():
    found = {name: each for name, source in _modules().items() if name not in OTHERS and (each := taken_apart(source))}

    assert found == {}


@pytest.mark.parametrize("name", OTHERS)
def test_an_exception_is_one(name):
    assert taken_apart(_modules()[name])


@pytest.mark.parametrize(
    "code",
    [
        '_COLUMN = re.compile(r"at column (\\d+)")',
        "column = _COLUMN.search(detail)",
        're.search(r"(\\d+)", finding.message)',
        'detail = str(row["message"]).removesuffix(f"; {kind.remedy}")',
        'has_remedy = self.message.endswith(f"; {kind.remedy}")',
        'fault = finding.message.replace(f"; {kind.remedy}", "")',
        'fault, _, remedy = finding["message"].partition("; ")',
        'basis = tuple(told if sentence.startswith("hours: ") else sentence for sentence in whole.basis)',
        'is_nul = "found NUL" in finding.message',
        'line = text.split(" found ")[0]',
        "try: parse(given)\nexcept UsageError as error: fault = str(error).removeprefix(f'settings: {key}: ')",
        "try: parse(given)\nexcept UsageError as error: is_rank = 'rank' in str(error)",
    ],
)
def test_what_once_was_there_would_be_told(code):
    assert taken_apart(code)


@pytest.mark.parametrize(
    "code",
    [
        'call = "tool_calls" in message',
        'text = message["content"]',
        "said = mismatch._replace(detail=elsewhere)",
        'name = path.rpartition("/")[2]',
        "found = pattern.fullmatch(text)",
        'try: read()\nexcept ValueError as error: said = " ".join(str(error).partition("\\n")[0].split())',
    ],
)
def test_what_is_no_sentence_may_be_looked_into(code):
    assert taken_apart(code) == []
