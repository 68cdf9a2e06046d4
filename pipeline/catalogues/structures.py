"""What a decoder is made of, matrix by matrix, read from the fields of its `config.json` as Transformers names them.

Each family of models has a reader here, made of a few parts that families share; what trainers can do with a family is
in `families.toml`. The tests compare each with the model that Transformers 5.23 builds from the same fields.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Literal, NamedTuple, TypeAlias

Fields: TypeAlias = Mapping[str, Any]
# linear: every token passes it; gate: a linear layer that chooses experts or weighs them, never adapted; router: such
# weights that are no linear layer; expert: one of a stack of experts; other: weights that tokens are not multiplied by.
Kind = Literal["linear", "gate", "router", "expert", "other"]


class Matrix(NamedTuple):
    """Alike weights: `number` matrices of `outputs` x `inputs`; of experts, each one is counted."""

    kind: Kind
    name: str
    outputs: int
    inputs: int
    number: int

    @property
    def parameters(self) -> int:
        """Of all of them."""
        return self.outputs * self.inputs * self.number


@dataclass(frozen=True)
class Structure:
    """The matrices of all layers, without embeddings, head, norms and biases."""

    matrices: tuple[Matrix, ...]
    experts: int
    """Of a layer that has any, else 1."""
    active_experts: int
    """Of these a token passes."""
    layers: int
    attention_width: int
    """What queries of softmax attention are wide, summed over layers."""
    mlp_width: int
    """What a token passes of the MLPs, summed over layers."""
    streams: int = 1
    """How many times as wide as the model what is handed from layer to layer is (DeepSeek-V4's hyper-connections)."""

    def of(self, *kinds: Kind) -> int:
        """Parameters of these kinds."""
        return sum(self._by_kind[kind] for kind in kinds)

    @cached_property
    def _by_kind(self) -> Counter[Kind]:  # fitting asks a million times
        counts: Counter[Kind] = Counter()
        for matrix in self.matrices:
            counts[matrix.kind] += matrix.parameters
        return counts


_Part = tuple[Kind, str, int, int]  # of one layer: kind, name, outputs, inputs


class _Layers:
    """Collects the parts of layers."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.count: int = fields["num_hidden_layers"]
        self.width: int = fields["hidden_size"]
        self._parts: Counter[_Part] = Counter()
        self._attention_width = self._mlp_width = 0
        self._experts, self._active = 1, 1
        self.streams = 1

    def add(self, kind: Kind, name: str, outputs: int, inputs: int, count: int = 1) -> None:
        if outputs and inputs and count:
            self._parts[kind, name, outputs, inputs] += count

    def structure(self) -> Structure:
        matrices = tuple(Matrix(*part, count) for part, count in self._parts.items())
        widths = self._attention_width, self._mlp_width
        return Structure(matrices, self._experts, self._active, self.count, *widths, self.streams)

    def attention(
        self,
        head_size: int | None = None,
        key_value_heads: int | None = None,
        *,
        gated: bool = False,
        fused: bool = False,
        out: str = "o_proj",
    ) -> None:
        """Softmax attention with grouped queries. gated: queries carry a gate as wide as they are (Qwen3-Next)."""
        heads = self.fields["num_attention_heads"]
        size = head_size or head_size_of(self.fields)
        queries, keys = heads * size, (key_value_heads or key_value_heads_of(self.fields)) * size
        if fused:
            self.add("linear", "qkv_proj", queries + 2 * keys, self.width)
        else:
            self.add("linear", "q_proj", queries * (2 if gated else 1), self.width)
            self.add("linear", "k_proj", keys, self.width)
            self.add("linear", "v_proj", keys, self.width)
        self.close_attention(queries, out)

    def close_attention(self, queries: int, out: str = "o_proj") -> None:
        """What leads back from heads that are so wide together."""
        self.add("linear", out, self.width, queries)
        self.widen_attention(queries)

    def widen_attention(self, queries: int) -> None:
        """Queries so wide attend to all tokens, or as many fewer as the others see of them."""
        self._attention_width += queries

    def latent_attention(self) -> None:
        """Keys and values, and queries where `q_lora_rank` says so, from a narrow latent (DeepSeek-V2 and later)."""
        fields, heads = self.fields, self.fields["num_attention_heads"]
        rope, plain, value = fields["qk_rope_head_dim"], fields["qk_nope_head_dim"], fields["v_head_dim"]
        if narrow := fields.get("q_lora_rank"):
            self.add("linear", "q_a_proj", narrow, self.width)
            self.add("linear", "q_b_proj", heads * (plain + rope), narrow)
        else:
            self.add("linear", "q_proj", heads * (plain + rope), self.width)
        self.add("linear", "kv_a_proj_with_mqa", fields["kv_lora_rank"] + rope, self.width)
        self.add("linear", "kv_b_proj", heads * (plain + value), fields["kv_lora_rank"])
        self.add("linear", "o_proj", self.width, heads * value)
        self._attention_width += heads * (plain + rope + value) // 2

    def gated_delta(self, *, joined: bool) -> None:
        """Linear attention of Qwen3-Next (joined: two projections) and Qwen3.5 (four)."""
        fields = self.fields
        keys = fields["linear_num_key_heads"] * fields["linear_key_head_dim"]
        heads = fields["linear_num_value_heads"]
        values = heads * fields["linear_value_head_dim"]
        if joined:
            self.add("linear", "in_proj_qkvz", 2 * keys + 2 * values, self.width)
            self.add("linear", "in_proj_ba", 2 * heads, self.width)
        else:
            self.add("linear", "in_proj_qkv", 2 * keys + values, self.width)
            self.add("linear", "in_proj_z", values, self.width)
            self.add("linear", "in_proj_b", heads, self.width)
            self.add("linear", "in_proj_a", heads, self.width)
        self.add("linear", "out_proj", self.width, values)
        self.add("other", "conv1d", 2 * keys + values, fields.get("linear_conv_kernel_dim") or 4)

    def mamba(self, heads: int, head_size: int, groups: int, state: int, kernel: int) -> None:
        """A Mamba-2 mixer."""
        inner = heads * head_size
        self.add("linear", "in_proj", 2 * inner + 2 * groups * state + heads, self.width)
        self.add("linear", "out_proj", self.width, inner)
        self.add("other", "conv1d", inner + 2 * groups * state, kernel)

    def mlp(
        self,
        inner: int,
        *,
        fused: str = "",
        gate: str = "gate_proj",
        up: str = "up_proj",
        down: str = "down_proj",
        gated: bool = True,
    ) -> None:
        """An MLP. fused: the name of gate and up in one."""
        if fused:
            self.add("linear", fused, 2 * inner, self.width)
        else:
            self.add("linear", gate, inner if gated else 0, self.width)
            self.add("linear", up, inner, self.width)
        self.add("linear", down, self.width, inner)
        self._mlp_width += inner

    def mixture(self, layer: int, sparse: set[int], inner: int) -> None:
        """Experts so wide, and those that are shared, in one of the sparse layers; in another a dense MLP."""
        if layer in sparse:
            self.experts(_experts_of(self.fields), _active_of(self.fields), inner)
            if shared := _shared_experts(self.fields):
                self.mlp(shared * inner)
        else:
            self.mlp(self.fields["intermediate_size"])

    def experts(self, count: int, active: int, inner: int, router: Kind = "router", *, gated: bool = True) -> None:
        """Experts in one stack, and what chooses them."""
        self.add("expert", "gate_up_proj" if gated else "up_proj", (2 if gated else 1) * inner, self.width, count)
        self.add("expert", "down_proj", self.width, inner, count)
        if not 1 <= active <= count:
            raise ValueError(f"experts: expected 1 to {count} of {count} for each token, found {active}")
        self.add(router, "gate", count, self.width)
        self._experts, self._active = count, active
        self._mlp_width += active * inner


_LARGEST = 10_000_000
_MOST_LAYERS = 1_000
# Fields that count or measure, with the least that they may be.
_LEAST: Mapping[str, int] = dict.fromkeys(
    (
        *("num_hidden_layers", "hidden_size", "vocab_size", "num_attention_heads", "num_key_value_heads", "head_dim"),
        *("intermediate_size", "intermediate_size_mlp", "max_position_embeddings", "kv_lora_rank", "q_lora_rank"),
        *("qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim", "linear_num_key_heads", "linear_num_value_heads"),
        *("linear_key_head_dim", "linear_value_head_dim", "mamba_n_heads", "mamba_num_heads", "mamba_head_dim"),
        *("block_ff_dim", "block_multiple_of", "conv_L_cache", "o_groups", "o_lora_rank"),
        *("global_head_dim", "num_global_key_value_heads", "full_attention_interval", "interleave_moe_layer_step"),
    ),
    1,
) | dict.fromkeys(
    (
        *("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts", "num_experts_per_tok", "moe_k"),
        *("n_shared_experts", "num_shared_experts", "moe_num_shared_experts", "first_k_dense_replace"),
        *("moe_intermediate_size", "shared_expert_intermediate_size", "shared_intermediate_size"),
        *("index_n_heads", "index_head_dim", "hc_mult"),
        *("num_kv_shared_layers", "hidden_size_per_layer_input", "top_k_experts", "moe_layer_start_index"),
    ),
    0,
)


def check_fields(fields: Fields) -> None:
    """Insist that counts and sizes are such, before a reader computes with them.

    Raises:
        ValueError: one is not; says what was expected. KeyError: the `model_type` is missing.
    """
    if not isinstance(fields, Mapping):
        raise ValueError(f"expected an object of fields, found {type(fields).__name__}")
    if not isinstance(fields["model_type"], str):
        raise ValueError(f"model_type: expected a name, found {fields['model_type']!r}")
    for name, least in _LEAST.items():
        value = fields.get(name)
        if value is not None and (type(value) is not int or not least <= value <= _LARGEST):
            raise ValueError(f"{name}: expected a whole number from {least} to {_LARGEST:,}, found {value!r}")
    layers = fields.get("num_hidden_layers")
    if layers is not None and layers > _MOST_LAYERS:
        raise ValueError(f"num_hidden_layers: expected up to {_MOST_LAYERS:,}, found {layers:,}")
    for name in ("layer_types", "layers_block_type", "mlp_layer_types"):
        kinds = fields.get(name)
        if kinds is not None and (not isinstance(kinds, list) or (layers is not None and len(kinds) != layers)):
            raise ValueError(f"{name}: expected a list with a kind for each of {layers} layers")
    for name in ("per_layer_config", "linear_attn_config"):
        if fields.get(name) is not None and not isinstance(fields[name], Mapping):
            raise ValueError(f"{name}: expected an object, found {type(fields[name]).__name__}")
    pattern = fields.get("hybrid_override_pattern")
    if pattern is not None and (not isinstance(pattern, str) or set(pattern) - set(_NEMOTRON)):
        raise ValueError(f"hybrid_override_pattern: expected letters of {''.join(_NEMOTRON)}, found {pattern!r}")


def head_size_of(fields: Fields) -> int:
    """Of queries, keys and values."""
    return int(fields.get("head_dim") or fields["hidden_size"] // fields["num_attention_heads"])


def inner_size_of(fields: Fields) -> int:
    """Of the feed-forward network, as it is told; LFM2 has a name of its own for it."""
    return int(fields.get("block_ff_dim") or fields["intermediate_size"])


def key_value_heads_of(fields: Fields) -> int:
    """As many as of queries unless they are fewer."""
    return int(fields.get("num_key_value_heads") or fields["num_attention_heads"])


def other_tables(reader: str, fields: Fields) -> int:
    """Parameters of embedding tables besides that of the tokens: Gemma 4's of each layer."""
    if reader != "gemma4":
        return 0
    per_layer = fields.get("hidden_size_per_layer_input", 256) or 0
    return int(
        (fields.get("vocab_size_per_layer_input") or fields["vocab_size"]) * fields["num_hidden_layers"] * per_layer
    )


def _dense(fields: Fields, *, has_fused_attention: bool = False, fused_mlp: str = "") -> Structure:
    layers = _Layers(fields)
    for _ in range(layers.count):
        layers.attention(fused=has_fused_attention)
        layers.mlp(fields["intermediate_size"], fused=fused_mlp)
    return layers.structure()


def _first_qwen(fields: Fields) -> Structure:
    """Its `intermediate_size` counts the gate and the other half together."""
    return _dense({**fields, "intermediate_size": fields["intermediate_size"] // 2})


def _mixture(fields: Fields) -> Structure:
    """Mixtral, Qwen3-MoE, gpt-oss, GLM-4.5, MiniMax-M2, ERNIE 4.5: some layers dense, shared experts or none."""
    layers = _Layers(fields)
    sparse, inner = _sparse_layers(fields), fields.get("moe_intermediate_size") or fields["intermediate_size"]
    for layer in range(layers.count):
        layers.attention()
        layers.mixture(layer, sparse, inner)
    return layers.structure()


def _mistral3(fields: Fields) -> Structure:
    """Dense (Ministral 3), or with latent attention and experts (Mistral Small 4): the whole has one type."""
    return _latent_mixture(fields) if fields.get("n_routed_experts") else _dense(fields)


def _latent_mixture(fields: Fields) -> Structure:
    """DeepSeek-V3, Kimi-K2, GLM-4.7-Flash, the text model of Mistral Small 4."""
    layers = _Layers(fields)
    sparse, inner = _sparse_layers(fields), fields["moe_intermediate_size"]
    for layer in range(layers.count):
        layers.latent_attention()
        layers.mixture(layer, sparse, inner)
    return layers.structure()


def _deepseek_v4(fields: Fields) -> Structure:
    """One head of keys and values, further tokens by what is compressed of them; every layer has experts."""
    layers = _Layers(fields)
    layers.streams = streams = int(fields.get("hc_mult") or 4)
    ratios = fields.get("compress_ratios") or list(map(_RATIOS.__getitem__, _v4_layer_types(fields)))
    for ratio in ratios[: layers.count]:
        _compressed_attention(layers, int(ratio))
        layers.experts(_experts_of(fields), _active_of(fields), fields["moe_intermediate_size"])
        layers.mlp(_shared_experts(fields) * fields["moe_intermediate_size"])
        layers.add("router", "hyper_connection", (2 + streams) * streams, streams * layers.width, 2)
    return layers.structure()


_RATIOS = {"sliding_attention": 0, "compressed_sparse_attention": 4, "heavily_compressed_attention": 128}


def _v4_layer_types(fields: Fields) -> Iterable[str]:
    given: Iterable[str] | None = fields.get("layer_types")
    return given or [
        "compressed_sparse_attention" if layer > 1 and layer % 2 else "heavily_compressed_attention"
        for layer in range(fields["num_hidden_layers"])
    ]


def _compressed_attention(layers: _Layers, ratio: int) -> None:
    """Names from the layer on, for those of the compressor and its index end alike."""
    fields, size, narrow = layers.fields, head_size_of(layers.fields), layers.fields["q_lora_rank"]
    queries = fields["num_attention_heads"] * size
    layers.add("linear", "self_attn.q_a_proj", narrow, layers.width)
    layers.add("linear", "self_attn.q_b_proj", queries, narrow)
    layers.add("linear", "self_attn.kv_proj", size, layers.width)
    outputs = fields["o_groups"] * fields["o_lora_rank"]
    layers.add("linear", "self_attn.o_a_proj", outputs, queries // fields["o_groups"])  # of each group its own part
    layers.add("linear", "self_attn.o_b_proj", layers.width, outputs)
    if ratio:
        layers.widen_attention(queries // ratio)
        layers.add("linear", "compressor", size if ratio > 4 else 2 * size, layers.width, 2)
    if ratio == 4:
        heads, width = fields["index_n_heads"], fields["index_head_dim"]
        layers.add("linear", "indexer.kv_proj", 2 * width, layers.width, 2)
        layers.add("linear", "indexer.q_b_proj", heads * width, narrow)
        layers.add("linear", "indexer.weights_proj", heads, layers.width)


def _lfm2(fields: Fields) -> Structure:
    """Some layers attend, the others are short convolutions between two gates."""
    layers = _Layers(fields)
    attending = fields.get("full_attn_idxs")
    kinds = fields.get("layer_types") or [
        "full_attention" if attending is None or layer in attending else "conv" for layer in range(layers.count)
    ]
    for kind in kinds:
        if kind == "full_attention":
            layers.attention(out="out_proj")
        else:
            layers.add("linear", "in_proj", 3 * layers.width, layers.width)
            layers.add("linear", "out_proj", layers.width, layers.width)
            layers.add("other", "conv", layers.width, int(fields.get("conv_L_cache") or 3))
        layers.mlp(_lfm2_inner(fields), gate="w1", up="w3", down="w2")
    return layers.structure()


def _lfm2_inner(fields: Fields) -> int:
    """Two thirds of what is told, rounded up, unless it is told as it is."""
    inner = inner_size_of(fields)
    if not fields.get("block_auto_adjust_ff_dim", True):
        return inner
    step = int(fields.get("block_multiple_of") or 256)
    adjusted = int((fields.get("block_ffn_dim_multiplier") or 1.0) * int(2 * inner / 3))
    return -(-adjusted // step) * step


def _hybrid_qwen(fields: Fields, *, joined: bool) -> Structure:
    layers = _Layers(fields)
    kinds = _layer_types(fields, int(fields.get("full_attention_interval") or 4))
    experts, sparse = int(fields.get("num_experts") or 0), _sparse_layers(fields)
    for layer, kind in enumerate(kinds):
        if kind == "full_attention":
            layers.attention(gated=True)
        else:
            layers.gated_delta(joined=joined)
        if experts and layer in sparse:
            layers.experts(experts, _active_of(fields), fields["moe_intermediate_size"])
            layers.mlp(fields["shared_expert_intermediate_size"])
            layers.add("gate", "shared_expert_gate", 1, layers.width)
        else:
            layers.mlp(fields["intermediate_size"])
    return layers.structure()


def _llama4(fields: Fields) -> Structure:
    layers = _Layers(fields)
    step = int(fields.get("interleave_moe_layer_step") or 1)
    sparse = set(fields.get("moe_layers") or range(step - 1, layers.count, step))
    for layer in range(layers.count):
        layers.attention()
        if layer in sparse:
            layers.experts(_experts_of(fields), _active_of(fields), fields["intermediate_size"])
            layers.mlp(fields["intermediate_size"])  # shared
        else:
            layers.mlp(fields["intermediate_size_mlp"])
    return layers.structure()


def _granite_hybrid(fields: Fields) -> Structure:
    layers = _Layers(fields)
    heads = int(fields.get("mamba_n_heads") or 1)
    size = (fields.get("mamba_expand") or 2) * layers.width // heads
    groups, state = fields.get("mamba_n_groups") or 1, fields.get("mamba_d_state") or 0
    kinds = fields.get("layer_types") or fields.get("layers_block_type") or ["mamba"] * layers.count
    for kind in kinds:
        if kind in ("attention", "full_attention"):
            layers.attention()
        else:
            layers.mamba(heads, size, groups, state, fields.get("mamba_d_conv") or 4)
        if experts := fields.get("num_local_experts"):
            layers.experts(experts, fields["num_experts_per_tok"], fields["intermediate_size"])
        layers.mlp(fields["shared_intermediate_size"], fused="input_linear", down="output_linear")
    return layers.structure()


_NEMOTRON = {"M": "mamba", "*": "attention", "-": "mlp", "E": "moe"}


def _nemotron_h(fields: Fields) -> Structure:
    """Each layer is one of mixer, attention, MLP, experts; neither MLP nor experts have a gate."""
    kinds = fields.get("layers_block_type") or [_NEMOTRON[letter] for letter in fields["hybrid_override_pattern"]]
    layers = _Layers({**fields, "num_hidden_layers": len(kinds)})
    latent = fields.get("moe_latent_size")
    for kind in kinds:
        if kind in ("mamba", "linear_attention"):
            layers.mamba(
                fields["mamba_num_heads"],
                fields["mamba_head_dim"],
                fields["n_groups"],
                fields["ssm_state_size"],
                fields.get("conv_kernel") or 4,
            )
        elif kind in ("attention", "full_attention"):
            layers.attention()
        elif kind == "mlp":
            layers.mlp(fields["intermediate_size"], gated=False)
        else:
            if latent:
                raise KeyError("experts without moe_latent_size")
            layers.experts(
                fields["n_routed_experts"], fields["num_experts_per_tok"], fields["moe_intermediate_size"], gated=False
            )
            layers.mlp(fields["moe_shared_expert_intermediate_size"], gated=False)
    return layers.structure()


def _gemma4(fields: Fields) -> Structure:
    layers = _Layers(fields)
    kinds = fields.get("layer_types") or [
        "sliding_attention" if (layer + 1) % 6 else "full_attention" for layer in range(layers.count)
    ]
    first_shared = layers.count - int(fields.get("num_kv_shared_layers") or 0)
    per_layer = int(fields.get("hidden_size_per_layer_input", 256) or 0)
    for layer, kind in enumerate(kinds):
        is_global, is_sharing = kind == "full_attention" or layer == layers.count - 1, layer >= first_shared
        own = (fields.get("per_layer_config") or {}).get(str(layer))
        _gemma4_attention(layers, own, is_global=is_global, is_sharing=is_sharing)
        layers.mlp(fields["intermediate_size"] * (2 if is_sharing and fields.get("use_double_wide_mlp") else 1))
        layers.add("linear", "per_layer_input_gate", per_layer, layers.width)
        layers.add("linear", "per_layer_projection", layers.width, per_layer)
        if fields.get("enable_moe_block"):
            layers.experts(fields["num_experts"], fields["top_k_experts"], fields["moe_intermediate_size"], "gate")
    layers.add("gate", "per_layer_model_projection", layers.count * per_layer, layers.width)
    return layers.structure()


def _gemma4_attention(layers: _Layers, own: Fields | None, *, is_global: bool, is_sharing: bool) -> None:
    """Global layers have wider heads; keys serve as values in some; sharing layers use those of another layer.

    own: fields of this layer alone, as newer versions of Transformers write what older ones call `global_…`.
    """
    fields = layers.fields
    is_one = bool(fields.get("attention_k_eq_v")) and is_global
    heads, size = key_value_heads_of(fields), head_size_of(fields)
    if own is not None:
        heads, size = own.get("num_key_value_heads") or heads, own.get("head_dim") or size
    elif is_global:
        size = int(fields.get("global_head_dim") or 512)
        heads = int((is_one and fields.get("num_global_key_value_heads")) or heads)
    queries = fields["num_attention_heads"] * size
    layers.add("linear", "q_proj", queries, layers.width)
    if not is_sharing:
        layers.add("linear", "k_proj", heads * size, layers.width)
        layers.add("linear", "v_proj", 0 if is_one else heads * size, layers.width)
    layers.close_attention(queries)


def _kimi_linear(fields: Fields) -> Structure:
    layers = _Layers(fields)
    own = fields.get("linear_attn_config") or {}
    full = {layer - 1 for layer in own.get("full_attn_layers", ())}
    kinds = fields.get("layer_types") or [
        "full_attention" if (layer in full if own else layer and layer % 4 == 0) else "linear_attention"
        for layer in range(layers.count)
    ]
    size = own.get("head_dim") or fields.get("linear_head_dim") or 128
    heads = own.get("num_heads") or fields.get("linear_num_heads") or 32
    sparse, inner = _sparse_layers({"first_k_dense_replace": 1, **fields}), fields["moe_intermediate_size"]
    for layer, kind in enumerate(kinds):
        if kind == "full_attention":
            layers.latent_attention()
        else:
            _kimi_delta(layers, heads, size, own.get("short_conv_kernel_size") or 4)
        layers.mixture(layer, sparse, inner)
    return layers.structure()


def _kimi_delta(layers: _Layers, heads: int, size: int, kernel: int) -> None:
    values = heads * size
    for name in ("q_proj", "k_proj", "v_proj"):
        layers.add("linear", name, values, layers.width)
    for name in ("f", "g"):
        layers.add("linear", f"{name}_a_proj", size, layers.width)
        layers.add("linear", f"{name}_b_proj", values, size)
    layers.add("linear", "b_proj", heads, layers.width)
    layers.add("linear", "o_proj", layers.width, values)
    layers.add("other", "conv1d", 3 * values, kernel)


def _layer_types(fields: Fields, interval: int) -> Iterable[str]:
    given: Iterable[str] | None = fields.get("layer_types")
    return given or [
        "full_attention" if (layer + 1) % interval == 0 else "linear_attention"
        for layer in range(fields["num_hidden_layers"])
    ]


def _sparse_layers(fields: Fields) -> set[int]:
    """Layers with experts; the names of the fields are those of many families."""
    return set(_sparse(fields, fields["num_hidden_layers"]))


def _sparse(fields: Fields, count: int) -> Iterator[int]:
    if kinds := fields.get("mlp_layer_types"):
        yield from (layer for layer, kind in enumerate(kinds) if kind == "sparse")
        return
    first = int(fields.get("first_k_dense_replace") or fields.get("moe_layer_start_index") or 0)
    last = int(fields.get("moe_layer_end_index") or -1)
    step = int(fields.get("decoder_sparse_step") or fields.get("moe_layer_interval") or 1)
    dense = set(fields.get("mlp_only_layers") or ())
    for layer in range(first, count if last < 0 else last + 1):
        if (layer + 1) % step == 0 and layer not in dense:
            yield layer


# The same thing is called differently by the families; the first of the names that says something counts.
def _experts_of(fields: Fields) -> int:
    count = _first(fields, "num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
    if not count:
        raise KeyError("num_experts")
    return count


def _active_of(fields: Fields) -> int:
    count = _first(fields, "num_experts_per_tok", "num_experts_per_token", "moe_k")
    if not count:
        raise KeyError("num_experts_per_tok")
    return count


def _shared_experts(fields: Fields) -> int:
    return _first(fields, "n_shared_experts", "num_shared_experts", "moe_num_shared_experts")


def _first(fields: Fields, *names: str) -> int:
    return next((int(fields[name]) for name in names if fields.get(name)), 0)


READERS: Mapping[str, Callable[[Fields], Structure]] = {
    "dense": _dense,
    "qwen": _first_qwen,
    "phi3": partial(_dense, has_fused_attention=True, fused_mlp="gate_up_proj"),
    "glm4": partial(_dense, fused_mlp="gate_up_proj"),
    "mixture": _mixture,
    "latent-mixture": _latent_mixture,
    "mistral3": _mistral3,
    "deepseek_v4": _deepseek_v4,
    "lfm2": _lfm2,
    "qwen3_next": partial(_hybrid_qwen, joined=True),
    "qwen3_5": partial(_hybrid_qwen, joined=False),
    "llama4": _llama4,
    "granite-hybrid": _granite_hybrid,
    "nemotron_h": _nemotron_h,
    "gemma4": _gemma4,
    "kimi_linear": _kimi_linear,
}
"""How the fields are read, by what families call it (`reader`)."""
