"""Every format that can be read, and which of them a row is."""

from functools import lru_cache

from pipeline.dataset.formats.rows.bedrock import BEDROCK
from pipeline.dataset.formats.rows.brightrun import BRIGHTRUN_V4
from pipeline.dataset.formats.rows.chat import CHAT_BARE, MIXED, ODD, SHAREGPT_BARE, Chat
from pipeline.dataset.formats.rows.chatgpt_export import CHATGPT_EXPORT
from pipeline.dataset.formats.rows.declaration import DECLARED
from pipeline.dataset.formats.rows.declared import Declared
from pipeline.dataset.formats.rows.flat_messages import FLAT_MESSAGES
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.gemini import GEMINI
from pipeline.dataset.formats.rows.glaive import GLAIVE
from pipeline.dataset.formats.rows.guanaco import GUANACO
from pipeline.dataset.formats.rows.hub_rows import HUB_ROWS
from pipeline.dataset.formats.rows.kto_rows import KTO
from pipeline.dataset.formats.rows.llamafactory import LLAMAFACTORY_V1
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.formats.rows.oasst import OASST
from pipeline.dataset.formats.rows.preference import OTHER_PREFERENCES, PREFERENCE
from pipeline.dataset.formats.rows.request_log import REQUEST_LOG
from pipeline.dataset.formats.rows.segments_rows import SEGMENTS
from pipeline.dataset.formats.rows.shapes import BARE
from pipeline.dataset.formats.rows.xlam import XLAM
from pipeline.dataset.model.json_text import Json

# The first that fits a row is its format: the more particular ones come first.
FORMATS: tuple[Format, ...] = (
    LLAMAFACTORY_V1,
    PREFERENCE,
    *OTHER_PREFERENCES,
    KTO,
    GEMINI,
    BRIGHTRUN_V4,
    BEDROCK,
    XLAM,
    REQUEST_LOG,
    SEGMENTS,
    GLAIVE,
    GUANACO,
    CHATGPT_EXPORT,
    HUB_ROWS,
    OASST,
    FLAT_MESSAGES,
    *(form for form in DECLARED if isinstance(form, Chat) and form.known_by),
    *ODD,
    NATIVE,
    *(form for form in DECLARED if isinstance(form, Chat) and not form.known_by),
    *MIXED,
    *(form for form in DECLARED if isinstance(form, Declared)),
    SHAREGPT_BARE,
    CHAT_BARE,
)
_UNNAMED = set(map(id, (*ODD, SHAREGPT_BARE, CHAT_BARE)))  # to compare each with all of them takes 20 ms
# By public name; of several of one name the common one.
BY_NAME: dict[str, Format] = {form.name: form for form in reversed(FORMATS) if id(form) not in _UNNAMED}


# Those that find turns or calls within texts, so that a text must be there as a whole.
WITHIN_TEXTS = frozenset({GLAIVE.name, GUANACO.name, XLAM.name, HUB_ROWS.name, PREFERENCE.name})
_KEPT_BYTES = 1_000  # of the names of a row's fields
_OF_LISTS = tuple(form for form in FORMATS if isinstance(form, Chat) and form.turns == BARE)  # others are objects


def recognise_row(row: Json) -> Format | None:
    """The format that a row goes by, None when it is none that we know."""
    return next((form for form in _forms_of(row) if form.fits(row)), None)


def _forms_of(row: Json) -> tuple[Format, ...]:
    """Those that the row may be of, in their order."""
    if not isinstance(row, dict):
        return _OF_LISTS if isinstance(row, list) else ()
    return _likely(tuple(row)) if type(row) is dict and sum(map(len, row)) <= _KEPT_BYTES else FORMATS


@lru_cache(256)
def _likely(names: tuple[str, ...]) -> tuple[Format, ...]:
    """Those that a row of these fields may be of: the rows of a file mostly have the same."""
    known = frozenset(names)
    return tuple(form for form in FORMATS if not isinstance(form, Chat | Declared) or form.could_be(known))
