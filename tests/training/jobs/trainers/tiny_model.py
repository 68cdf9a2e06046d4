"""Makes a random two-layer Llama with a tokenizer trained in place: `python tiny_model.py FOLDER [--no-marks]`.

Runs in the trainers' environment; nothing is downloaded. --no-marks: a chat template that does not say which tokens
are the assistant's.
"""

import sys

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
    folder, has_marks = sys.argv[1], "--no-marks" not in sys.argv
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIAL, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(TEXT, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>")
    begin, end = ("{% generation %}", "{% endgeneration %}") if has_marks else ("", "")
    fast.chat_template = TEMPLATE.format(begin=begin, end=end)
    fast.save_pretrained(folder)
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
    LlamaForCausalLM(config).save_pretrained(folder)


main()
