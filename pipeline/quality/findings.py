"""The findings of a block's conversations: every rule that speaks of one line.

To add a rule, write a `TextRule` (or a function from columns to findings) into its family's module, and its code into
the catalogue.
"""

from pipeline.conversations.columns import Columns
from pipeline.conversations.findings import Finding
from pipeline.quality.characters import CHARACTERS
from pipeline.quality.leftovers import LEFTOVERS
from pipeline.quality.personal import PERSONAL_DATA
from pipeline.quality.refusals import REFUSALS
from pipeline.quality.repetition import degenerate_repetition
from pipeline.quality.rules import scan
from pipeline.quality.secrets import SECRETS

TEXT_RULES = (*REFUSALS, *PERSONAL_DATA, *SECRETS, *LEFTOVERS, *CHARACTERS)


def quality_findings(columns: Columns) -> list[Finding]:
    """All quality findings of a block's conversations, in line order."""
    if not columns.ids:
        return []
    found = [*scan(columns, TEXT_RULES), *degenerate_repetition(columns)]
    return sorted(found, key=lambda finding: finding.sort_key)
