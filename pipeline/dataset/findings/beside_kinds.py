"""The findings about what stands beside a text, or in it in its place: reasoning, pictures, sounds."""

from pipeline.dataset.rules.beside_rules import BESIDE_RULES
from pipeline.dataset.rules.kinds import FindingKind, Scope, Severity, kinds

_FILE_NOTES = kinds(
    Severity.NOTE,
    Scope.FILE,
    [
        (
            "mixed-reasoning",
            "some conversations have reasoning, others have none",
            "The model learns to think now and then, and nothing tells it when.",
            "keep one kind, or say in the system turn or in the question when to think (as /think and /no_think do)",
        ),
    ],
)

BESIDE_KINDS: list[FindingKind] = [*BESIDE_RULES.kinds(), *_FILE_NOTES]
