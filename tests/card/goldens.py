"""The golden cards, `tests/golden/card/`; `python -m tests.card.goldens` writes them anew. Then look at them."""

from pathlib import Path

from pipeline.card import write_card
from tests.card.cards import CASES

FOLDER = Path(__file__).resolve().parent.parent / "golden" / "card"

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, card in CASES.items():
        write_card(card, FOLDER / name)
