"""Makes a random two-layer Llama with a tokenizer trained in place: `python tiny_model.py FOLDER`.

Three times, with another chat template: `marked` says which tokens are the assistant's, `unmarked` does not, `none`.
Runs in the trainers' environment; nothing is downloaded.
"""

import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SPECIAL = ["<pad>", "<s>", "</s>", "<|user|>", "<|assistant|>", "<|system|>", "<|tool|>"]
TEXT = ["Question how bread keeps in town? Answer rain maps tea stars paint, it will be 12 degrees."] * 50
TEMPLATE = (
    "{{% for message in messages %}}<|{{{{ message['role'] }}}}|>"
    "{{% if message['role'] == 'assistant' %}}{begin}{{{{ message['content'] }}}}"
    "{{% for call in message['tool_calls'] or [] %}}{{{{ call['function']['arguments'] | tojson }}}}{{% endfor %}}"
    "</s>{end}{{% else %}}{{{{ message['content'] }}}}</s>{{% endif %}}{{% endfor %}}"
    "{{% if add_generation_prompt %}}<|assistant|>{{% endif %}}"
)


def main() -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIAL, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(TEXT, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(fast),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    model = LlamaForCausalLM(config)
    marks = ("{% generation %}", "{% endgeneration %}")
    for name, (begin, end) in {"marked": marks, "unmarked": ("", "")}.items():
        fast.chat_template = TEMPLATE.format(begin=begin, end=end)
        save(model, fast, Path(sys.argv[1]) / name)
    fast.chat_template = None
    save(model, fast, Path(sys.argv[1]) / "none")


def save(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


main()
