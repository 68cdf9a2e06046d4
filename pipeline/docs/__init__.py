"""The generated pages of docs/: what the code says of itself, so that no page can say otherwise.

`python -m pipeline.docs` writes them, `--check` names the stale ones. Each page is a module with `page() -> str`;
`PAGES` lists them. Pages depend on nothing but the code: not on the environment, the machine or the day.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.docs import (
    accuracy_page,
    api_page,
    catalogues_page,
    cli_page,
    findings_page,
    formats_page,
    scaling_page,
    settings_page,
    tables_page,
)
from pipeline.docs.markdown import HEADER

PAGES: dict[str, Callable[[], str]] = {
    "accuracy.md": accuracy_page.page,
    "api.md": api_page.page,
    "catalogues.md": catalogues_page.page,
    "cli.md": cli_page.page,
    "findings.md": findings_page.page,
    "formats.md": formats_page.page,
    "scaling-model.md": scaling_page.page,
    "settings.md": settings_page.page,
    "tables.md": tables_page.page,
}


def make_pages() -> dict[str, str]:
    """Every page by its file name, as it should be."""
    return {name: f"{HEADER}\n\n{page()}" for name, page in PAGES.items()}


def stale(folder: Path, pages: Mapping[str, str]) -> list[Path]:
    """The pages that are missing in the folder or say something else, sorted."""
    return sorted(folder / name for name, text in pages.items() if _read(folder / name) != text)


def write(folder: Path, pages: Mapping[str, str]) -> list[Path]:
    """Write what is stale; returns what was written."""
    written = stale(folder, pages)
    folder.mkdir(exist_ok=True)
    for path in written:
        path.write_bytes(pages[path.name].encode())
    return written


def _read(path: Path) -> str | None:
    return path.read_bytes().decode() if path.is_file() else None
