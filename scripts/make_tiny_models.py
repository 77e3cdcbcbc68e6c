"""Write two random-initialised Qwen2 models that vLLM can serve on a CPU.

    python scripts/make_tiny_models.py FOLDER

They say nothing sensible; what counts is that a real engine batches them. The tokenizer is a
byte-level BPE trained on this project's own text. Runs in the environment of scripts/vllm_cpu.sh.
"""

import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM
from transformers.utils import logging

VOCABULARY = 4096
LENGTH = 2048
SEED = 0
# name -> layers, hidden size
SIZES = {"tiny": (4, 256), "small": (12, 512)}
CHAT = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
SPECIAL = ["<|end|>", "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>"]


def main(folder: Path) -> None:
    """Make what is not there yet."""
    missing = [name for name in SIZES if not (folder / name / "config.json").exists()]
    if not missing:
        return
    logging.disable_progress_bar()
    tokenizer = train_tokenizer(Path(__file__).resolve().parents[1])
    for name in missing:
        layers, hidden = SIZES[name]
        make_model(layers, hidden, tokenizer).save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
        print(f"{folder / name}: qwen2 {layers} x {hidden}, random")


def train_tokenizer(root: Path) -> PreTrainedTokenizerFast:
    """Train a byte-level BPE on the project's sources and documents."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = sorted([root / "README.md", root / "LICENSE", *(root / "pipeline").rglob("*.py")])
    tokenizer.train_from_iterator([text.read_text(encoding="utf-8") for text in texts], trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|pad|>"
    )
    fast.chat_template = CHAT
    fast.model_max_length = LENGTH
    return fast


def make_model(layers: int, hidden: int, tokenizer: PreTrainedTokenizerFast) -> Qwen2ForCausalLM:
    """Draw the weights from one seed."""
    torch.manual_seed(SEED)
    config = Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=hidden,
        intermediate_size=4 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 64,
        num_key_value_heads=hidden // 64,
        max_position_embeddings=LENGTH,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return Qwen2ForCausalLM(config).to(torch.bfloat16)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
