"""Prints, as a JSON list, those of the named templates that LLaMA-Factory does not have."""

import json
import sys

import sound  # noqa: F401  # first
from llamafactory.data.template import TEMPLATES

print(json.dumps([name for name in sys.argv[1:] if name not in TEMPLATES]))
