"""The card of a dataset: one page that says what is in it, whether it can train a model, and what to mend.

`sources.py` gathers a `Card`, `page.py` draws it as one HTML file, `templates/` hold its words and looks.
"""

from pipeline.card.card import Card
from pipeline.card.card_examples import first_examples
from pipeline.card.page import render_card
from pipeline.card.sources import card_of_dataset, card_of_profile, figures_of_dataset
from pipeline.card.write import write_card

__all__ = [
    "Card",
    "card_of_dataset",
    "card_of_profile",
    "figures_of_dataset",
    "first_examples",
    "render_card",
    "write_card",
]
