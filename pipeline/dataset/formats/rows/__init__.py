"""Every format that can be read, and which of them a row is."""

from pipeline.dataset.formats.rows.brightrun import BRIGHTRUN_V4
from pipeline.dataset.formats.rows.chat import CHAT_BARE, DIALOGUE, MIXED, OPENAI, SHAREGPT, SHAREGPT_BARE
from pipeline.dataset.formats.rows.fields import ALPACA, PLAIN_TEXT, PROMPT_COMPLETION
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.gemini import GEMINI
from pipeline.dataset.formats.rows.kto_rows import KTO
from pipeline.dataset.formats.rows.llamafactory import LLAMAFACTORY_V1
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.formats.rows.preference import PREFERENCE
from pipeline.dataset.model.json_text import Json

# The first that fits a row is its format: the more particular ones come first.
FORMATS: tuple[Format, ...] = (
    LLAMAFACTORY_V1,
    PREFERENCE,
    KTO,
    GEMINI,
    BRIGHTRUN_V4,
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
