"""The formats that a dataset can be written in; apart, so that the help of a command needs no pydantic."""

from enum import StrEnum


class ConvertedFormat(StrEnum):
    """The formats that a dataset can be written in."""

    OPENAI = "openai"
    SHAREGPT = "sharegpt"
    NATIVE = "native"
    BRIGHTRUN_V4 = "brightrun-v4"
    ALPACA = "alpaca"
    PROMPT_COMPLETION = "prompt-completion"
    PREFERENCE = "preference"
    KTO = "kto"
