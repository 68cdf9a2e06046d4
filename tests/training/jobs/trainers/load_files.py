"""Gives files to loaders and checkers: `python load_files.py FOLDER`, in an environment of trainers.

Prints one JSON object: by file, what the dataset loader of this environment says, and Together's check and
LLaMA-Factory's converters where they are there. "" is no objection; of the converters, how many rows they skip.
"""

import json
import logging
import os
import sys
import tempfile
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_DISABLE_PROGRESS_BARS="1", DISABLE_VERSION_CHECK="1")

import datasets

try:
    from together.lib.utils.files import check_file
except ImportError:
    check_file = None
try:
    import sound  # noqa: F401  # before LLaMA-Factory
    from llamafactory.data.converter import get_dataset_converter
    from llamafactory.data.parser import DatasetAttr
    from llamafactory.hparams import DataArguments
except ImportError:
    get_dataset_converter = None


def loaded(path, cache):
    try:
        return datasets.Dataset.from_json(str(path), cache_dir=cache, keep_in_memory=True), ""
    except Exception as error:  # whatever it raises is its objection
        while error.__cause__ is not None:
            error = error.__cause__
        return None, f"{type(error).__name__}: {error}"[:200]


COLUMNS = {
    "messages": {"formatting": "openai", "messages": "messages"},
    "conversations": {"formatting": "sharegpt", "messages": "conversations"},
    "instruction": {"formatting": "alpaca"},
    "text": {"formatting": "alpaca", "prompt": "text", "query": None, "response": None},
}


def skipped(data):
    """How many rows the converter makes nothing of, or why it stops; None where dataset_info.json has no such rows."""
    first = next((name for name in COLUMNS if name in data.column_names), None)
    if first is None:
        return None
    attr = DatasetAttr("file", "x.json")
    for name, value in COLUMNS[first].items():
        setattr(attr, name, value)
    if first == "messages":
        attr.role_tag, attr.content_tag, attr.user_tag, attr.assistant_tag = "role", "content", "user", "assistant"
        attr.observation_tag, attr.function_tag, attr.system_tag = "tool", "function_call", "system"
    attr.tools = "tools" if "tools" in data.column_names else None
    convert = get_dataset_converter(attr.formatting, attr, DataArguments())
    try:
        return sum(not convert(row)["_prompt"] for row in data)
    except Exception as error:  # as above
        return f"{type(error).__name__}: {error}"[:200]


def main(folder):
    logging.disable(logging.CRITICAL)
    found = {}
    with tempfile.TemporaryDirectory() as cache:
        for path in sorted(Path(folder).iterdir()):
            data, objection = loaded(path, cache)
            said = {"datasets": objection}
            if check_file is not None:
                report = check_file(path)
                said["together"] = "" if report["is_check_passed"] else report.get("message") or "refused"
            if get_dataset_converter is not None:
                said["llama-factory"] = None if data is None else skipped(data)
            found[path.name] = said
    print(json.dumps({"version": datasets.__version__, "files": found}))


main(sys.argv[1])
