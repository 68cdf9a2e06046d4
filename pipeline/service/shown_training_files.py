"""Training files as the contract shows them."""

from collections import Counter
from collections.abc import Iterable, Sequence

from pipeline.contract.training_file_values import (
    TrainingFileMember,
    TrainingFilePreview,
    TrainingFileSummary,
)
from pipeline.flow.generation.training_file_building import Preview
from pipeline.service.record_fields import fields_of
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.costs import NANO
from pipeline.state.catalog.generation_records import Made, Member, TrainingFile, Version


def file_summary(file: TrainingFile) -> TrainingFileSummary:
    """A training file as lists show it."""
    return TrainingFileSummary(**fields_of(TrainingFileSummary, file, {"cost_usd": file.cost_nano_usd / NANO}))


def file_members(readable: Catalog, members: Sequence[Member], first: int) -> list[TrainingFileMember]:
    """Conversations of a file, as they were then. first: the position of the first of these."""
    known = readable.given_versions([(each.conversation_id, each.version) for each in members])
    pairs = zip(members, known, strict=True)
    return [_member(position, *each) for position, each in enumerate(pairs, first)]


def file_preview(found: Preview) -> TrainingFilePreview:
    """What a file would have."""
    chosen, origins = found.conversations, [each.origin for each in found.conversations]
    return TrainingFilePreview(
        conversation_count=len(chosen),
        repeated_count=len(found.repeated),
        total_training_pairs=found.total_training_pairs,
        cost_usd=found.cost_nano_usd / NANO,
        cost_nano_usd=found.cost_nano_usd,
        reviewed_count=sum(each.is_reviewed for each in chosen),
        unjudged_count=sum(each.judgement is None for each in chosen),
        personas=_counted(each.persona.key for each in origins),
        arcs=_counted(each.arc.key for each in origins),
        topics=_counted(each.topic.key for each in origins),
        quality_tiers=_counted(each.quality_tier or "none" for each in chosen),
        splits=_counted(each.side or "none" for each in chosen),
    )


def _member(position: int, member: Member, known: tuple[Made, Version]) -> TrainingFileMember:
    made, version = known
    return TrainingFileMember(
        position=position,
        conversation_id=member.conversation_id,
        version=member.version,
        title=version.content["title"],
        persona=made.persona,
        arc=made.arc,
        topic=made.topic,
        quality_tier=member.told.get("quality_tier"),
        split=member.told.get("split"),
        is_reviewed=bool(member.told.get("is_reviewed")),
    )


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
