"""The findings of quality: what a trainer accepts and a person would not want to train on.

Rules about rows bring their own entries (`dataset/rules/`). How the others are found lives in
`dataset/quality/`.
"""

from pipeline.dataset.rules.answer_rules import ANSWER_RULES
from pipeline.dataset.rules.characters import CHARACTER_RULES
from pipeline.dataset.rules.kinds import FindingKind, Scope, Severity, kinds
from pipeline.dataset.rules.leftovers import ESCAPE_RULES, LEFTOVER_RULES
from pipeline.dataset.rules.looping_answers import LOOP
from pipeline.dataset.rules.personal import PERSONAL_RULES
from pipeline.dataset.rules.refused_answers import REFUSAL_RULES
from pipeline.dataset.rules.secrets import SECRET_RULES

_FILE_NOTES = kinds(
    Severity.NOTE,
    Scope.FILE,
    [
        (
            "very-short-answers",
            "some answers are very short",
            "One word is fine for a label; elsewhere the model learns to say too little.",
            "look at the lines named, and at the share",
        ),
        (
            "white-space-at-edges",
            "some answers begin or end with white space",
            "The model learns to write it; at the beginning it also changes how the first word is tokenized.",
            "strip the answers",
        ),
        (
            "length-outliers",
            "some conversations are far longer or shorter than the rest",
            "The longest decide memory and are cut off first; the shortest are often fragments.",
            "look at the lines named",
        ),
        (
            "mixed-languages",
            "no language dominates",
            "A small dataset in many languages teaches each a little. Told from a sample of the answers.",
            "check that the mix is wanted",
        ),
    ],
)

QUALITY_KINDS: list[FindingKind] = [
    *REFUSAL_RULES.kinds(),
    LOOP,
    *PERSONAL_RULES.kinds(Severity.WARNING),
    *SECRET_RULES.kinds(),
    *LEFTOVER_RULES.kinds(Severity.WARNING),
    *CHARACTER_RULES.kinds(),
    *ESCAPE_RULES.kinds(),
    *(rule.kind for rule in ANSWER_RULES),
    *PERSONAL_RULES.kinds(Severity.NOTE),
    *LEFTOVER_RULES.kinds(Severity.NOTE),
    *_FILE_NOTES,
]
