"""What a file is judged by, and how much is asked about it."""

from dataclasses import dataclass, replace

from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.profiles.budget import Budget
from pipeline.dataset.tokens import DEFAULT_TOKENIZER
from pipeline.dataset.tokens.spread import TOKEN_METHOD
from pipeline.dataset.tokens.tokenizers import Tokenizer, load_tokenizer

WORDS = TOKEN_METHOD  # the old estimate, where a tokenizer's name may stand


@dataclass(frozen=True, slots=True)
class Rules:
    """The reader's limits, the share of rejected lines that a ready file may have, and what to look for."""

    limits: Limits = Limits()
    max_rejected_share: float = 0.0
    form: Format | None = None
    """The format to read as; None to recognise it."""
    tokenizer: str = DEFAULT_TOKENIZER
    """A bundled one, a file, or WORDS."""
    is_exact: bool = False
    """Count every token with it."""
    has_quality: bool = True
    """Look for what a person would not want to train on."""
    has_near_duplicates: bool = True
    """Look for conversations that nearly repeat another, and split the dataset by them."""
    counted_together: frozenset[str] = frozenset()
    """Codes of which it is counted which conversations have them together, also where not all findings are listed."""
    budget: Budget | None = None
    """Of processor time; None for as long as it takes."""
    has_languages: bool = False
    """Tell the language of every conversation, not of a sample alone."""
    rejected_text_chars: int = 0
    """How much of a rejected row's text is kept with its errors."""

    def structure_only(self) -> "Rules":
        """The same limits, and nothing asked but whether the lines are right."""
        return replace(self, tokenizer=WORDS, is_exact=False, has_quality=False, has_near_duplicates=False)

    def load_tokenizer(self) -> Tokenizer | None:
        """The tokenizer; None for words × 1.3.

        Raises:
            TokenizerError: there is no such tokenizer, or its file is not one.
        """
        return None if self.tokenizer == WORDS else load_tokenizer(self.tokenizer)
