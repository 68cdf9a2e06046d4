"""The findings about training pairs that repeat their conversation (brightrun-lora-v4).

The error is found in `formats/rows/brightrun.py`.
"""

from pipeline.dataset.rules.kinds import FindingKind, Scope, Severity, kinds
from pipeline.dataset.rules.pair_rules import PAIR_RULES

_ERRORS = kinds(
    Severity.ERROR,
    Scope.LINE,
    [
        (
            "contradicting-pairs",
            "the pairs of a conversation contradict each other",
            "Each pair repeats the conversation so far. Where two differ, nobody can tell what was said, "
            "and training on both teaches two answers.",
            "give the pairs one history, or the conversation that one of them belongs to an id of its own",
        ),
    ],
)
PAIR_KINDS: list[FindingKind] = [*_ERRORS, *PAIR_RULES.kinds()]
