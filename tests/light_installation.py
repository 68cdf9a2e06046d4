"""The light installation, in a process of its own: `python -m tests.light_installation LIBRARIES < commands`.

Only the libraries that LIBRARIES names, by comma, can be imported besides Python's and ours. commands: a JSON list of
lists of arguments; for each a JSON object with exit code and both outputs is printed, a line each.
"""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from importlib.machinery import ModuleSpec, PathFinder

OURS = {"pipeline", "assets", "resources", "sensors", "tests"}


class OnlySome(PathFinder):
    """Finds what the light installation has; everything else is not there."""

    allowed: frozenset[str] = frozenset()

    @classmethod
    def find_spec(cls, fullname: str, path=None, target=None) -> ModuleSpec | None:
        library = fullname.partition(".")[0]
        if library not in cls.allowed and not library.startswith("_sysconfigdata"):  # Python's own, named by machine
            return None
        return super().find_spec(fullname, path, target)


def leave_only(libraries: set[str]) -> None:
    OnlySome.allowed = frozenset(libraries | OURS | set(sys.stdlib_module_names))
    # Finders of editable installations bring nothing that we want to miss, and nothing that is ours.
    sys.meta_path[:] = [each for each in sys.meta_path if each.__module__ == "_frozen_importlib"] + [OnlySome]


def run(arguments: list[str]) -> dict[str, object]:
    from pipeline.cli import main

    out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    sys.argv = ["lora-pipeline", *arguments]
    code: object = None
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    out.seek(0)
    return {"code": code, "out": out.read(), "err": err.getvalue()}


if __name__ == "__main__":
    leave_only(set(sys.argv[1].split(",")))
    for each in json.load(sys.stdin):
        sys.stdout.write(json.dumps(run(each)) + "\n")
