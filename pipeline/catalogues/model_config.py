"""Base models that are in no catalogue: from the `config.json` beside their weights, or from bare dimensions."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.catalogues.families import read_structure
from pipeline.catalogues.models import BaseModelSpec, dimensions_of
from pipeline.catalogues.structures import other_tables
from pipeline.errors import UsageError

_DAY = date(2026, 11, 25)  # of the reading rules below; a config.json has no date
_USUAL_HEAD_SIZE = 128
_MOST_BESIDE = 0.2  # of a tower and of layers that are not loaded
_MOST_APART = 0.02  # of the count by dimensions and that of the weights' index
_GATED_TOWERS = {"mistral3", "gemma4"}
_OTHER_FIELDS = {"text_config", "vision_config", "audio_config", "architectures", "auto_map"}
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
    try:
        return _from_fields(path, content)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        lacking = f"{error.args[0]} is missing" if isinstance(error, KeyError) else _in_short(error)
        raise UsageError(f"{path}: expected the config.json of a model that is known: {lacking}") from None


def _in_short(error: Exception) -> str:
    """Without what pydantic adds."""
    if isinstance(error, ValidationError):
        return "; ".join(each["msg"].removeprefix("Value error, ") for each in error.errors())
    return str(error)


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


def _from_fields(path: Path, content: Mapping[str, Any]) -> BaseModelSpec:
    fields = _flat(content)
    family, structure = read_structure(fields)
    dimensions = dimensions_of(fields)
    tower = _tower_parameters(content, fields) if family.is_vision else 0
    width, vocabulary = dimensions["hidden_size"], dimensions["vocabulary"]
    norms = (2 * dimensions["layers"] + 1) * width
    tables = vocabulary * width * (1 if dimensions["is_tied"] else 2) + other_tables(family.reader, fields)
    name = str(content.get("_name_or_path") or path.parent.name or path)
    counted = sum(matrix.parameters for matrix in structure.matrices) + norms + tables
    known = {key for key in fields if key not in _OTHER_FIELDS}
    return BaseModelSpec(
        name=name,
        hub_id=name,
        parameters=_checked_count(path, fields, counted + tower),
        tower_parameters=tower,
        config={key: fields[key] for key in sorted(known)},
        **dimensions,
        context_length=int(fields.get("max_position_embeddings") or 2048),
        template="default",
        licence="unknown",
        source=str(path),
        as_of=_DAY,
    )


def _flat(content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the language model; the `model_type` is that of the whole, which says whether it sees."""
    text = content.get("text_config")
    fields = {**content, **text} if isinstance(text, dict) else dict(content)
    if "model_type" not in content:
        raise KeyError("model_type")
    whole = {name: content[name] for name in ("model_type", "tie_word_embeddings") if name in content}
    return {**fields, **whole}


def _tower_parameters(content: Mapping[str, Any], fields: Mapping[str, Any]) -> int:
    """Of towers for pictures and sound and what joins them to the language model, within hundredths of their size."""
    width, kind = int(fields["hidden_size"]), fields["model_type"]
    count = 0
    vision, audio = content.get("vision_config"), content.get("audio_config")
    if isinstance(vision, dict):
        own, inner = int(vision["hidden_size"]), int(vision["intermediate_size"])
        patch = int(vision.get("patch_size") or 14)
        layers = int(vision["num_hidden_layers"]) * (4 * own**2 + (3 if kind in _GATED_TOWERS else 2) * own * inner)
        count += layers + 3 * patch**2 * own + own * width
        if kind == "mistral3":  # no positions; patches are merged, and a second layer joins
            count += int(content.get("spatial_merge_size") or 2) ** 2 * own**2 + width**2
        elif kind == "gemma4":
            count += 2 * int(vision.get("position_embedding_size") or 10_240) * own
        else:
            count += (int(vision.get("image_size") or 896) // patch) ** 2 * own
    if isinstance(audio, dict):  # Gemma 4: two MLPs, attention with relative keys, a convolution in each layer
        own, given = int(audio["hidden_size"]), int(audio.get("output_proj_dims") or width)
        count += int(audio["num_hidden_layers"]) * 24 * own**2 + own**2 + given * (own + width)
    return count


def _has_more_than_is_loaded(fields: Mapping[str, Any]) -> bool:
    """Whether the weights may have a tower that is not counted, or layers that guess further tokens (not loaded)."""
    further = ("num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_modules")
    return "vision_config" in fields or any(fields.get(name) for name in further)


def _checked_count(path: Path, fields: Mapping[str, Any], counted: int) -> int:
    """The count, compared with that of the weights' index where it lies beside."""
    index = path.with_name("model.safetensors.index.json")
    if not index.is_file() or fields.get("quantization_config"):
        return counted
    try:
        told = json.loads(index.read_text("utf-8"))["metadata"]
        of_weights = int(told.get("total_parameters") or int(told["total_size"]) // _bytes_each(fields))
    except (OSError, ValueError, KeyError, TypeError):
        return counted
    if _has_more_than_is_loaded(fields) and 0 <= of_weights / counted - 1 <= _MOST_BESIDE:
        return counted
    if abs(of_weights / counted - 1) > _MOST_APART:
        raise ValueError(
            f"its fields make {counted:,} parameters, {index.name} beside it says {of_weights:,}: it is built "
            "otherwise than models of its type are"
        )
    return of_weights


def _bytes_each(fields: Mapping[str, Any]) -> int:
    return 4 if str(fields.get("dtype") or fields.get("torch_dtype") or "bfloat16").endswith("float32") else 2
