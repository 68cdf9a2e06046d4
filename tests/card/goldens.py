"""The golden cards, `tests/golden/card/`; `python -m tests.card.goldens [NAME…]` writes them anew."""

from pathlib import Path

from pipeline.card.write import write_card
from tests.card.cards import CASES
from tests.golden_names import chosen_goldens

FOLDER = Path(__file__).resolve().parent.parent / "golden" / "card"

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in chosen_goldens(CASES):
        write_card(CASES[name], FOLDER / name)
