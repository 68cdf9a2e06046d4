"""The page about a dataset that its asset page leads to."""

from dataclasses import replace
from pathlib import Path

from pipeline.card.sources import card_of_profile
from pipeline.card.write import write_card
from pipeline.flow.validation import Outcome
from pipeline.state.lake.lake_errors import lake_errors


def write_dataset_card(outcome: Outcome, folder: Path) -> Path:
    """Write the card of a dataset just validated into a folder, made if need be; returns its place.

    Raises:
        LakeError: the folder cannot be written.
    """
    dataset, target = outcome.dataset, folder / f"{outcome.dataset.id}.html"
    card = card_of_profile(outcome.profile, dataset.storage_path, outcome.acceptance)
    with lake_errors("write", target):
        folder.mkdir(parents=True, exist_ok=True)
    write_card(replace(card, name=dataset.name, dataset_id=dataset.id, owner=dataset.user_id), target)
    return target
