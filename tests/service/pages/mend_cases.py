"""Pages of what mending would change, and of how two versions differ, that tests draw."""

from dataclasses import replace

from pipeline.contract.mend_values import (
    ChangedRow,
    ComparedFigure,
    ComparedFindings,
    DatasetComparison,
    MendCount,
    MendExample,
    MendPreview,
)
from pipeline.service.pages.compare_page import compare_page
from pipeline.service.pages.dataset_card import dataset_card
from pipeline.service.pages.mend_page import mend_page
from pipeline.service.pages.render import render
from tests.card.cards import HOSTILE_TEXT
from tests.service.pages.attempt_cases import NOW
from tests.service.pages.dataset_cases import ERROR, FRAME, READY_DATASET

PREVIEW = MendPreview(
    is_ready=True,
    refusal=None,
    lines_in=30,
    lines_out=28,
    lines_aside=2,
    lines_changed=3,
    lines_rejected=1,
    mended=[MendCount(code="unknown-role", what="role written as trainers know it", count=3)],
    rejected=[MendCount(code="malformed-json", what="the line is not one JSON value", count=1)],
    remaining=[MendCount(code="refusal", what="remove the line, or write the answer", count=2)],
    examples=[
        MendExample(code="unknown-role", row=4, line=4, before='…"role": "human"', after='…"role": "user"'),
        MendExample(code="malformed-json", row=9, line=9, before=HOSTILE_TEXT, after=None),
    ],
)


COMPARISON = DatasetComparison(
    before_id=ERROR.id,
    after_id=READY_DATASET.id,
    unchanged=2_990,
    added=30,
    removed=1,
    changed=2,
    rows_added=list(range(1, 21)),
    rows_removed=[7],
    rows_changed=[
        ChangedRow(before_row=4, after_row=3, conversation_id="row-4", before="user: Hello", after="user: שלום"),
        ChangedRow(before_row=6, after_row=5, conversation_id="row-6", what="label", before="yes", after="no"),
    ],
    figures=[
        ComparedFigure(name="conversations", before=2_992, after=3_021),
        ComparedFigure(name="near duplicates", before=4, after=4),
    ],
    findings=[
        ComparedFindings(code="malformed-json", severity="error", before=6, after=0),
        ComparedFindings(code="refusal", severity="warning", before=0, after=2),
        ComparedFindings(code="blank-line", severity="warning", before=2, after=1),
    ],
)


def compare_html(found: DatasetComparison = COMPARISON, name: str = "everyday_talk") -> str:
    """The page."""
    cards = [dataset_card(replace(each, name=name), NOW) for each in (READY_DATASET, ERROR)]
    return render("compare", frame=FRAME, page=compare_page(*cards, found))


def mend_html(preview: MendPreview | None, refused: str = "", name: str = "broken_lines") -> str:
    """The page."""
    page = mend_page(dataset_card(replace(ERROR, name=name), NOW), preview, refused)
    return render("mend", frame=FRAME, page=page)


def planted_mend(text: str) -> list[str]:
    """The page with a text in every place that content may reach."""
    count = MendCount(code=text, what=text, count=1)
    example = MendExample(code=text, row=1, line=1, before=text, after=text)
    counts = {"mended": [count], "rejected": [count], "remaining": [count], "examples": [example]}
    changed = COMPARISON.rows_changed[0].model_copy(update={"conversation_id": text, "before": text, "after": text})
    compared = compare_html(COMPARISON.model_copy(update={"rows_changed": [changed]}), text)
    return [mend_html(PREVIEW.model_copy(update=counts), name=text), mend_html(None, text, text), compared]


MEND_CASES = {
    "mend.html": lambda: mend_html(PREVIEW),
    "compare.html": compare_html,
    "compare_same.html": lambda: compare_html(
        COMPARISON.model_copy(
            update={
                "added": 0,
                "removed": 0,
                "changed": 0,
                "rows_added": [],
                "rows_removed": [],
                "rows_changed": [],
                "findings": [],
            }
        )
    ),
    "mend_nothing.html": lambda: mend_html(
        PREVIEW.model_copy(
            update={name: [] for name in ("mended", "rejected", "remaining", "examples")}
            | {"lines_changed": 0, "lines_aside": 0}
        )
    ),
    "mend_refused.html": lambda: mend_html(None, "expected text, found a ZIP archive"),
}
