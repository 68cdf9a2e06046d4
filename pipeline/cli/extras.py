"""What the light installation leaves out, told in one sentence; the lists are in pyproject.toml.

`check`, `mend`, `convert`, `card` of a file, `plan`, `estimate`, `upload --server` and `pipeline.client` need no extra.
"""

import sys
from importlib.util import find_spec

from pipeline.errors import UsageError

_TOKENIZERS = {"tokenizers", "tiktoken"}
_OURS = {"pipeline", "assets", "resources", "sensors"}


def need_installation() -> None:
    """Ask before other processes are started, which would fail one after the other.

    Raises:
        UsageError: Dagster is not installed.
    """
    if find_spec("dagster") is None:
        raise UsageError(_sentence("dagster"))


def missing_extra(error: Exception) -> str | None:
    """What to install, where that is all that is wrong; None for any other error."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return None
    library = error.name.partition(".")[0]
    return None if library in _OURS or library in sys.stdlib_module_names else _sentence(library)


def _sentence(library: str) -> str:
    extra = "tokenizers" if library in _TOKENIZERS else "pipeline"
    return (
        f"expected the library {library}, which the light installation leaves out, found none; install it with what "
        f"belongs to it: pip install 'lora-dataset-pipeline[{extra}]'"
    )
