"""What can be wrong with a tokenizer that somebody asks for."""

from pipeline.errors import UsageError


class TokenizerError(UsageError):
    """A tokenizer that is unknown or cannot be read."""
