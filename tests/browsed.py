"""A dataset whose rows have all that rows may have, read into a lake: for who looks at rows."""

import json
from dataclasses import dataclass
from pathlib import Path

from pipeline.clock import utc_now
from pipeline.dataset.browsing.row_tables import RowTables
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.flow.intake import look
from pipeline.flow.scan import Cursor
from pipeline.flow.upload_lines import UploadLines, lines_of_dataset
from pipeline.flow.validation import Validator
from pipeline.settings import Settings, load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.lake import make_lake
from pipeline.state.store import make_store
from tests.card.cards import HOSTILE_TEXT

HOSTILE = HOSTILE_TEXT.replace("\x00", "").replace("\ud800", "")  # as far as an accepted row may hold it
CALL = [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}]
GERMAN = "Das ist eine lange Antwort in deutscher Sprache, damit man sie sicher erkennen kann."
ENGLISH = "This is a long answer in the English language, so that anybody can tell what it is."


def chat(*turns: tuple[str, str], **fields: object) -> bytes:
    """A row of OpenAI's format."""
    messages = [{"role": role, "content": content} for role, content in turns]
    return json.dumps({"messages": messages} | fields, ensure_ascii=False).encode() + b"\n"


def rich_chat() -> bytes:
    """Tools, a thought, a call with its result, and a picture."""
    picture = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "cat.png"}}]
    messages = [
        {"role": "user", "content": picture},
        {"role": "assistant", "content": None, "tool_calls": CALL},
        {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
        {"role": "assistant", "content": "It is sunny.", "reasoning_content": "The tool says so."},
    ]
    tool = {"type": "function", "function": {"name": "weather", "parameters": {}}}
    return json.dumps({"messages": messages, "tools": [tool]}).encode() + b"\n"


ROWS = (
    rich_chat(),
    chat(("user", "מה שלומך?"), ("assistant", "שלום, הכול בסדר.")),
    chat(("user", "Wie heißt das?"), ("assistant", GERMAN)),
    chat(("user", "Say it in Oslo"), ("assistant", ENGLISH)),
    b'{"messages": [{"role": "user", "content": 1}]}\n',
    chat(("narrator", HOSTILE), ("assistant", f"{HOSTILE} oslo")),
    b"{not json " + HOSTILE.encode() + b"\n",
    *(chat(("user", f"Question {n}?"), ("assistant", "A" * 40 + f" answer {n}.")) for n in range(60)),
)
CONTENT = b"".join(ROWS)


@dataclass(frozen=True, slots=True)
class Browsed:
    """The dataset with its verdict, its tables, and its upload."""

    settings: Settings
    dataset: Dataset
    tables: RowTables
    lines: UploadLines | None


def browsed(folder: Path, content: bytes = CONTENT, name: str = "rows") -> Browsed:
    """Put the file into a store, read it, and record the verdict."""
    settings = load_settings(data_dir=folder / "data", settle_s=0, max_rejected_share=0.2)
    path = settings.data_dir / "uploads" / settings.default_owner / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    store, lake = make_store(settings), make_lake(settings)
    rules = Rules(max_rejected_share=0.2, has_near_duplicates=True)
    with Catalog.open(settings.catalog_url, make=True) as catalog:
        [dataset_id] = look(store, catalog, settings, Cursor(), utc_now()).registered
        outcome = Validator(store, lake, rules, settings.max_upload_bytes, "run-1").validate(catalog.get(dataset_id))
        catalog.record_verdict(outcome.verdict(), utc_now())
        dataset = catalog.get(dataset_id)
    return Browsed(settings, dataset, RowTables(lake, dataset_id), lines_of_dataset(store, lake, dataset))
