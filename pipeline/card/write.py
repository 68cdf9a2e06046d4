"""Puts a card in place as one file."""

import os
from pathlib import Path

from pipeline.card.card import Card
from pipeline.card.page import render_card
from pipeline.card.sources import card_of_profile
from pipeline.errors import LakeError
from pipeline.lake.errors import lake_errors
from pipeline.validation import Outcome


def write_dataset_card(outcome: Outcome, folder: Path) -> Path:
    """Write the card of a dataset just validated into a folder, made if need be; returns its place.

    Raises:
        LakeError: the folder cannot be written.
    """
    target = folder / f"{outcome.dataset.id}.html"
    with lake_errors("write", target):
        folder.mkdir(parents=True, exist_ok=True)
    write_card(card_of_profile(outcome.profile, outcome.dataset.name), target)
    return target


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
