"""Puts a card in place as one file."""

import os
from pathlib import Path

from pipeline.card.card import Card
from pipeline.card.page import render_card
from pipeline.errors import LakeError


def write_card(card: Card, target: Path) -> None:
    """Write a card; whoever opens the file sees a whole page.

    Raises:
        LakeError: the file cannot be written.
    """
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        try:
            aside.write_text(render_card(card), encoding="utf-8", newline="\n")
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise LakeError(f"cannot write {target}: {(error.strerror or str(error)).lower()}") from error
