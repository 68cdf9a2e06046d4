"""The code of the page about notebooks runs as it stands there."""

import re
from pathlib import Path

import polars as pl

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "notebook.md"
ASKED, ANSWERED = (
    {"role": "user", "content": "Is it open?"},
    {"role": "assistant", "content": "I'm sorry, I cannot help."},
)


def test_what_the_page_shows_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("chats").mkdir()
    pl.DataFrame({"messages": [[ASKED, ANSWERED]] * 3}).write_parquet("chats/some.parquet")
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    shown: dict[str, object] = {}

    exec(code, shown)  # our own page

    found = shown["found"]
    assert found.figures.item(0, "conversations") == 3
    assert "refusal" in found.finding_counts["code"].to_list()
    assert shown["found"]._repr_html_().startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')
    kept = shown["rows"].with_row_index("row", offset=1).join(found.findings, on="row", how="anti").collect()
    assert kept.is_empty()
