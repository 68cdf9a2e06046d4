"""Base models that are in no catalogue: from the `config.json` beside their weights, or from bare dimensions."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.catalogues.models import BaseModelSpec
from pipeline.errors import UsageError

_DAY = date(2026, 11, 25)  # of the reading rules below; a config.json has no date
_USUAL_HEAD_SIZE = 128
_SMALL_PARAMETERS = 5e9  # most smaller models use one matrix as embedding and head, most larger ones two


def model_from_config(path: Path) -> BaseModelSpec:
    """The base model that a `config.json` of the model hub describes.

    Raises:
        UsageError: it cannot be read, or lacks a dimension.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else error
        raise UsageError(f"{path}: expected the config.json of a model: {reason}") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path}: expected the config.json of a model, found no object")
    text = content.get("text_config")
    fields = {**content, **text} if isinstance(text, dict) else content
    try:
        return _from_fields(path, fields)
    except (KeyError, TypeError, ValueError) as error:
        lacking = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"{path}: expected the config.json of a decoder-only model: {lacking}") from None


def model_from_dimensions(
    parameters: int, layers: int, hidden_size: int, intermediate_size: int, vocabulary: int, name: str = "dimensions"
) -> BaseModelSpec:
    """A dense model of which only these are known: the key and value heads follow from the count of parameters.

    Raises:
        UsageError: the dimensions do not make that many parameters.
    """
    head_size = _USUAL_HEAD_SIZE if hidden_size % _USUAL_HEAD_SIZE == 0 and hidden_size >= 16 * _USUAL_HEAD_SIZE else 64
    heads = max(1, hidden_size // head_size)
    by_tied = {
        is_tied: _key_value_heads(parameters, layers, hidden_size, intermediate_size, vocabulary, head_size, is_tied)
        for is_tied in ((True, False) if parameters < _SMALL_PARAMETERS else (False, True))
    }
    fitting = [(is_tied, count) for is_tied, count in by_tied.items() if 0.5 <= count <= 1.05 * heads]
    if not fitting:
        least = vocabulary * hidden_size + layers * (3 * hidden_size * intermediate_size + 2 * hidden_size**2)
        if not 0.5 * least <= parameters <= 2 * (least + layers * 2 * hidden_size**2 + vocabulary * hidden_size):
            raise UsageError(
                f"--parameters {parameters:,} does not fit the dimensions, which make about {least:,}; "
                "a mixture of experts needs --model, or its config.json"
            )
        fitting = [(min(by_tied, key=lambda is_tied: abs(by_tied[is_tied] - heads / 2)), heads / 4)]
    is_tied, key_value_heads = fitting[0]
    return BaseModelSpec(
        name=name,
        hub_id=name,
        parameters=parameters,
        layers=layers,
        hidden_size=hidden_size,
        intermediate_size=intermediate_size,
        vocabulary=vocabulary,
        attention_heads=heads,
        key_value_heads=min(heads, max(1, round(key_value_heads))),
        head_size=head_size,
        is_tied=is_tied,
        context_length=1_000_000,
        template="default",
        licence="unknown",
        source="dimensions given",
        as_of=_DAY,
    )


def _key_value_heads(
    parameters: int, layers: int, width: int, inner: int, vocabulary: int, head_size: int, is_tied: bool
) -> float:
    """How many there are if queries are as wide as the model; may be impossible."""
    blocks = parameters - vocabulary * width * (1 if is_tied else 2)
    attention = blocks / layers - 3 * width * inner - 2 * width
    return (attention - 2 * width**2) / (2 * width * head_size)


def _from_fields(path: Path, fields: Mapping[str, Any]) -> BaseModelSpec:
    if fields.get("kv_lora_rank"):
        raise ValueError("latent attention (kv_lora_rank) is not among the structures that estimates know")
    name = str(fields.get("_name_or_path") or path.parent.name or path)
    width, heads = int(fields["hidden_size"]), int(fields["num_attention_heads"])
    layers, vocabulary = int(fields["num_hidden_layers"]), int(fields["vocab_size"])
    head_size = int(fields.get("head_dim") or width // heads)
    key_value_heads = int(fields.get("num_key_value_heads") or heads)
    routed = int(fields.get("num_local_experts") or fields.get("num_experts") or fields.get("n_routed_experts") or 1)
    shared = int(fields.get("n_shared_experts") or 0) if routed > 1 else 0
    inner = int((routed > 1 and fields.get("moe_intermediate_size")) or fields["intermediate_size"])
    if fields.get("model_type") == "qwen":  # its intermediate_size counts the gate and the other half together
        inner //= 2
    is_tied = bool(fields.get("tie_word_embeddings", str(fields.get("model_type", "")).startswith("gemma")))
    experts = routed + shared
    attention = 2 * width * (heads + key_value_heads) * head_size
    blocks = layers * (attention + experts * 3 * width * inner + 2 * width)
    return BaseModelSpec(
        name=name,
        hub_id=name,
        parameters=blocks + width + vocabulary * width * (1 if is_tied else 2),
        layers=layers,
        hidden_size=width,
        intermediate_size=inner,
        vocabulary=vocabulary,
        attention_heads=heads,
        key_value_heads=key_value_heads,
        head_size=head_size,
        is_tied=is_tied,
        experts=experts,
        active_experts=(int(fields["num_experts_per_tok"]) if routed > 1 else 1) + shared,
        context_length=int(fields.get("max_position_embeddings") or 2048),
        template="default",
        licence="unknown",
        source=str(path),
        as_of=_DAY,
    )
