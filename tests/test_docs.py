"""The hand-written pages tell the truth: links lead somewhere, names exist, and what README shows is what one sees."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.main import get_command

from pipeline.cli import app
from pipeline.definitions import build_defs
from pipeline.settings import Settings, load_settings
from tests.cli.goldens import run
from tests.installation import dagster_home, with_samples

__all__ = ["dagster_home"]

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("d*/README.md")])
# Read by the command line itself, before there are settings.
OTHER_VARIABLES = {"LORA_DEBUG", "LORA_TOKEN", "LORA_JOURNAL", "LORA_ATTEMPT_TOKEN", "LORA_LLM_API_KEY"}


def blocks(page: str) -> list[tuple[str, str]]:
    """The fenced blocks of a page: language and text."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


def _prose(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def _links(page: Path) -> list[str]:
    text = re.sub(r"(`+)(?!`).+?\1", "", _prose(page))
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", link)]


def _anchors(page: Path) -> set[str]:
    """The names that GitHub gives headings."""
    headings = re.findall(r"^#+ (.*)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    """To a file or folder of the project, and to a heading that is there."""
    broken = []
    for link in _links(page):
        name, _, anchor = unquote(link).partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(target.name)

    assert broken == []


def _top_level() -> set[str]:
    """What git tracks or would track, at the top; in a copy without git, what is not made by running."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
        return {name.split("/")[0] for name in names if name and (ROOT / name).exists()}
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()} | {".git"}
    return {path.name for path in ROOT.iterdir()} - ignored


def test_the_map_names_every_folder_and_file_at_the_top():
    """Nobody has to guess what a folder is for."""
    section = (ROOT / "README.md").read_text().split("## What is where")[1].split("\n## ")[0]
    first_cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")][2:]

    named = {name.strip("/") for cell in first_cells for name in re.findall(r"[`\[]([\w.-]+/?)[`\]]", cell)}

    assert named == _top_level()


def _texts() -> Iterator[tuple[Path, str]]:
    return ((page, page.read_text()) for page in PAGES)


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    named = {
        target
        for _, text in _texts()
        for command in re.findall(r"(?:`|^)make ([a-z -]+?)(?: [A-Z]+=.*)?(?:`|$)", text, re.MULTILINE)
        for target in command.split()
    }

    assert {"demo", "test", "dev"} <= named
    assert named - targets == set()


def test_every_command_that_is_named_exists():
    commands = get_command(app).commands

    named = {
        command
        for _, text in _texts()
        for command in re.findall(r"\blora-pipeline ([a-z]+(?: [a-z]+)?)(?=[ `\n])", text)
    }

    known = set(commands) | {f"datasets {name}" for name in commands["datasets"].commands}
    assert {"check", "datasets delete"} <= named
    assert [name for name in named if name not in known and name.split()[0] not in known - {"datasets"}] == []


def test_every_variable_that_is_named_exists():
    known = {f"LORA_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES

    named = {(page.name, name) for page, text in _texts() for name in re.findall(r"\bLORA_[A-Z0-9_]+\b", text)}

    assert {(page, name) for page, name in named if name not in known} == set()


def test_every_sensor_and_schedule_is_explained(tmp_path):
    """An operator knows what runs by itself."""
    repository = build_defs(load_settings(data_dir=tmp_path)).get_repository_def()
    running = {each.name for each in [*repository.sensor_defs, *repository.schedule_defs]}

    explained = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)

    assert sorted(explained) == sorted(running)


def test_every_decision_is_listed():
    decisions = ROOT / "docs" / "decisions"

    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (decisions / "README.md").read_text())

    assert listed == sorted(path.name for path in decisions.glob("0*.md"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory, dagster_home):
    """What `make demo` leaves, made in this process."""
    with with_samples(tmp_path_factory.mktemp("readme"), dagster_home) as installation:
        yield installation


def _run(command: str, data_dir: Path) -> str:
    if command == "make demo":  # shows what these list; the demo itself takes half a minute
        return "".join(_run(f"lora-pipeline {listed} list", data_dir) for listed in ("datasets", "jobs"))
    words = shlex.split(command)
    assert words[0] in ("lora-pipeline", ".venv/bin/lora-pipeline")
    with chdir(ROOT):
        done = run(words[1:], {"LORA_DATA_DIR": str(data_dir), "COLUMNS": None})
    assert done.exit_code in (0, 1), done.output
    return done.stdout


SHOWN = [
    (shown, output)
    for (kind, shown), (next_kind, output) in zip(blocks("README.md"), blocks("README.md")[1:], strict=False)
    if (kind, next_kind) == ("sh", "text")
]


@pytest.mark.parametrize(("commands", "shown"), SHOWN, ids=[commands.splitlines()[-1][:40] for commands, _ in SHOWN])
def test_readme_shows_what_one_sees(commands, shown, demo):
    """Every line of an output in README is the beginning of a line that the commands above it print."""
    printed = "".join(_run(command, demo.settings.data_dir) for command in commands.splitlines()).splitlines()

    untrue = [line for line in shown.splitlines() if not any(real.startswith(line) for real in printed)]

    assert untrue == []


SQL = [
    text
    for page in ("README.md", "docs/operations.md", "docs/analysts.md")
    for kind, text in blocks(page)
    if kind == "sql"
]


@pytest.mark.parametrize("sql", [one.strip() for text in SQL for one in text.split(";") if one.strip()])
def test_the_sql_of_the_pages_runs(sql, demo):
    """An example that one copies gives an answer."""
    assert demo.query(sql) is not None


def test_the_notebook_over_the_warehouse_runs_as_it_stands(demo, monkeypatch):
    monkeypatch.chdir(demo.settings.data_dir.parent)
    cells = json.loads((ROOT / "docs" / "notebooks" / "warehouse.ipynb").read_text("utf-8"))["cells"]
    known: dict[str, object] = {}

    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), known)  # our own page

    assert known["days"].select("uploads", "ready", "rejected").rows() == [(3, 2, 1)]
    assert (known["lengths"].height, known["faults"].height > 0) == (3005, True)
    known["warehouse"].close()


def test_there_is_an_output_and_sql_to_try():
    """The pattern finds what it looks for."""
    assert len(SHOWN) == 3
    assert len(SQL) == 15
