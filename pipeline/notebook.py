"""What a notebook asks for: a file, or rows that one holds, as frames; shown as the card that others see of it.

The frames are those of `pipeline.dataset`, which knows no card; `pipeline.read` and `pipeline.profile` lead here.
"""

import html
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.card.card import Card
from pipeline.card.card_examples import first_examples
from pipeline.card.page import render_card
from pipeline.card.sources import card_of_profile
from pipeline.dataset.profiles.profile import Profile
from pipeline.dataset.profiles.profile_frame import (
    FrameProfile,
    MappingSaid,
    framed,
    profiled_file,
    profiled_frame,
)
from pipeline.trainers.acceptance import acceptance_of, asking

_HEIGHT_PX = 640


@dataclass(frozen=True, slots=True)
class ShownProfile(FrameProfile):
    """What is known of rows: frames, and the card."""

    card: Card
    """All that the card says, also which trainers take the rows."""

    def _repr_html_(self) -> str:
        """The card, in a frame of its own: its style is not that of the notebook."""
        page = html.escape(render_card(self.card))
        return (
            f'<iframe srcdoc="{page}" sandbox style="width:100%;height:{_HEIGHT_PX}px;border:0" '
            f'title="{html.escape(self.card.name)}"></iframe>'
        )


def read(
    path: str | Path,
    *,
    dataset_format: str | None = None,
    mapping: MappingSaid = None,
    structure_only: bool = False,
) -> ShownProfile:
    """Read, judge and profile a file as `lora-pipeline check` does.

    dataset_format, mapping, structure_only: as of `profile`.

    Raises:
        UsageError: there is no such file or format, or the mapping describes none.
        LakeError: temporary files cannot be written.
    """
    found = profiled_file(Path(path), dataset_format, mapping, structure_only, asking)
    return _shown(found, str(path))


def profile(
    frame: pl.DataFrame | pl.LazyFrame,
    *,
    dataset_format: str | None = None,
    mapping: MappingSaid = None,
    structure_only: bool = False,
) -> ShownProfile:
    """Judge and profile rows that one holds; the same as `pipeline.dataset.profile`, and shown as a card.

    Raises:
        UsageError, LakeError: see there.
    """
    found = profiled_frame(frame, dataset_format, mapping, structure_only, asking)
    return _shown(found, "frame")


def _shown(found: Profile, name: str) -> ShownProfile:
    frames = framed(found)
    card = card_of_profile(found, name, acceptance_of(found), first_examples(found.findings_path, found.finding_counts))
    return ShownProfile(
        frames.figures, frames.finding_counts, frames.findings, frames.conversations, frames.turns, card
    )
