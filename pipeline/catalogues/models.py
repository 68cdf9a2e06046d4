"""Base models: the dimensions that estimates need, and the names that trainers know them by."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Self, TypeVar

from pydantic import Field, model_validator

from pipeline.catalogues.entry import Entry
from pipeline.catalogues.families import Family, read_structure
from pipeline.catalogues.structures import Fields, Matrix, Structure, head_size_of, inner_size_of, key_value_heads_of

T = TypeVar("T")
_TIED = ("gemma", "lfm2")  # families whose head is the embedding unless told otherwise


class BaseModelSpec(Entry):
    """A decoder-only transformer. Dense models have one expert, all of it active."""

    hub_id: str
    """The name on the model hub, which trainers take."""
    instruct_hub_id: str | None = None
    """Of the sibling that was taught to answer, where there is one: same dimensions, other weights."""
    parameters: int = Field(gt=0)
    """As published, all experts counted."""
    tower_parameters: int = Field(default=0, ge=0)
    """Those among them of a vision tower, which is loaded and left as it is."""
    model_type: str = "llama"
    """As Transformers names it."""
    config: dict[str, Any] = Field(default_factory=dict)
    """Fields of its config.json that the dimensions below do not say; where it is given, an entry needs none of them.
    """
    layers: int = Field(gt=0)
    hidden_size: int = Field(gt=0)
    intermediate_size: int = Field(gt=0)  # of one expert in a mixture of experts
    vocabulary: int = Field(gt=0)
    attention_heads: int = Field(gt=0)
    key_value_heads: int = Field(gt=0)
    head_size: int = Field(gt=0)
    is_tied: bool  # whether the output head is the input embedding
    experts: int = Field(default=1, ge=1)
    active_experts: int = Field(default=1, ge=1)
    context_length: int = Field(gt=0)
    template: str
    """The family of its chat template, as trainers name it (LLaMA-Factory's `template`)."""
    licence: str

    @model_validator(mode="before")
    @classmethod
    def _from_config(cls, entry: Any) -> Any:
        """The dimensions that a config gives."""
        if not isinstance(entry, dict) or not entry.get("config"):
            return entry
        return {**_told(dimensions_of, entry["config"]), **entry}

    @model_validator(mode="after")
    def _has_a_family(self) -> Self:
        structure = _told(lambda model: model.structure, self)
        if (self.experts, self.active_experts) != (structure.experts, structure.active_experts):
            raise ValueError(
                f"experts: found {self.experts}, and a {self.model_type} has {structure.experts}; model_type: expected "
                "that of its mixture of experts, as mixtral or qwen3_moe"
            )
        return self

    def names(self) -> tuple[str, ...]:
        """Its name on the hub finds it, too, with the owner or without."""
        return (*super().names(), self.hub_id, self.hub_id.rpartition("/")[2])

    def taught(self) -> "BaseModelSpec | None":
        """The sibling that was taught to answer, where there is one."""
        if self.instruct_hub_id is None:
            return None
        changes = {"name": self.instruct_hub_id.rpartition("/")[2], "hub_id": self.instruct_hub_id}
        return self.model_copy(update={**changes, "aliases": (), "instruct_hub_id": None})

    @property
    def family(self) -> Family:
        """What trainers can do with it."""
        return self._read[0]

    @property
    def structure(self) -> Structure:
        """Its matrices."""
        return self._read[1]

    @cached_property
    def adapted(self) -> tuple[Matrix, ...]:
        """What LoRA adapts: linear layers and stacks of experts that the family names, no routers, no towers."""
        return tuple(each for each in self.structure.matrices if _is_adapted(each, self.family))

    @cached_property
    def _read(self) -> tuple[Family, Structure]:
        return read_structure(self._fields())

    def _fields(self) -> Fields:
        """As in a config.json."""
        fields: dict[str, Any] = {
            "model_type": self.model_type,
            "num_hidden_layers": self.layers,
            "hidden_size": self.hidden_size,
            "intermediate_size": self.intermediate_size,
            "vocab_size": self.vocabulary,
            "num_attention_heads": self.attention_heads,
            "num_key_value_heads": self.key_value_heads,
            "head_dim": self.head_size,
        }
        if self.experts > 1:
            fields |= {"num_experts": self.experts, "num_experts_per_tok": self.active_experts}
        return {**fields, **self.config}


def _is_adapted(matrix: Matrix, family: Family) -> bool:
    if matrix.kind == "expert":
        return any(path.rpartition(".")[2] == matrix.name for path in family.experts)
    return matrix.kind == "linear" and matrix.name in family.adapted


def _told(read: Callable[[Any], T], of: Any) -> T:
    """What is read of fields; whatever is wrong with them as one kind of error."""
    try:
        return read(of)
    except KeyError as error:
        raise ValueError(f"config: {error.args[0]} is missing") from None
    except (TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"config: {error}") from None


def dimensions_of(fields: Fields) -> dict[str, Any]:
    """The dimensions of a `BaseModelSpec` that a config.json has.

    Raises:
        KeyError: one is missing. ValueError: the model is of no family whose reading is tested.
    """
    family, structure = read_structure(fields)
    inner = fields.get("moe_intermediate_size") if structure.experts > 1 else None
    is_tied = fields.get("tie_word_embeddings", str(fields["model_type"]).startswith(_TIED))
    return {
        "model_type": fields["model_type"],
        "layers": structure.layers,
        "hidden_size": fields["hidden_size"],
        "intermediate_size": inner or inner_size_of(fields) // (2 if family.reader == "qwen" else 1),
        "vocabulary": fields["vocab_size"],
        "attention_heads": fields["num_attention_heads"],
        "key_value_heads": key_value_heads_of(fields),
        "head_size": head_size_of(fields),
        "is_tied": bool(is_tied),
        "experts": structure.experts,
        "active_experts": structure.active_experts,
    }
