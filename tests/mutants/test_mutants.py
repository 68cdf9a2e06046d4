"""The list of mutants fits the code; whether each is killed is asked by `make mutants`, which takes minutes."""

import ast

import pytest

from pipeline.settings import PROJECT_DIR
from tests.mutants.mutants import Mutant, load_mutants, mutated, run

MUTANTS = load_mutants()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_its_text_is_there_once_and_what_comes_instead_is_python(mutant):
    source = (PROJECT_DIR / mutant.file).read_text("utf-8")

    assert ast.parse(mutant.applied(source))
    assert mutant.instead != mutant.text
    assert [each for each in mutant.tests if each.startswith("tests") and not _is_there(each)] == []


def _is_there(test: str) -> bool:
    file, _, name = test.partition("::")
    place = PROJECT_DIR / file
    return place.exists() and (not name or f"def {name}(" in place.read_text("utf-8"))


def test_a_text_that_is_not_there_once_is_refused():
    with pytest.raises(ValueError, match="expected 'a' once, found it 2 times"):
        Mutant("x", "x.py", "a", "b", ()).applied("a = a")


@pytest.mark.parametrize(
    ("test", "fate"),
    [
        ("def test_it(): assert doubled(2) == 4", "killed"),
        ("def test_it(): assert doubled(1) > 0", "survived"),
        ("import pytest\n@pytest.mark.skip\ndef test_it(): pass", "not run"),
    ],
)
def test_what_becomes_of_one(tmp_path, test, fate):
    (tmp_path / "code.py").write_text("def doubled(n): return n * 2\n")
    (tmp_path / "test_code.py").write_text(f"from code_of_it import doubled\n{test}\n")
    (tmp_path / "code.py").rename(tmp_path / "code_of_it.py")
    mutant = Mutant("tripled", "code_of_it.py", "n * 2", "n * 3", ("test_code.py",))

    with mutated(tmp_path, mutant):
        assert run(tmp_path, mutant.tests, 60) == fate

    assert (tmp_path / "code_of_it.py").read_text() == "def doubled(n): return n * 2\n"
