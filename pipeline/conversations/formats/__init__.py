"""Every format that can be read, and which of them a row is."""

from pipeline.conversations.faults import Json
from pipeline.conversations.formats.chat import CHAT_BARE, DIALOGUE, MIXED, OPENAI, SHAREGPT, SHAREGPT_BARE
from pipeline.conversations.formats.fields import ALPACA, PLAIN_TEXT, PROMPT_COMPLETION
from pipeline.conversations.formats.format import Format
from pipeline.conversations.formats.kto import KTO
from pipeline.conversations.formats.llamafactory import LLAMAFACTORY_V1
from pipeline.conversations.formats.native import NATIVE
from pipeline.conversations.formats.preference import PREFERENCE

# The first that fits a row is its format: the more particular ones come first.
FORMATS: tuple[Format, ...] = (
    LLAMAFACTORY_V1,
    PREFERENCE,
    KTO,
    NATIVE,
    OPENAI,
    SHAREGPT,
    DIALOGUE,
    *MIXED,
    ALPACA,
    PROMPT_COMPLETION,
    PLAIN_TEXT,
    SHAREGPT_BARE,
    CHAT_BARE,
)
# By public name; of several of one name the common one.
BY_NAME: dict[str, Format] = {form.name: form for form in reversed(FORMATS) if form not in (SHAREGPT_BARE, CHAT_BARE)}


def recognise_row(row: Json) -> Format | None:
    """The format that a row goes by, None when it is none that we know."""
    return next((form for form in FORMATS if form.fits(row)), None)
