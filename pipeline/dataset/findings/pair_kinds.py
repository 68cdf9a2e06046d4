"""The findings about training pairs that repeat their conversation (brightrun-lora-v4).

Where each is found: the error in `formats/rows/brightrun.py`, the others in `structure/pairs.py`.
"""

from pipeline.dataset.findings.kinds import FindingKind, Scope, Severity, kinds

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
_WARNINGS = kinds(
    Severity.WARNING,
    Scope.LINE,
    [
        (
            "pair-without-target",
            "a training pair has no answer",
            "There is nothing to learn from it, so it is left out; the conversation's other pairs stay.",
            "write its target_response, or leave it out",
        ),
    ],
)
_NOTES = kinds(
    Severity.NOTE,
    Scope.LINE,
    [
        (
            "file-metadata-line",
            "a line says what the file is, and is no row",
            "It is kept with the conversation that follows it. Trainers that take each line for a row stop at it.",
            "nothing to do: conversions leave it out, or write it anew where the format has it",
        ),
    ],
)

PAIR_KINDS: list[FindingKind] = [*_ERRORS, *_WARNINGS, *_NOTES]
