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
    """The reader's limits, the share of rejected lines that a ready file may have, and what to look for.

    form: the format to read as; None to recognise it. tokenizer: a bundled one, a file, or WORDS. is_exact: count
    every token with it. has_quality: look for what a person would not want to train on. has_near_duplicates: look for
    conversations that nearly repeat another, and split the dataset by them. counted_together: codes of which it is
    counted which conversations have them together, also where not all findings are listed. budget: of
    processor time; None for as long as it takes. has_languages: tell the language of every conversation, not of a
    sample alone. rejected_text_chars: how much of a rejected row's text is kept with its errors.
    """

    limits: Limits = Limits()
    max_rejected_share: float = 0.0
    form: Format | None = None
    tokenizer: str = DEFAULT_TOKENIZER
    is_exact: bool = False
    has_quality: bool = True
    has_near_duplicates: bool = True
    counted_together: frozenset[str] = frozenset()
    budget: Budget | None = None
    has_languages: bool = False
    rejected_text_chars: int = 0

    def structure_only(self) -> "Rules":
        """The same limits, and nothing asked but whether the lines are right."""
        return replace(self, tokenizer=WORDS, is_exact=False, has_quality=False, has_near_duplicates=False)

    def load_tokenizer(self) -> Tokenizer | None:
        """The tokenizer; None for words × 1.3.

        Raises:
            TokenizerError: there is no such tokenizer, or its file is not one.
        """
        return None if self.tokenizer == WORDS else load_tokenizer(self.tokenizer)
