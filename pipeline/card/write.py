"""Puts a card in place as one file."""

from pathlib import Path

from pipeline.card.card import Card
from pipeline.card.page import render_card
from pipeline.state.durable import whole_file, written


def write_card(card: Card, target: Path) -> None:
    """Write a card; whoever opens the file sees a whole page.

    Raises:
        LakeError: the file cannot be written.
    """
    page = render_card(card)
    with whole_file(target) as aside, written(target):
        aside.write_text(page, encoding="utf-8", newline="\n")
