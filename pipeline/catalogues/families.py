"""Families of base models: how their config.json is read, what LoRA adapts in them, and which trainers can do what."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.catalogues.structures import READERS, Fields, Structure, check_fields

Method = Literal["lora", "qlora", "full"]


class Family(BaseModel):
    """Models of one structure."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    types: tuple[str, ...] = ()
    """`model_type` in Transformers; the family's name unless given."""
    reader: str
    """Of `structures.READERS`."""
    adapted: tuple[str, ...] = Field(min_length=1)
    """Names of the linear layers that LoRA adapts."""
    experts: tuple[str, ...] = ()
    """Parameters of the experts' stacks that it adapts, from the layer on; empty for dense models."""
    lora: tuple[str, ...]
    """Trainers whose files for that method were found to load, quantise and adapt as estimated."""
    qlora: tuple[str, ...]
    """Trainers whose files for that method were found to load, quantise and adapt as estimated."""
    full: tuple[str, ...]
    """Trainers whose files for that method were found to load, quantise and adapt as estimated."""
    is_vision: bool = False
    """Whether it may have a vision tower, which is left as it is."""
    auto_class: str = "AutoModelForCausalLM"
    """What Transformers loads it with."""
    layer_class: str = ""
    """Of its layers, where those that Transformers would keep whole when a model is shared out (`_no_split_modules`)
    are not all in it."""
    own_quantisation: Literal["", "mxfp4", "fp8"] = ""
    """The format its weights come in, which is widened to BF16 for training."""
    has_fp16: bool = True
    """Whether it computes in FP16; some overflow there."""

    def trainers_for(self, method: Method) -> tuple[str, ...]:
        """Those that can train these models so."""
        return {"lora": self.lora, "qlora": self.qlora, "full": self.full}[method]


@cache
def load_families() -> Mapping[str, Family]:
    """By name."""
    text = files("pipeline.catalogues").joinpath("families.toml").read_text("utf-8")
    found = [Family.model_validate(each) for each in tomllib.loads(text)["families"]]
    return {each.name: each for each in found}


def known_types() -> tuple[str, ...]:
    """Every `model_type` whose reading is tested, in order."""
    return tuple(sorted({each for family in load_families().values() for each in family.types or (family.name,)}))


def read_structure(fields: Fields) -> tuple[Family, Structure]:
    """The family and structure of a model with these fields.

    Raises:
        ValueError: no family has its `model_type`, or only those with experts, or without any, do; or a field is none.
        KeyError: a field is missing.
    """
    check_fields(fields)
    kind = fields["model_type"]
    families = [family for family in load_families().values() if kind in (family.types or (family.name,))]
    for family in families:
        structure = READERS[family.reader](fields)
        if bool(family.experts) == (structure.experts > 1):
            return family, structure
    if families:
        raise ValueError(f"model_type {kind!r}: expected one with experts, found none; or the other way round")
    raise ValueError(f"model_type {kind!r} is not among those whose reading is tested: {', '.join(known_types())}")
