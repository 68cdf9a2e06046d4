"""A stand-in for torchaudio, which LLaMA-Factory imports and needs for sound only; import it first."""

import importlib.machinery
import sys
import types

module = types.ModuleType("torchaudio")
module.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
sys.modules["torchaudio"] = module
