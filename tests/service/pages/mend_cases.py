"""Pages of what mending would change that tests draw."""

from dataclasses import replace

from pipeline.contract.mend_values import MendCount, MendExample, MendPreview
from pipeline.service.pages.dataset_card import dataset_card
from pipeline.service.pages.mend_page import mend_page
from pipeline.service.pages.render import render
from tests.card.cards import HOSTILE_TEXT
from tests.service.pages.attempt_cases import NOW
from tests.service.pages.dataset_cases import ERROR, FRAME

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


def mend_html(preview: MendPreview | None, refused: str = "", name: str = "broken_lines") -> str:
    """The page."""
    page = mend_page(dataset_card(replace(ERROR, name=name), NOW), preview, refused)
    return render("mend", frame=FRAME, page=page)


def planted_mend(text: str) -> list[str]:
    """The page with a text in every place that content may reach."""
    count = MendCount(code=text, what=text, count=1)
    example = MendExample(code=text, row=1, line=1, before=text, after=text)
    counts = {"mended": [count], "rejected": [count], "remaining": [count], "examples": [example]}
    return [mend_html(PREVIEW.model_copy(update=counts), name=text), mend_html(None, text, text)]


MEND_CASES = {
    "mend.html": lambda: mend_html(PREVIEW),
    "mend_nothing.html": lambda: mend_html(
        PREVIEW.model_copy(
            update={name: [] for name in ("mended", "rejected", "remaining", "examples")}
            | {"lines_changed": 0, "lines_aside": 0}
        )
    ),
    "mend_refused.html": lambda: mend_html(None, "expected text, found a ZIP archive"),
}
