"""Serves a tiny model of random weights as llama.cpp does, until its input ends; prints its address.

A program of the environment `.venv-llm` (`tests/install_llm.sh`), with nothing of ours: `serve_tiny_model.py FOLDER`.
Its words make no sense, but they come out of the real server, one by one, and a schema's grammar makes them valid.
There is a token for each ASCII character and for some words, and none for a byte: no text of it is broken UTF-8.
"""

import string
import sys
from pathlib import Path

import gguf
import numpy
import xllamacpp

_WIDTH, _LAYERS, _HEADS, _INNER, _CONTEXT = 64, 2, 4, 128, 4_096
_SLOTS = 4
_WORDS = "the and you what how why budget saving fear hope plan feel".split()
# What llama.cpp would take from the model's file: a turn a line, whoever speaks.
_TEMPLATE = "{% for each in messages %}{{ each['role'] }}: {{ each['content'] }}\n{% endfor %}assistant:"


def write_model(path: Path) -> None:
    """A llama of 0.4 MB, always the same."""
    tokens, scores, kinds = _vocabulary()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(_CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template(_TEMPLATE)
    random = numpy.random.default_rng(1)

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(name, (random.standard_normal(shape) * 0.3).astype(numpy.float32))

    add("token_embd.weight", len(tokens), _WIDTH)
    add("output.weight", len(tokens), _WIDTH)
    writer.add_tensor("output_norm.weight", numpy.ones(_WIDTH, numpy.float32))
    for layer in range(_LAYERS):
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{norm}.weight", numpy.ones(_WIDTH, numpy.float32))
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{layer}.{name}.weight", _WIDTH, _WIDTH)
        add(f"blk.{layer}.ffn_gate.weight", _INNER, _WIDTH)
        add(f"blk.{layer}.ffn_up.weight", _INNER, _WIDTH)
        add(f"blk.{layer}.ffn_down.weight", _WIDTH, _INNER)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _vocabulary() -> tuple[list[str], list[float], list[int]]:
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    characters = [each for each in string.printable if each not in " \r\x0b\x0c"]
    words = [f"▁{word}" for word in _WORDS]
    parts = sorted({word[:end] for word in words for end in range(2, len(word))})
    plain = ["▁", *characters, *parts, *words]
    tokens = ["<unk>", "<s>", "</s>", *plain]
    kinds = [gguf.TokenType.UNKNOWN, control, control, *[normal] * len(plain)]
    return tokens, [-float(number) for number in range(len(tokens))], [int(kind) for kind in kinds]


def main() -> None:
    path = Path(sys.argv[1]) / "tiny.gguf"
    write_model(path)
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx = _CONTEXT
    parameters.n_parallel = _SLOTS
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.warmup = False
    parameters.port = 0
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
