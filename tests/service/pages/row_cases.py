"""Pages of rows that tests draw: accepted ones, found ones, a language, rejected ones, none; and hostile ones."""

from dataclasses import replace

from pipeline.contract.marked_line import MarkedLine
from pipeline.contract.row_values import BrowsedRow, RejectedPage, RejectedRow, RowPage, RowTurn
from pipeline.service.pages.dataset_card import dataset_card
from pipeline.service.pages.render import render
from pipeline.service.pages.rows_page import asked_of, rows_page
from tests.card.cards import HOSTILE_TEXT, READY, REJECTED
from tests.card.cards import planted as planted_card
from tests.dataset.findings.records import planted_record
from tests.service.pages.attempt_cases import NOW
from tests.service.pages.dataset_cases import ERROR, FRAME, READY_DATASET

_CALL = '[{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{\\"city\\": \\"Oslo\\"}"}}]'
_TOOLS = '[{"type": "function", "function": {"name": "weather"}}, {"name": "clock"}, 7]'


def _turn(role: str, content: str, **fields: object) -> RowTurn:
    values = {"role": role, "content": content, "characters": len(content), "is_learned": role == "assistant"}
    nothing = dict.fromkeys(("weight", "reasoning", "tool_calls", "tool_call_id", "name", "branch"))
    return RowTurn.model_validate({**nothing, "media": [], **values, **fields})


def _row(row: int, *turns: RowTurn, **fields: object) -> BrowsedRow:
    values = {"row": row, "line": row, "conversation_id": f"row-{row}", "turn_count": len(turns), "word_count": 12}
    known = {"split": "train", "cluster": row, "cluster_size": 1, "tools": None, "label": None, "media": []}
    return BrowsedRow.model_validate({**values, **known, "findings": [], "turns": list(turns), **fields})


RICH = _row(
    4,
    _turn("system", "Be brief."),
    _turn("user", "What is this?", media=["image_url: cat.png"], name="Kim"),
    _turn("assistant", "", tool_calls=_CALL),
    _turn("tool", "sunny", tool_call_id="c1"),
    _turn("assistant", "It is sunny in Oslo. " * 60, reasoning="The tool says so.", weight=0.5),
    _turn("assistant", "", is_learned=False),
    tools=_TOOLS,
    turn_count=90,
    split="validation",
    cluster=2,
    cluster_size=3,
    findings=[planted_record("a", 4, "unknown-role")],
)
RIGHT_TO_LEFT = _row(
    9, _turn("user", "מה שלומך?"), _turn("assistant", HOSTILE_TEXT, characters=40_000, branch="chosen"), label=True
)
FOUND = RowPage(items=[RICH, RIGHT_TO_LEFT], total=65, page=2, limit=10)
REJECTED_ROWS = RejectedPage(
    items=[
        RejectedRow(row=2, line=2, findings=[REJECTED.examples[0]], text=MarkedLine("{", HOSTILE_TEXT, "ot json", 2)),
        RejectedRow(row=5, line=5, findings=[REJECTED.examples[1]], text=None),
    ],
    total=2,
    page=1,
    limit=10,
)


def rows_html(asked: dict[str, str], found: RowPage | None = FOUND, rejected: RejectedPage | None = None) -> str:
    """The page at an address."""
    dataset, card = (ERROR, REJECTED) if rejected else (READY_DATASET, READY)
    page = rows_page(dataset_card(dataset, NOW), card.figures, asked_of(asked), None if rejected else found, rejected)
    return render("rows", frame=FRAME, page=page)


def planted_rows(text: str) -> list[str]:
    """The pages with a text in every place that content may reach."""
    of_text = planted_record(text, 4)
    turn = _turn(text, text, reasoning=text, tool_calls=f"no JSON {text}", name=text, media=[text], branch=text)
    row = _row(
        4,
        turn,
        _turn("user", text, tool_calls=_CALL),
        conversation_id=text,
        media=[text],
        tools=_TOOLS,
        findings=[of_text],
    )
    found = RowPage(items=[row], total=1, page=1, limit=10)
    wrong = RejectedRow(row=5, line=5, findings=[of_text], text=MarkedLine(text, text, text, 1))
    rejected = RejectedPage(items=[wrong], total=1, page=1, limit=10)
    card = dataset_card(replace(READY_DATASET, name=text), NOW)
    figures = planted_card(text).figures
    accepted = rows_page(card, figures, asked_of({"text": "what nothing holds"}), found, None)
    pages = [accepted, rows_page(card, figures, asked_of({"kind": "rejected"}), None, rejected)]
    return [render("rows", frame=FRAME, page=page) for page in pages]


_NONE = RowPage(items=[], total=0, page=1, limit=10)
ROW_CASES = {
    "rows.html": lambda: rows_html({"page": "2"}),
    "rows_found.html": lambda: rows_html({"text": "oslo", "turns_min": "2", "finding": "unknown-role"}),
    "rows_of_language.html": lambda: rows_html(
        {"language": "de", "after": "4"},
        RowPage(items=[RIGHT_TO_LEFT], total=None, page=1, limit=10, next_after=254, looked_at=250),
    ),
    "rows_nothing_fits.html": lambda: rows_html({"text": HOSTILE_TEXT[:200], "cluster": "4"}, _NONE),
    "rows_rejected.html": lambda: rows_html({"kind": "rejected"}, None, REJECTED_ROWS),
}
