"""The golden pages, `tests/golden/pages/`; `python -m tests.service.pages.goldens [NAME…]` writes them anew."""

import re
from pathlib import Path

from tests.golden_names import chosen_goldens
from tests.service.pages.cases import CASES

FOLDER = Path(__file__).resolve().parent.parent.parent / "golden" / "pages"


def drawn(name: str) -> str:
    """A page without the versions in the addresses of its files, which change with them."""
    return re.sub(r"\?v=[0-9a-f]{12}", "", CASES[name]())


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in chosen_goldens(CASES):
        (FOLDER / name).write_text(drawn(name), "utf-8")
