"""Guards that read the project itself: what is tracked, and how tests are written."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clocks import timed_assertions

ROOT = Path(__file__).resolve().parent.parent
MAX_FILE_BYTES = 2**20

# Written in two halves, so that this file does not find itself.
REGISTRY_HOSTS = re.compile(
    "|".join(
        re.escape(f"{name}.{domain}")
        for name, domain in [
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("registry.npmjs", "org"),
            ("deb.debian", "org"),
            ("archive.ubuntu", "com"),
            ("crates", "io"),
            ("conda", "anaconda.org"),
        ]
    )
)
DOWNLOAD_ADDRESSES = re.compile(r"https?://[^\s\"']+/(simple/?|packages/[0-9a-f]{2}/\S*|\S*\.(whl|tgz))(?=[\"'#\s]|$)")
HOME_PATHS = re.compile(r"(?<![\w.-])/(home|Users)/\w|(?<![\w.-])/root/\w")


@pytest.fixture(scope="module")
def project_files() -> list[Path]:
    """Every file that git tracks or would track; in a copy without git, every file that is not made by running."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        # A container's checkout often belongs to another user, which git refuses unless told.
        command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
        paths = [ROOT / name for name in names if name]
    else:
        made = {".git", "__pycache__", "lake", "uploads", "dagster_home", "build"}
        made |= {".venv", ".venv-trainers", ".venv-llamafactory", ".venv-mistral", ".venv-llm", ".venv-ray"}
        paths = [path for path in ROOT.rglob("*") if not made & set(path.relative_to(ROOT).parts)]
        paths = [path for path in paths if not any(part.endswith("_cache") for part in path.parts)]
    return sorted(path for path in paths if path.is_file() or path.is_symlink())


def test_no_link_is_tracked(project_files):
    """Where it leads is a path of one machine."""
    assert [str(path) for path in project_files if path.is_symlink()] == []


def _lines_matching(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in paths
        if path.stat().st_size <= MAX_FILE_BYTES  # a larger one fails for its size
        for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_package_registry(project_files):
    """Where packages come from is each machine's own setting; the hashes say what they are."""
    assert _lines_matching(REGISTRY_HOSTS, project_files) == []
    assert _lines_matching(DOWNLOAD_ADDRESSES, project_files) == []


def test_no_file_names_a_home_folder(project_files):
    """A path of the machine it was written on helps nobody else."""
    assert _lines_matching(HOME_PATHS, project_files) == []


def test_the_guards_find_what_they_look_for(tmp_path):
    """Each pattern matches the line that it is there for."""
    bad = {
        REGISTRY_HOSTS: "index-url = https://" + "pypi" + ".org/simple",
        DOWNLOAD_ADDRESSES: "--find-links https://example.com/" + "packages/ab/cd/x-1.0.whl",
        HOME_PATHS: "data_dir: /" + "home/ada/data",
    }

    assert [bool(pattern.search(line)) for pattern, line in bad.items()] == [True, True, True]
    assert not HOME_PATHS.search("https://example.com/home/page and tests/root/x")


def test_no_file_is_large(project_files):
    """A clone stays quick: nothing above 1 MiB is tracked."""
    sizes = {str(path.relative_to(ROOT)): path.stat().st_size for path in project_files}

    assert {name: size_bytes for name, size_bytes in sizes.items() if size_bytes > MAX_FILE_BYTES} == {}


def test_no_lock_file_with_addresses(project_files):
    """requirements*.txt are the locks: hashes without addresses."""
    address_locks = re.compile(r"uv\.lock|poetry\.lock|pylock.*\.toml")

    assert [path.name for path in project_files if address_locks.fullmatch(path.name)] == []


def test_requirements_are_pinned_by_hash():
    """Each line of the locks is one exact version, a hash of it, and nothing else."""
    locks = [*ROOT.glob("requirements*.txt"), *ROOT.glob("tests/**/requirements*.txt")]
    locks += ROOT.glob("deploy/requirements*.txt")
    assert len(locks) == 14
    for path in locks:
        lines = path.read_text().splitlines()

        unexpected = [
            line
            for line in lines
            if not re.fullmatch(r"[a-z0-9._-]+==[^ ]+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line)
        ]

        assert unexpected == []


def test_no_test_asserts_on_a_clock(project_files):
    """A verdict that depends on the machine's load is no verdict; speed is measured by `make bench`.

    What counts as one, and which deadlines are allowed, is in `tests/clocks.py`.
    """
    tests = [path for path in project_files if path.suffix == ".py" and path.is_relative_to(ROOT / "tests")]
    programs = ROOT / "tests/benchmarks"  # which measure, and assert nothing; their own tests are tests

    sources = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text("utf-8")
        for path in tests
        if path.name.startswith("test_") or not path.is_relative_to(programs)
    }

    assert timed_assertions(sources) == []


def test_every_make_target_has_a_line_of_help():
    """`make` alone tells what there is."""
    makefile = (ROOT / "Makefile").read_text()
    phony = set(re.findall(r"^\.PHONY: (\S+)", makefile, re.MULTILINE))
    helped = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))

    assert phony - helped == {"services"}  # a step of test-all, not for typing


MODULE = re.compile(r"`((?:[a-z_0-9]+/)*[a-z_0-9]+\.py)`")
# Written into the folder of a job, and a name of Dagster's.
NO_MODULES_OF_OURS = {"train.py", "dagster/_cli/dev.py", "_grpc/proxy_server.py"}


def test_every_module_that_a_text_names_is_there(project_files):
    """A charter that sends its reader to a file that was moved is worse than none."""
    there = {f"/{path.relative_to(ROOT).as_posix()}" for path in project_files}
    texts = [path for path in project_files if path.suffix in (".py", ".md") and "golden" not in path.parts]

    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in texts
        for name in MODULE.findall(path.read_text("utf-8"))
        if name not in NO_MODULES_OF_OURS and not any(each.endswith(f"/{name}") for each in there)
    }

    assert missing == set()


# The module through which the private names of a library come: an upgrade that moves one is mended there.
PRIVATE_NAMES = {
    "resources/dagster_internals.py": {"dagster"},
    "pipeline/installation.py": {"dagster"},  # starts its daemon, a module with a private name
    "pipeline/dataset/tokens/bpe_bindings.py": {"bpe_openai"},
    "pipeline/cli/typer_internals.py": {"typer"},
}
PRIVATE_NAME = re.compile(r"([a-z]\w*)(\.[a-z]\w*)*\._[a-z][\w.]*|(typer)\.core\..*")
SOURCES = ("pipeline", "assets", "resources", "sensors")


def _modules_named(source: str) -> Iterator[str]:
    """Each thing that is imported, and each text that names a module, with dots."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{each.name}" for each in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_the_private_names_of_a_library_come_through_one_module(project_files):
    """What an upgrade may move is in one place, with a test of its shape."""
    found = {
        (path.relative_to(ROOT).as_posix(), match[1] or match[3])
        for path in project_files
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in SOURCES
        for name in _modules_named(path.read_text("utf-8"))
        if (match := PRIVATE_NAME.fullmatch(name)) and (match[1] or match[3]) not in SOURCES
    }

    assert found == {(path, library) for path, libraries in PRIVATE_NAMES.items() for library in libraries}
