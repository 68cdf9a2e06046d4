"""Gathers a card: from the profile of a file just read, or from the catalog and the lake for a dataset of theirs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any

import msgspec

from pipeline.card.card import Card, Conversation, Figures
from pipeline.card.card_examples import first_examples, pick_examples
from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.profiles.profile import Profile
from pipeline.errors import LakeError, UsageError
from pipeline.state.catalog.dataset_records import Dataset, no_verdict
from pipeline.state.lake import Lake
from pipeline.state.lake.parquet_files import ANEW, parquet_file
from pipeline.trainers.acceptance import Acceptance, load_targets

_JSON_COLUMNS = (
    "finding_counts",
    "roles",
    "tokens_per_conversation",
    "truncation",
    "rows_by_tokens",
    "languages",
    "words_per_turn",
    "turns_per_conversation",
)


def card_of_profile(
    profile: Profile, path: str, acceptance: Sequence[Acceptance], examples: tuple[FindingRecord, ...] | None = None
) -> Card:
    """The card of a file. path: as people know it. examples: default, those among the findings that were kept."""
    counts = profile.statistics
    return Card(
        name=PurePath(path).name,
        path=path,
        figures=msgspec.convert(profile.as_dict(path), Figures),
        acceptance=tuple(acceptance),
        examples=pick_examples(profile.findings) if examples is None else examples,
        samples=msgspec.convert(counts.samples, tuple[Conversation, ...]),
        words_per_turn=counts.words_per_turn,
        turns_per_conversation=counts.turns_per_conversation,
    )


def card_of_dataset(dataset: Dataset, lake: Lake) -> Card:
    """The card of a dataset that was validated.

    Raises:
        UsageError: it has no verdict yet.
        LakeError: its files are missing, cannot be read, or are of an earlier version.
    """
    if dataset.status not in ("ready", "error"):
        raise UsageError(no_verdict(dataset))
    profile = _profile(dataset, lake)
    figures, validated_at = _figures(profile, dataset.id), profile["validated_at"]
    with lake.fetch("findings", dataset.id) as findings:
        examples = first_examples(findings, figures.finding_counts)
    return Card(
        name=dataset.name,
        path=dataset.storage_path,
        figures=figures,
        acceptance=_acceptance(lake, dataset.id),
        examples=examples,
        samples=msgspec.convert(dataset.sample_data or [], tuple[Conversation, ...]),
        dataset_id=dataset.id,
        owner=dataset.user_id,
        validated_at=validated_at if isinstance(validated_at, datetime) else None,
    )


def figures_of_dataset(dataset: Dataset, lake: Lake) -> Figures:
    """The figures of a dataset that was validated.

    Raises:
        LakeError: its profile is missing, cannot be read, or is of an earlier version.
    """
    return _figures(_profile(dataset, lake), dataset.id)


def _profile(dataset: Dataset, lake: Lake) -> Mapping[str, Any]:
    profiles: list[dict[str, Any]] = lake.read_profiles([dataset.id]).to_pylist()
    if not profiles:
        raise LakeError(f"the lake has no profile of {dataset.id}; validate the dataset again")
    return profiles[0]


def _figures(row: Mapping[str, Any], dataset_id: str) -> Figures:
    nested = {name: msgspec.json.decode(row[name]) for name in _JSON_COLUMNS if row[name] is not None}
    try:
        return msgspec.convert({**row, **nested}, Figures)
    except msgspec.ValidationError as error:
        raise LakeError(
            f"the profile of {dataset_id} is of another version ({error}); validate the dataset again"
        ) from error


def _acceptance(lake: Lake, dataset_id: str) -> tuple[Acceptance, ...]:
    titles = {target.name: target.title for target in load_targets()}
    with lake.fetch("target_acceptance", dataset_id) as path, parquet_file(path, ANEW) as file:
        rows = file.read().to_pylist()
    judged = [
        {**row, "title": titles.get(row["target"], row["target"]), "reasons": msgspec.json.decode(row["reasons"])}
        for row in rows
    ]
    return msgspec.convert(judged, tuple[Acceptance, ...])
