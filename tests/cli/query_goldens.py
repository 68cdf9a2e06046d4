"""The golden files of rendered answers; `python -m tests.cli.query_goldens [CASE…]` writes them anew.

`tests/golden/query/<case>.sql` is a question to an empty warehouse, beside it lie the answer as table (`.txt`), as
JSON Lines (`.jsonl`) and as CSV. To add a case, add the question and run the module with its name; then
read what it wrote.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.cli.query_table import render_csv, render_json_lines, render_table
from pipeline.state.warehouse import open_query
from pipeline.state.warehouse.user_query import Answer
from tests.golden_names import chosen_goldens
from tests.state.warehouse.examples import open_installation

FOLDER = Path(__file__).resolve().parents[1] / "golden" / "query"
CASES = sorted(path.stem for path in FOLDER.glob("*.sql"))
RENDERERS: Mapping[str, Callable[[Answer], str]] = {
    "txt": lambda answer: render_table(answer.columns, answer.rows),
    "jsonl": lambda answer: "".join(render_json_lines(answer.columns, answer.rows)),
    "csv": lambda answer: "".join(render_csv(answer.columns, answer.rows)),
}


def rendered(warehouse: Path, case: str, kind: str) -> str:
    with open_query(warehouse, (FOLDER / f"{case}.sql").read_text()) as answer:
        return RENDERERS[kind](answer)


def write_all() -> None:
    with tempfile.TemporaryDirectory() as folder:
        installation = open_installation(Path(folder))
        installation.build()
        for case in chosen_goldens(CASES):
            for kind in RENDERERS:
                (FOLDER / f"{case}.{kind}").write_bytes(rendered(installation.warehouse, case, kind).encode())
        installation.catalog.close()


if __name__ == "__main__":
    sys.exit(write_all())
