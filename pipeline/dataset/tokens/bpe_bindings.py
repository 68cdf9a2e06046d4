"""The compiled part of bpe_openai, which holds two vocabularies: a private name of that package, used here alone.

The package around it refuses texts of a million characters, and reads each vocabulary again into dicts when it is
imported: 0.6 s and 68 MB in every process. What we expect of it is in `tests/dataset/tokens/test_bpe_bindings.py`.
"""

import importlib.util
from functools import cache
from importlib.machinery import PathFinder
from typing import Any

_MODULE = "bpe_openai._bindings"


@cache
def compiled_vocabularies() -> Any:
    """The module, without the package around it; `tokenizer_for_encoding(name).count(text)` counts tokens.

    Raises:
        ImportError: the package or its compiled part is not there.
    """
    package = importlib.util.find_spec("bpe_openai")
    found = PathFinder.find_spec(_MODULE, package.submodule_search_locations if package else None)
    if found is None or found.loader is None:
        raise ImportError("expected bpe_openai with its compiled part, found none; install requirements.txt again")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
