"""The findings of quality: what a trainer accepts and a person would not want to train on.

How each is found lives in `pipeline/quality/`.
"""

from pipeline.conversations.kinds import FindingKind

QUALITY_KINDS: list[FindingKind] = []
