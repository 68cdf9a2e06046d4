"""Without the extras files are checked, mended, converted and described, the client works, the rest says what to do.

What the light installation has is what requirements-core.txt locks.
"""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {"dagster", "sqlalchemy", "alembic", "boto3", "fastapi", "duckdb", "uvicorn", "tokenizers"}
FILE = "data/samples/support_chat.jsonl"
WORKS = {
    "help": ["--help"],
    "check": ["check", FILE],
    "check, kept": ["check", FILE, "--findings", "{tmp}/f.parquet", "--output", "{tmp}/tables"],
    "mend": ["mend", FILE, "-o", "{tmp}/mended.jsonl"],
    "convert": ["convert", FILE, "--to", "openai", "-o", "{tmp}/openai.jsonl"],
    "card": ["card", FILE, "-o", "{tmp}/card.html"],
    "estimate": ["estimate", "--model", "Llama-3.1-8B", "--gpu", "RTX-4090", "--method", "qlora"],
    "estimate of a file": ["estimate", "data/samples/everyday_talk.jsonl", "--model", "Qwen3-8B"],
    "plan": ["plan", "data/samples/everyday_talk.jsonl", "--model", "Qwen3-8B", "-o", "{tmp}/train", "--json"],
    "base-models": ["base-models"],
    "prices": ["prices", "list"],
    "scaffolds": ["scaffolds", "show", "persona", "night_shift_carer"],
    "generate plan": ["generate", "plan", "--items", "5", "--dry-run"],
    "settings": ["settings"],
}
NEEDS = {
    "datasets list": "sqlalchemy",
    "jobs list": "sqlalchemy",
    "findings x": "sqlalchemy",
    "reconcile": "sqlalchemy",
    f"upload {FILE}": "sqlalchemy",
    "card no-such-file": "sqlalchemy",
    "query SELECT": "duckdb",
    "doctor": "duckdb",
    "serve": "uvicorn",
    "demo": "dagster",
    "dev": "dagster",
    f"check {FILE} --tokenizer {{tmp}}/tokenizer.json": "tokenizers",
}


def _name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


@pytest.fixture(scope="module")
def libraries():
    """What can be imported of the locked packages."""
    lines = (ROOT / "requirements-core.txt").read_text().splitlines()
    locked = {_name(line.split("==")[0]) for line in lines if "==" in line}
    return sorted(name for name, owners in packages_distributions().items() if locked & set(map(_name, owners)))


@pytest.fixture(scope="module")
def answers(libraries, tmp_path_factory):
    """Every command, run by one process that has no other library."""
    folder = tmp_path_factory.mktemp("light")
    (folder / "tokenizer.json").write_text("{}")
    commands = [*WORKS.values(), *(line.split() for line in NEEDS)]
    given = [[word.format(tmp=folder) for word in command] for command in commands]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LORA_", "DAGSTER_"))}
    done = subprocess.run(
        [sys.executable, "-m", "tests.light_installation", ",".join(libraries)],
        cwd=ROOT, env=environment | {"LORA_DATA_DIR": str(folder / "data"), "COLUMNS": "80"}, input=json.dumps(given),
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    found = map(json.loads, done.stdout.splitlines())
    return dict(zip([*WORKS, *NEEDS], found, strict=True))


def test_none_of_the_heavy_libraries_is_in_it(libraries):
    assert HEAVY & set(libraries) == set()
    assert len(libraries) <= 40


@pytest.mark.parametrize("command", WORKS)
def test_what_needs_no_installation_works(answers, command):
    expected = 1 if command == "convert" else 0  # 1: it says what it left out

    assert (answers[command]["code"], answers[command]["err"]) == (expected, "")
    assert answers[command]["out"]


@pytest.mark.parametrize(("command", "library"), NEEDS.items())
def test_the_rest_says_what_to_install(answers, command, library):
    extra = "tokenizers" if library == "tokenizers" else "pipeline"

    assert answers[command] == {
        "code": 2,
        "out": "",
        "err": f"error: expected the library {library}, which the light installation leaves out, found none; install "
        f"it with what belongs to it: pip install 'lora-dataset-pipeline[{extra}]'\n",
    }


def test_help_imports_nothing_that_it_does_not_need():
    """The engine, validation, colours and TLS come with the command that uses them."""
    program = (
        "import sys; sys.argv = ['lora-pipeline', '--help']; from pipeline.cli import main\n"
        "try: main()\n"
        "finally: print({'numpy', 'pyarrow', 'msgspec', 'pydantic', 'rich', 'ssl'} & set(sys.modules), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stderr == "set()\n"


def test_the_client_brings_two_libraries_and_nothing_of_the_service():
    program = (
        "import sys; before = set(sys.modules); import pipeline.client; "
        "print(*sorted(each for each in set(sys.modules) - before if each.startswith('pipeline')))"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    of_others = [each for each in done.stdout.split() if not each.startswith(("pipeline.client", "pipeline.contract"))]
    assert of_others == [
        "pipeline", "pipeline.errors", "pipeline.state", "pipeline.state.catalog", "pipeline.state.catalog.statuses",
        "pipeline.tls",
    ]  # fmt: skip
