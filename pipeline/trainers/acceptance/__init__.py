"""Which trainer accepts a dataset: the rules of each lie in its folder, the judge over them here."""

from pipeline.dataset.tokens import Truncation
from pipeline.trainers.acceptance.acceptance_rules import Effect, Target, load_targets
from pipeline.trainers.acceptance.acceptance_table import acceptance_rows
from pipeline.trainers.acceptance.acceptance_verdict import Acceptance, Reason, Subject, Verdict
from pipeline.trainers.acceptance.judge_acceptance import acceptance_of, asking, judge_acceptance

__all__ = [
    "Acceptance",
    "Effect",
    "Reason",
    "Subject",
    "Target",
    "Truncation",
    "Verdict",
    "acceptance_of",
    "acceptance_rows",
    "asking",
    "judge_acceptance",
    "load_targets",
]
