"""The findings about what is well-formed and still trips trainers up; those of quality are in `quality_kinds.py`.

Rules over conversations bring their own entries. How the others are found lives in `dataset/formats/`,
`dataset/profiles/` and `dataset/near/`.
"""

from pipeline.dataset.rules.call_rules import ARGUMENT_RULES, CALL_ORDER_RULES
from pipeline.dataset.rules.content_rules import FIELD_RULES, LEARNING_RULES, WEIGHT_RULES
from pipeline.dataset.rules.kinds import FindingKind, Scope, Severity, kinds
from pipeline.dataset.rules.role_rules import ROLE_RULES

_OF_LINES = kinds(
    Severity.WARNING,
    Scope.LINE,
    [
        (
            "byte-order-mark",
            "the file begins with a byte order mark",
            "Strict JSON readers refuse the first line.",
            "save the file as UTF-8 without BOM",
        ),
        (
            "blank-line",
            "the line is blank",
            "Some readers stop at a blank line, others count it as a row.",
            "remove the line",
        ),
        (
            "no-final-newline",
            "the last line does not end with a newline",
            "Often the sign of a file that was cut off; joining such files glues two lines together.",
            "check that the file is complete, and end it with a newline",
        ),
    ],
)
_OF_COLUMNS = kinds(
    Severity.WARNING,
    Scope.LINE,
    [
        (
            "type-drift",
            "a column changes its type",
            "Loaders that make one table of a file give a column one type: LLaMA-Factory 0.9.5 (datasets up to 4.0.0) "
            "stops here, newer ones keep the column as JSON.",
            "write one type in all rows, or remove the column, which no trainer reads",
        ),
    ],
)

_OF_FILES = kinds(
    Severity.WARNING,
    Scope.FILE,
    [
        (
            "odd-field-name",
            "fields are named otherwise than the format names them",
            "They are read here as the format's; trainers look for its own names and find nothing.",
            "rename the fields, or let lora-pipeline convert write the rows",
        ),
        (
            "data-passed-over",
            "the archive holds hidden files that may be data, and they were not read",
            "A name, or a folder's, that begins with a dot is more often that of a program's copy than of data.",
            "give them names without a dot at the beginning, or leave them out of the archive",
        ),
        (
            "splits-in-archive",
            "the archive's files seem to be for training and for testing",
            "All of them are one dataset here, so rows that were kept aside would be trained on.",
            "upload the file to train on alone; the rows to evaluate with are split off it",
        ),
    ],
)
WARNINGS: list[FindingKind] = [
    *_OF_LINES,
    *ROLE_RULES.kinds(),
    *CALL_ORDER_RULES.kinds(),
    *WEIGHT_RULES.kinds(),
    *ARGUMENT_RULES.kinds(),
    *LEARNING_RULES.kinds(),
    *_OF_COLUMNS,
    *FIELD_RULES.kinds(),
    *_OF_FILES,
]

DUPLICATES: list[FindingKind] = kinds(
    Severity.WARNING,
    Scope.LINE,
    [
        (
            "duplicate-conversation-id",
            "the conversation_id was used before",
            "Two rows with one id cannot be told apart in splits and in lineage.",
            "give each conversation an id of its own",
        ),
        (
            "duplicate-conversation",
            "the same turns stood on an earlier line",
            "Duplicates are trained on twice, and leak from training into validation.",
            "keep one of them",
        ),
        (
            "near-duplicate-conversation",
            "nearly the same turns stood on an earlier line",
            "Near copies are trained on many times over, and leak from training into validation.",
            "keep the best of them; the split keeps them on one side in any case",
        ),
        (
            "conflicting-answers",
            "the same prompt was answered otherwise on an earlier line",
            "The model is taught two answers to one question, and learns neither well.",
            "keep the answer that you want to hear; leave it if the variety is wanted",
        ),
    ],
)
