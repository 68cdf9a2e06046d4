"""Which trainer accepts a dataset: the rules of each in `targets/`, one file a trainer, and the judge over them."""

from pipeline.acceptance.judge import judge_acceptance
from pipeline.acceptance.table import acceptance_rows
from pipeline.acceptance.target import Effect, Target, load_targets
from pipeline.acceptance.verdict import Acceptance, Reason, Subject, Verdict
from pipeline.tokens import Truncation

__all__ = [
    "Acceptance",
    "Effect",
    "Reason",
    "Subject",
    "Target",
    "Truncation",
    "Verdict",
    "acceptance_rows",
    "judge_acceptance",
    "load_targets",
]
