"""`python -m pipeline.docs`: write the generated pages; with --check, only name the stale ones and exit with 1."""

import argparse
import sys
from pathlib import Path

from pipeline.docs import make_pages, stale, write
from pipeline.settings import PROJECT_DIR


def main(arguments: list[str] | None = None) -> int:
    """Run with the arguments of the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if a page is stale")
    parser.add_argument("--folder", type=Path, default=PROJECT_DIR / "docs", help="where the pages lie")
    options = parser.parse_args(arguments)
    pages = make_pages()
    if not options.check:
        for path in write(options.folder, pages):
            print(f"written: {path.name}")  # noqa: T201
        return 0
    found = stale(options.folder, pages)
    for path in found:
        print(f"stale: docs/{path.name}; run `make docs` and commit it", file=sys.stderr)  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
